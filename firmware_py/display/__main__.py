"""``ddsp-edge-display``: the box on its own display until SIGTERM; the engine need not run."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from pathlib import Path

from ddsp_edge.errors import UserError
from firmware_py.config import Config, read_config

PICTURE_SCALE = 4


def main(argv: list[str] | None = None) -> int:
    """Show until a signal comes; return the exit code: 0 also where no display is configured, 2
    after one line that says why it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="ddsp-edge-display",
        description="The box's own display and knob (docs/display.md): runs until SIGTERM.",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="PATH",
        help="config file (default: as python -m firmware_py)",
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="write what an OLED would show now as a PNG, and exit; no display is needed",
    )
    args = parser.parse_args(argv)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    os.environ.pop("RUNTIME_DIRECTORY", None)  # our own: engine and panel have others
    try:
        config = read_config(args.config)
        if args.picture is not None:
            _picture(config, args.picture)
        elif config.display.kind == "none":
            print("no display is configured; docs/display.md says how ([display] kind)")
        else:
            _run(config)
    except UserError as error:
        print(f"ddsp-edge-display: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _run(config: Config) -> None:
    from firmware_py.display.program import DisplayProgram

    program = DisplayProgram(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: program.stop())
    program.run()


def _picture(config: Config, file: Path) -> None:
    """Write the face as it is now. Raises UserError where no engine answers."""
    try:
        from firmware_py.display.picture import draw
    except ImportError as error:
        raise UserError(
            f"{error.name} is not installed; pip install 'ddsp-edge[display]'"
        ) from None
    from ddsp_edge.api.client import ControlClient
    from ddsp_edge.system.addresses import addresses
    from firmware_py.display.box_state import BoxState

    state = BoxState()
    with ControlClient(config.socket_path) as engine:
        state.hear({"event": "state", **engine.call("status")}, time.monotonic())
    found = addresses()
    state.address = found[0][1] if found else ""
    picture = draw(state.screen(time.monotonic()))
    size = picture.width * PICTURE_SCALE, picture.height * PICTURE_SCALE
    try:
        picture.resize(size).save(file, "PNG")
    except OSError as error:
        raise UserError(f"{file}: cannot be written ({error.strerror or error})") from None


if __name__ == "__main__":
    sys.exit(main())
