"""The machine's own IPv4 addresses, network by network."""

from __future__ import annotations

import fcntl
import socket
import struct

SIOCGIFADDR = 0x8915  #: Linux: the address of a network interface
#: What containers and virtual machines bring: nobody's phone is there.
VIRTUAL = ("lo", "docker", "veth", "virbr", "br-", "lxc", "tun", "tap")


def addresses() -> list[tuple[str, str]]:
    """(interface, address) of each network that has one, cables before radios.

    An interface without an address is left out; so are loopback and virtual ones. Any thread.
    """
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            if name.startswith(VIRTUAL):
                continue
            request = struct.pack("256s", name.encode()[:15])
            try:
                answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, request)
            except OSError:
                continue
            found.append((name, socket.inet_ntoa(answer[20:24])))
    return sorted(found, key=lambda each: (not each[0].startswith("e"), each[0]))
