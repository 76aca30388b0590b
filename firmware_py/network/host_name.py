"""``python -m firmware_py.network.host_name``: a host name of its own in place of the image's.

Run as root before anything announces the name (deploy/systemd/on-demand/ddsp-edge-name.service).
A name that somebody chose stays.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.network.box_name import own_digits, own_host_name
from ddsp_edge.system.atomic_files import write_atomically

ETC = Path("/etc")


def renamed(hosts: str, old: str, new: str) -> str:
    """Return the text of /etc/hosts with the machine's name changed where it is a whole word."""
    lines = []
    for line in hosts.splitlines():
        words = line.split()
        if words and not words[0].startswith("#") and old in words[1:]:
            line = "\t".join([words[0], *(new if word == old else word for word in words[1:])])
        lines.append(line)
    return "\n".join(lines) + "\n"


def main(etc: Path = ETC) -> int:
    """Set the name; return the exit code: 0, or 2 after one line that says why it cannot be."""
    old = socket.gethostname()
    new = own_host_name(old, own_digits())
    if new == old:
        return 0
    try:
        hosts = etc / "hosts"
        write_atomically(etc / "hostname", f"{new}\n".encode())
        if hosts.exists():
            text = renamed(hosts.read_text(errors="replace"), old, new)
            write_atomically(hosts, text.encode())
        socket.sethostname(new)
    except (UserError, OSError) as error:
        print(f"ddsp-edge-name: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    print(f"this box is called {new} now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
