"""The ``ddsp-edge`` command: one file a subcommand, imported only when it is called."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

from ddsp_edge.cli.commands import COMMANDS, overview
from ddsp_edge.cli.parser import parser_of
from ddsp_edge.errors import UserError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code: 0, 1 (not all well), 2 (bad input)."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a name shows its codes
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in words if word in COMMANDS), "")
    try:
        if words in ([], ["help"]):
            print(overview())
            return 0
        with _interrupts_kept():
            args = parser_of(command).parse_args(words)
            code = int(args.run(args))
        sys.stdout.flush()
        return code
    except SystemExit as stop:  # --help, --version
        return int(stop.code or 0)
    except UserError as error:
        return _refuse(str(error))
    except KeyboardInterrupt as stopped:  # some say how to go on
        print(f"ddsp-edge: {str(stopped) or 'stopped'}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (head, less) has gone; nothing more can be said, nor must Python try.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a folder that may not be read, ...
        where = f"{error.filename}: " if error.filename else ""
        return _refuse(f"{where}{error.strerror or error}")
    except MemoryError:
        return _refuse("not enough memory; cut the input into pieces")


@contextlib.contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Raise KeyboardInterrupt also where Ctrl-C came while an extension module was imported, which
    makes an ImportError of it (numpy does)."""
    came = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if ours:
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    except ImportError as error:
        if came:
            raise KeyboardInterrupt from error
        raise
    finally:
        if ours and signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _refuse(reason: str) -> int:
    line = " ".join(reason.split())
    print(f"ddsp-edge: error: {line}", file=sys.stderr)
    return 2
