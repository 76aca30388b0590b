"""``python -m firmware_py.network``: the box's networks until SIGTERM (docs/network.md)."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.network.box_name import own_network_name
from ddsp_edge.network.client import socket_path
from ddsp_edge.network.wifi_code import wifi_text
from ddsp_edge.system.atomic_files import write_atomically
from firmware_py.config_files import NetworkTables, read_part
from firmware_py.network.answers import NetworkSocket
from firmware_py.network.keeper import NetworkKeeper
from firmware_py.network.network_manager import NetworkManager
from firmware_py.network.own_hotspot import OwnHotspot, read_hotspot
from firmware_py.sd_notify import SystemdNotifier

FILE = "hotspot.json"


def main(argv: list[str] | None = None) -> int:
    """Run until a signal comes; return the exit code: 0 then, 2 where it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="python -m firmware_py.network",
        description="Joins Wi-Fi networks and opens the box's own hotspot (docs/network.md).",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="PATH",
        help="config file (default: as python -m firmware_py)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="FOLDER",
        help="where the hotspot's password is kept (default: /var/lib/ddsp-edge/network)",
    )
    args = parser.parse_args(argv)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    folder = args.state or Path(
        os.environ.get("STATE_DIRECTORY", "/var/lib/ddsp-edge/network").split(":")[0]
    )
    try:
        config = read_part(NetworkTables, args.config).network
        own = read_hotspot(folder / FILE, config.password)
        allowed = config.hotspot == "auto"
        keeper = NetworkKeeper(NetworkManager(), folder / FILE, own, allowed)
        answers = NetworkSocket(socket_path(), keeper)
        _note(answers.path.with_name("hotspot.txt"), own)
    except UserError as error:
        print(f"ddsp-edge-network: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: answers.stop())
    # A daemon: what it does may take longer than systemd waits.
    threading.Thread(target=keeper.run, name="network-keeper", daemon=True).start()
    SystemdNotifier().ready()
    answers.run()
    keeper.stop()
    return 0


def _note(path: Path, own: OwnHotspot) -> None:
    """Write down how the hotspot is joined: the unit copies it onto the boot partition, where a
    computer can read it. Raises UserError."""
    name = own_network_name()
    lines = [f"Wi-Fi: {name}", f"Password: {own.password}", wifi_text(name, own.password)]
    write_atomically(path, "\r\n".join([*lines, ""]).encode(), 0o640)


if __name__ == "__main__":
    sys.exit(main())
