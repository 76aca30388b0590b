"""Which devices answer on an I2C bus of Linux."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from ddsp_edge.errors import UserError

I2C_SLAVE = 0x0703  #: linux/i2c-dev.h


def answering(bus: Path, addresses: Iterable[int]) -> list[int]:
    """The addresses at which a device answers when a byte is read from it.

    Raises UserError where the bus cannot be opened or nothing answers. Blocks for a few
    milliseconds; any thread.
    """
    asked = tuple(addresses)
    try:
        file = os.open(bus, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UserError(f"no {bus}: I2C is off") from None
    except OSError as error:
        raise UserError(
            f"{bus}: {error.strerror or error}; is the user in the group i2c?"
        ) from None
    try:
        found = [address for address in asked if _answers(file, address)]
    finally:
        os.close(file)
    if not found:
        raise UserError(f"nothing answers at {', '.join(map(hex, asked))} on {bus}")
    return found


def _answers(file: int, address: int) -> bool:
    try:
        fcntl.ioctl(file, I2C_SLAVE, address)
        return bool(os.read(file, 1))
    except OSError:  # no acknowledgement, or one that a driver of the kernel has taken
        return False
