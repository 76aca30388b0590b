"""A model is tried in a process of its own: what crashes, hangs or eats memory there harms nobody.

The check of the file (:mod:`ddsp_edge.tflite.check`) comes first; the trial plays the model over
every MIDI note and loudness with limits on memory and processor time. Models that passed are
remembered by their SHA-256, so that each is tried once on a machine and no start is slowed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

from ddsp_edge.bundles.bundle import Bundle, read_bundle
from ddsp_edge.bundles.metadata import parse_metadata
from ddsp_edge.errors import UserError
from ddsp_edge.library.folders import user_folder
from ddsp_edge.tflite.interpreter import REMEDY, Session
from ddsp_edge.tflite.runtimes import load_runtime
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES

#: The child may take so long in all, in seconds, starting Python on a slow board included.
TIMEOUT_S = 60.0
#: Of processor time, in seconds, for the model alone.
LIMIT_CPU_S = 20
#: Beyond what the child has mapped once the runtime is loaded.
LIMIT_BYTES = 512 << 20
#: Every MIDI note at these loudnesses (pw_scaled: 0 is silence, 1 full scale; a little beyond).
LOUDNESSES = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1)
#: Frames of one held note: the state goes as far as it ever will.
HELD_FRAMES = 400
#: Raised when the checks become stricter: what older ones let pass is tried again.
CHECKS = 2
MOST_RECORDS = 512
_COMMAND = (
    "import sys; from ddsp_edge.library import sandbox; sys.exit(sandbox._child(*sys.argv[1:]))"
)
_passed: set[str] = set()  # in this process; where nothing can be written it is all there is
_lock = threading.Lock()


def try_model(path: Path | str, runtime: str | None = None, timeout_s: float = TIMEOUT_S) -> str:
    """Read the model at ``path`` and play it in a process of its own, whatever is remembered.

    Returns the runtime's name. Raises UserError that says why the model must not be used.
    """
    return try_bundle(read_bundle(path), runtime, timeout_s)


def try_bundle(bundle: Bundle, runtime: str | None = None, timeout_s: float = TIMEOUT_S) -> str:
    """As :func:`try_model`, for a bundle that was read: the very bytes that will be played."""
    where = str(bundle.path or bundle.info.name)
    info = bundle.info.to_bytes()
    command = [sys.executable, "-c", _COMMAND, where, runtime or "", str(bundle.per_channel)]
    try:
        done = subprocess.run(
            command,
            input=struct.pack("<I", len(info)) + info + bundle.model,
            capture_output=True,
            timeout=timeout_s,
            cwd=Path(__file__).resolve().parents[2],  # the child finds this very package
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"{where}: the model was still running after {timeout_s:g} s: do not use it"
        ) from None
    if done.returncode == -24:  # SIGXCPU
        raise UserError(
            f"{where}: the model was still computing after {LIMIT_CPU_S} s: do not use it"
        )
    if done.returncode < 0:
        raise UserError(
            f"{where}: the model crashes the TFLite runtime (signal {-done.returncode}): "
            "do not use it"
        )
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    lines = said.strip().splitlines() or ["no reason given"]
    if done.returncode != 0:
        raise UserError(lines[0] if done.returncode == 2 else f"{where}: {lines[-1]}")
    _remember(_key(bundle, lines[0]))
    return lines[0]


def ensure_tried(bundle: Bundle, runtime: str | None = None) -> None:
    """Try a bundle unless it has passed on this machine before. Raises UserError.

    Any thread may call it; it takes a second or two for a model that is new.
    """
    name, _ = load_runtime(runtime)
    key = _key(bundle, name)
    if key in _passed:
        return
    with _lock:  # two callers with one new model: one trial
        if key in _passed:
            return
        if any((folder / key).is_file() for folder in _record_folders()):
            _passed.add(key)
            return
        try_bundle(bundle, name)


def _key(bundle: Bundle, runtime: str) -> str:
    sums = hashlib.sha256(bundle.model)
    sums.update(bundle.info.to_bytes())
    return f"{sums.hexdigest()}-{runtime}-{CHECKS}"


def _record_folders() -> list[Path]:
    """Return the folders of records: beside the models, and in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return [user_folder() / ".tried", Path(cache).expanduser() / "ddsp-edge" / "tried"]


def _remember(key: str) -> None:
    _passed.add(key)
    beside, cache = _record_folders()
    for folder in (beside, cache) if beside.parent.is_dir() else (cache,):
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / key).touch()
            records = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
            for old in records[:-MOST_RECORDS]:
                old.unlink()
            return


def _limit() -> None:
    """Bound this process from here on; what the runtime's libraries have mapped is on top."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + LIMIT_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + LIMIT_CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _child(where: str, runtime: str, per_channel: str) -> int:
    from ddsp_edge.decoding.decoder import Decoder

    data = sys.stdin.buffer.read()
    (length,) = struct.unpack_from("<I", data)
    info, model = parse_metadata(data[4 : 4 + length]), data[4 + length :]
    bundle = Bundle(info, model, path=Path(where), per_channel=per_channel == "True")
    try:
        name, _ = load_runtime(runtime or None)
        _limit()
        _play(Session(model, INPUT_NAMES, OUTPUT_NAMES, name), where)
        Decoder(bundle, name, voices=16)  # also its tables for several voices at once
    except UserError as error:
        text = str(error).removesuffix(f"; {REMEDY}")
        print(text if text.startswith(where) else f"{where}: {text}: do not use it")
        return 2
    except MemoryError:
        print(f"{where}: the model needs more than {LIMIT_BYTES >> 20} MiB: do not use it")
        return 2
    print(name)
    return 0


def _play(session: Session, where: str) -> None:
    """Play every note at every loudness and a held note, without resetting the state."""
    pitch, loudness, state = session.inputs
    amplitude, harmonics, noise, next_state = session.outputs
    state[:] = 0.0
    frames = [(note / 127, level) for level in LOUDNESSES for note in range(128)]
    frames += [(0.5, 0.9)] * HELD_FRAMES + [(0.5, 0.0)] * (HELD_FRAMES // 4)
    faults = 0
    for number, (f0_scaled, pw_scaled) in enumerate(frames):
        pitch[:], loudness[:] = f0_scaled, pw_scaled
        session.step()
        session.check_memory()
        values = np.concatenate([amplitude[0], harmonics[0], noise[0]])
        if not (np.isfinite(values).all() and np.isfinite(next_state).all()):
            faults += 1
            state[:] = 0.0
            continue
        state[:] = next_state
        if values.min() < 0.0 or values.max() > 1000.0:
            raise UserError(
                f"{where}: frame {number} holds {values.min():g} to {values.max():g}, no sound has "
                "that: do not use it"
            )
    if faults:
        raise UserError(f"{where}: {faults} of {len(frames)} frames are not numbers: do not use it")
