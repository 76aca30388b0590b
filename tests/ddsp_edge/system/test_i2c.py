"""Who answers on an I2C bus; the bus is a file here, and its ioctl says who is there."""

from __future__ import annotations

import errno

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.system import i2c


def test_those_that_acknowledge_are_found(tmp_path, monkeypatch):
    bus = tmp_path / "i2c-1"
    bus.write_bytes(b"12345678")

    def choose(file, request, address):
        assert request == i2c.I2C_SLAVE
        if address not in (0x27, 0x3C):
            raise OSError(errno.EBUSY, "busy")

    monkeypatch.setattr(i2c.fcntl, "ioctl", choose)
    assert i2c.answering(bus, (0x3C, 0x3D, 0x27)) == [0x3C, 0x27]
    with pytest.raises(UserError, match="nothing answers at 0x3d, 0x3f on "):
        i2c.answering(bus, (0x3D, 0x3F))
    bus.write_bytes(b"")  # chosen, but not a byte comes
    with pytest.raises(UserError, match="nothing answers"):
        i2c.answering(bus, (0x3C,))


def test_a_bus_that_cannot_be_opened(tmp_path):
    with pytest.raises(UserError, match=r"no .*i2c-1: I2C is off"):
        i2c.answering(tmp_path / "i2c-1", (0x3C,))
    with pytest.raises(UserError, match="Is a directory; is the user in the group i2c"):
        i2c.answering(tmp_path, (0x3C,))


def test_a_file_that_is_no_bus_has_nobody(tmp_path):
    (tmp_path / "i2c-1").write_bytes(b"x")
    with pytest.raises(UserError, match="nothing answers at 0x3c"):
        i2c.answering(tmp_path / "i2c-1", (0x3C,))
