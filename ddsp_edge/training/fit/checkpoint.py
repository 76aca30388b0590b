"""The one file that a training run goes on from, replaced all or nothing."""

from __future__ import annotations

import io
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import replacing


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint, safe against a power cut (sync, rename). Raises UserError."""
    whole = io.BytesIO()  # a full disk under torch's own writes is an error of its C++
    torch.save(state, whole)
    with replacing(path) as stream:
        stream.write(whole.getbuffer())


def load(path: Path, key: str) -> dict[str, Any]:
    """Read what :func:`save` wrote, to the CPU. Raises UserError: damaged or of another ``key``."""
    try:
        saved: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        matches = saved["key"] == key
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path}: cannot be read ({reason}); start again with --fresh") from None
    if not matches:
        raise UserError(
            f"{path}: was made with {_differences(saved['key'], key)}; give that again, or choose "
            "another --work folder, or start again with --fresh"
        )
    return saved


def _differences(before: str, now: str) -> str:
    """What of a run is different, by its options where these tell it.

    Both are keys of a :class:`~ddsp_edge.training.fit.trainer.Trainer`.
    """
    try:
        (plan, _, profile, data), (new_plan, _, new_profile, new_data) = (
            json.loads(before),
            json.loads(now),
        )
        found = [
            f"--{name.replace('_', '-')} {plan[name]!r} (now {new_plan.get(name)!r})"
            for name in plan
            if plan[name] != new_plan.get(name)
        ]
        if profile["name"] != new_profile["name"]:
            found.append(f"--profile {profile['name']} (now {new_profile['name']})")
        elif data != new_data and not found:
            found.append("other recordings, or another range of pitches")
    except (ValueError, TypeError, KeyError, AttributeError):  # an older version's
        found = []
    return ", ".join(found) or "another version of this program, or other options"


class Stop:
    """Whether someone asked to stop; true as a condition."""

    asked: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.asked is not None


@contextmanager
def stopping_softly() -> Iterator[Stop]:
    """Ctrl-C and SIGTERM only set the flag, so that a step is never cut in half.

    A second Ctrl-C is an ordinary one. Outside the main thread nothing is caught.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, _: FrameType | None) -> None:
        stop.asked = signal.Signals(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
