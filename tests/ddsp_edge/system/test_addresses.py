"""The addresses that this machine has, compared with what the kernel's own list says."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

from ddsp_edge.system import addresses


def test_every_address_is_one_of_the_machine_and_virtual_ones_are_left_out(monkeypatch):
    local = Path("/proc/net/fib_trie").read_text()
    names = {name for _, name in socket.if_nameindex()}
    for name, address in addresses.addresses():
        assert name in names and not name.startswith(addresses.VIRTUAL)
        assert ipaddress.IPv4Address(address) and address in local
    monkeypatch.setattr(addresses, "VIRTUAL", ("none of them",))
    assert ("lo", "127.0.0.1") in addresses.addresses()


def test_cables_come_first(monkeypatch):
    monkeypatch.setattr(socket, "if_nameindex", lambda: [(3, "wlan0"), (1, "lo"), (2, "eth0")])
    answer = bytes(20) + bytes([10, 0, 0, 7]) + bytes(8)
    monkeypatch.setattr(addresses.fcntl, "ioctl", lambda *_: answer)
    assert addresses.addresses() == [("eth0", "10.0.0.7"), ("wlan0", "10.0.0.7")]
