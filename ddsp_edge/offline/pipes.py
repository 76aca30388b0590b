"""``-`` as a file: the standard input as a source, the standard output as a target."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ddsp_edge.errors import UserError

#: An hour of 24-bit stereo at 96 kHz has 2.1 GB.
MOST_BYTES = 1 << 32
_PIECE = 1 << 20


@contextlib.contextmanager
def standard_input() -> Iterator[Path]:
    """Provide a file with the whole standard input while the block runs. Raises UserError."""
    stream = sys.stdin.buffer
    if sys.stdin.isatty():
        raise UserError("-: the input is a terminal; pipe an audio or MIDI file into it")
    with tempfile.TemporaryDirectory(prefix="ddsp-edge-") as folder:
        path = Path(folder) / "standard-input"
        size = 0
        with path.open("wb") as file:
            while piece := stream.read(_PIECE):
                size += len(piece)
                if size > MOST_BYTES:
                    raise UserError(f"-: more than {MOST_BYTES >> 30} GB; cut it into pieces")
                file.write(piece)
        yield path


@contextlib.contextmanager
def standard_output() -> Iterator[Path]:
    """A path for a wav file, which goes to the standard output when the block has ended well.

    Raises UserError.
    """
    if sys.stdout.isatty():
        raise UserError("-: the output is a terminal; send it into a file or a program: > out.wav")
    with tempfile.TemporaryDirectory(prefix="ddsp-edge-") as folder:
        path = Path(folder) / "standard-output.wav"
        yield path
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
