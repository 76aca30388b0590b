"""``-`` as a file: the standard input as a source, the standard output as a target."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.midi.file import MAGIC_BYTES, is_midi_data
from ddsp_edge.system.atomic_files import temporary_folder
from ddsp_edge.system.audio_file import knows_header
from ddsp_edge.system.audio_kinds import begins_like_audio

#: An hour of 24-bit stereo at 96 kHz has 2.1 GB.
MOST_BYTES = 1 << 32
_PIECE = 1 << 20


@contextlib.contextmanager
def standard_input() -> Iterator[Path]:
    """Provide a file with the whole standard input while the block runs. Raises UserError."""
    stream = sys.stdin.buffer
    if sys.stdin.isatty():
        raise UserError("-: the input is a terminal; pipe an audio or MIDI file into it")
    with temporary_folder("-") as folder:
        path = folder / "standard-input"
        size = 0
        with path.open("wb") as file:
            while piece := stream.read(_PIECE):
                size += len(piece)
                if size > MOST_BYTES:
                    raise UserError(f"-: more than {MOST_BYTES >> 30} GB; cut it into pieces")
                file.write(piece)
                if size == _PIECE:  # the first, and more may come
                    file.flush()
                    _check_begin(path, piece)
        yield path


def _check_begin(path: Path, piece: bytes) -> None:
    """Refuse what begins like no file that is read: /dev/zero has no end. Raises UserError."""
    if is_midi_data(piece[:MAGIC_BYTES]) or begins_like_audio(path) or knows_header(path):
        return
    raise UserError("-: cannot be read as audio (nothing in it is sound); pipe a wav, flac, ...")


@contextlib.contextmanager
def standard_output() -> Iterator[Path]:
    """A path for a wav file, which goes to the standard output when the block has ended well.

    Raises UserError.
    """
    if sys.stdout.isatty():
        raise UserError("-: the output is a terminal; send it into a file or a program: > out.wav")
    with temporary_folder("-") as folder:
        path = folder / "standard-output.wav"
        yield path
        with path.open("rb") as file:
            try:
                shutil.copyfileobj(file, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                raise UserError(f"-: cannot be written ({error.strerror})") from None
