"""RAUC's command line: what a bundle says once its signature is verified, and installing it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError

INFO_S = 60.0
KERNEL = re.compile(r"Linux ([A-Za-z0-9.+~_-]{1,80})$")
#: What RAUC says of a bundle that it does not take, and the sentence for it.
REFUSALS = (
    (
        r"signature verification failed|Failed to verify signature|no signer",
        "the update is not signed with the key that this box accepts; it must be made with the "
        "key of the image on its card",
    ),
    (
        r"[Ii]nvalid bundle|Signature size|not a bundle|Failed to read|squashfs|too small",
        "this is no whole update: the file was cut off, or it is another kind of file; send it "
        "again",
    ),
)
DAMAGED = "the update is damaged inside, and nothing of it is started; send it again"


@dataclass(frozen=True, slots=True)
class BundleContents:
    """What a bundle holds, as its signer said."""

    compatible: str
    version: str
    kernel: str  #: release whose modules are in it


def contents(bundle: Path, rauc: str = "rauc") -> BundleContents:
    """Verify the signature and read what the bundle says. Raises UserError."""
    command = [rauc, "info", "--output-format=json", str(bundle)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INFO_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"rauc cannot be started here ({error})") from None
    if done.returncode != 0:
        raise UserError(_refusal(done.stderr))
    try:
        told: Any = json.loads(done.stdout)
        kernel = KERNEL.search(told["description"])
        return BundleContents(
            str(told["compatible"]), str(told["version"]), kernel[1] if kernel else ""
        )
    except (ValueError, KeyError, TypeError):
        raise UserError(
            "the update says nothing about itself; make it with `make update`"
        ) from None


def install(bundle: Path, progress: Callable[[int], None], rauc: str = "rauc") -> None:
    """Write the bundle into the slot that does not run, and have it started next.

    ``progress`` hears of percents. Raises UserError: then the other slot is not to be started.
    """
    command = [rauc, "install", "--progress", str(bundle)]
    lines: list[str] = []
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines = [*lines[-50:], line.strip()]
                if found := re.search(r"(\d{1,3})%", line):
                    progress(min(100, int(found[1])))
    except OSError as error:
        raise UserError(f"rauc cannot be started here ({error.strerror})") from None
    if process.returncode != 0:
        said = "\n".join(lines)
        if re.search(r"Input/output error|verity|[Cc]hecksum|hash", said):
            raise UserError(DAMAGED)
        last = next((line for line in reversed(lines) if line), "no reason given")
        raise UserError(f"the update was not installed: {last[:200]}")


def _refusal(said: str) -> str:
    for pattern, sentence in REFUSALS:
        if re.search(pattern, said):
            return sentence
    lines = [line for line in said.splitlines() if line.strip()] or ["no reason given"]
    return f"the update cannot be read: {lines[-1][:200]}"
