"""What makes this machine a USB device of another one: its controller, as sysfs shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ddsp_edge.errors import UserError

CONTROLLERS = Path("/sys/class/udc")
#: How our gadget is called in configfs; the controller says whose it serves.
NAME = "ddsp-edge"
MOST_BYTES = 256


@dataclass(frozen=True, slots=True)
class UsbDeviceState:
    """What the controller does. ``gadget`` is the name of what uses it, "" for nothing;
    ``connected``: a computer is at the other end and has chosen a configuration."""

    controller: str
    gadget: str = ""
    connected: bool = False


def usb_device_state(controllers: Path = CONTROLLERS) -> UsbDeviceState:
    """Return what the first controller does. Any thread; it reads two small files.

    Raises UserError where this machine has none.
    """
    try:
        found = sorted(each.name for each in controllers.iterdir())
    except OSError:
        found = []
    if not found:
        raise UserError(
            "this box has no USB device controller, so it cannot be a MIDI device; on a Pi Zero "
            "2 W or 4 with Raspberry Pi OS put dtoverlay=dwc2,dr_mode=peripheral into config.txt "
            "and restart the box"
        )
    at = controllers / found[0]
    gadget, state = _read(at / "function"), _read(at / "state")
    return UsbDeviceState(found[0], gadget, state == "configured")


def _read(path: Path) -> str:
    """Return an attribute's text; "" where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES).decode(errors="replace").strip()
    except OSError:
        return ""
