"""The ``ddsp-edge`` command: one file a subcommand, imported only when it is called."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from ddsp_edge import __version__
from ddsp_edge.errors import UserError

#: Command to its line in --help; its module here has the same name.
COMMANDS = {
    "render": "play a recording or a MIDI file on a model, into a file",
    "live": "play now: sound or MIDI in, sound out",
    "analyze": "pitch and loudness of a recording, as CSV",
    "fit": "settings that move a player's range into a model's",
    "models": "list, describe or check models",
    "devices": "sound cards and MIDI ports, and which would be used; set levels",
    "bench": "measure speed",
    "doctor": "what is missing and how to mend it",
    "demo": "a sung phrase as a violin, a MIDI tune as a cello",
    "train": "train an instrument from a folder of recordings",
    # Those that talk to the engine that plays (python -m firmware_py):
    "status": "what plays now, and how it is",
    "set": "change settings of the engine that plays; without any, show them",
    "model": "play a model, cross-faded; without a name, say which one plays",
    "preset": "list, play, save or order presets",
    "bypass": "send the input straight to the output",
    "tuner": "mute and show the note until Ctrl-C",
    "freeze": "hold the sound as it is",
    "autofit": "listen, then shift the player's range into the model's",
    "learn": "map the control that you move next",
    "latency": "measure the round trip with a cable from an output to an input",
    "panic": "silence at once: every note, every tail",
    "stats": "counters and timing of every stage of the engine",
    "watch": "print the engine's events as lines of JSON until Ctrl-C",
    "control": "ask the engine anything (docs/control.md)",
    "panel-code": "the code that lets a phone use the panel",
    "sign": "sign a model with your ssh key",
    "deploy": "put a model onto devices over ssh, while they play",
    "remote": "the models and the engine of devices, over ssh",
    "provision": "make a fresh board ready over ssh",
    "receive": "take models and requests from an ssh connection (on the device)",
}


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; options are not abbreviated, so that new ones may come."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}; see: {self.prog} --help")


def _parser(command: str | None) -> Parser:
    """With the whole parser of ``command`` only; the others have their line of help."""
    parser = Parser(
        prog="ddsp-edge", description="Neural instruments: pitch and loudness in, a violin out."
    )
    parser.add_argument("--version", action="version", version=f"ddsp-edge {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, line in COMMANDS.items():
        if name == command:
            module = name.replace("-", "_")
            importlib.import_module(f"ddsp_edge.cli.{module}").add_parser(subparsers)
        else:
            subparsers.add_parser(name, help=line)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code: 0, 1 (not all well), 2 (bad input)."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show a name shows its codes
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    command = next((word for word in words if word in COMMANDS), None)
    try:
        args = _parser(command).parse_args(words)
        code = int(args.run(args))
        sys.stdout.flush()
        return code
    except SystemExit as stop:  # --help, --version
        return int(stop.code or 0)
    except UserError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        print("ddsp-edge: stopped", file=sys.stderr)
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


def _refuse(reason: str) -> int:
    line = " ".join(reason.split())
    print(f"ddsp-edge: error: {line}", file=sys.stderr)
    return 2
