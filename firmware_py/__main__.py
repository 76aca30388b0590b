"""``python -m firmware_py``: the service on the board, from power-on to SIGTERM."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
import threading
from pathlib import Path

from ddsp_edge.errors import UserError
from firmware_py import signals

STACK_BYTES = 1 << 20


def main() -> int:
    """Run the service. Returns the exit code: 0 after SIGTERM or Ctrl-C, 2 after one line that says
    why it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="python -m firmware_py", description="The pedal and sound module: plays until SIGTERM."
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="PATH",
        help="default: /etc/ddsp-edge/config.toml where it is there (see deploy/config.toml)",
    )
    parser.add_argument("--check", action="store_true", help="check the config and exit")
    args = parser.parse_args()
    # The journal has the time and the name already.
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    signals.block()
    # Imports leave nothing to collect; the engine decides when to look (live/gc_control.py).
    gc.disable()
    # One frame of the decoder is too small for more threads, and each takes memory.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # The audio thread locks all memory: stacks of 8 MB a thread would be held in RAM for nothing.
    threading.stack_size(STACK_BYTES)
    try:
        from firmware_py.config import read_config

        config = read_config(args.config)
        if args.check:
            print("the config is valid")
            return 0
        from firmware_py.service import Service

        Service(config, args.config).run()
    except UserError as error:
        print(f"ddsp-edge: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # Not sys.exit: taking the interpreter apart beside native threads takes long, and everything
    # that must be written is written.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
