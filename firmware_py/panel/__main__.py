"""``ddsp-edge-panel``: serves the panel until SIGTERM; the engine need not be there."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from ddsp_edge.api.pairing_code import code_file
from ddsp_edge.errors import UserError

NICE = 10  #: gives way to whatever plays


def main(argv: list[str] | None = None) -> int:
    """Serve the panel; return the exit code: 0 after SIGTERM or Ctrl-C, 2 where it cannot start."""
    parser = argparse.ArgumentParser(
        prog="ddsp-edge-panel", description="The instrument in a browser (docs/panel.md)."
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="PATH",
        help="config file (default: as python -m firmware_py)",
    )
    parser.add_argument("--host", help="address to serve on (default: [panel] host)")
    parser.add_argument("--port", type=int, help="(default: [panel] port)")
    args = parser.parse_args(argv)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    try:
        _serve(args.config, args.host, args.port)
    except UserError as error:
        print(f"ddsp-edge-panel: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _serve(config_path: Path | None, host: str | None, port: int | None) -> None:
    """Serve the panel until a signal ends it. Raises UserError where it cannot start."""
    try:
        from firmware_py.panel.web import serve
    except ImportError as error:
        raise UserError(
            f"the panel needs {error.name}, which is missing; install it with: "
            "pip install 'ddsp-edge[panel]'"
        ) from None
    from ddsp_edge.library.catalog import ENVIRONMENT as MODELS_ENVIRONMENT
    from firmware_py.config import read_config

    os.nice(max(0, NICE - os.nice(0)))
    code = code_file()
    os.environ.pop("RUNTIME_DIRECTORY", None)  # the panel's own: the engine's socket is elsewhere
    config = read_config(config_path)
    os.environ[MODELS_ENVIRONMENT] = str(config.models_folder)
    asyncio.run(serve(config, code, host or config.panel.host, port or config.panel.port))


if __name__ == "__main__":
    sys.exit(main())
