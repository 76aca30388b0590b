"""``python -m firmware_py.usb_gadget apply|stop|check``: the box as a MIDI device of a computer.

Linux's gadget function f_midi is set up in configfs by root
(deploy/systemd/ddsp-edge-gadget.service). While the box is plugged into a computer by USB, it sees
it as one more ALSA port, which the engine hears by itself. Needs a USB device controller, which a
Raspberry Pi Zero 2 W and 4 have at one socket. What holds is [usb] gadget in the config, unless
the panel's switch says otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.network.local_name import given_name
from ddsp_edge.system.usb_device import CONTROLLERS, NAME, usb_device_state
from firmware_py.config import Config, read_config
from firmware_py.device_overrides import DeviceOverrides

GADGETS = Path("/sys/kernel/config/usb_gadget")
#: The Linux Foundation's numbers for a composite gadget.
VENDOR, PRODUCT = "0x1d6b", "0x0104"
ENGLISH = "strings/0x409"
FUNCTION, CONFIGURATION = "functions/midi.usb0", "configs/c.1"


def start(gadgets: Path = GADGETS, controllers: Path = CONTROLLERS) -> str:
    """Become a MIDI device; return the name that the computer shows. Blocks; needs root.

    What an earlier start has left is removed before. Raises UserError.
    """
    at = usb_device_state(controllers).controller
    if not gadgets.is_dir():
        raise UserError(f"{gadgets} is not there; the kernel lacks the module libcomposite")
    stop(gadgets)
    host = given_name()
    shown = host if host.startswith("ddsp-") else f"{NAME} {host}"
    gadget = gadgets / NAME
    try:
        for folder in ("", ENGLISH, CONFIGURATION, f"{CONFIGURATION}/{ENGLISH}", FUNCTION):
            (gadget / folder).mkdir(exist_ok=True, parents=True)
        values = {
            "idVendor": VENDOR,
            "idProduct": PRODUCT,
            "bcdUSB": "0x0200",
            f"{ENGLISH}/manufacturer": NAME,
            f"{ENGLISH}/product": shown,
            f"{ENGLISH}/serialnumber": host,
            f"{CONFIGURATION}/{ENGLISH}/configuration": "MIDI",
            f"{CONFIGURATION}/MaxPower": "500",
            f"{FUNCTION}/id": "ddspedge",  # of the ALSA card on the box
            f"{FUNCTION}/in_ports": "1",
            f"{FUNCTION}/out_ports": "1",
        }
        for name, value in values.items():
            (gadget / name).write_text(f"{value}\n")
        (gadget / CONFIGURATION / "midi.usb0").symlink_to(gadget / FUNCTION)
        (gadget / "UDC").write_text(f"{at}\n")
    except OSError as error:
        stop(gadgets)
        raise UserError(
            f"the box cannot become a MIDI device ({error.strerror or error}); is another gadget "
            "using its USB controller (g_ether, g_serial)? Remove that from cmdline.txt"
        ) from None
    return shown


def stop(gadgets: Path = GADGETS) -> None:
    """Be no device any more, as far as there is one: in configfs's own order."""
    gadget = gadgets / NAME
    with contextlib.suppress(OSError):
        (gadget / "UDC").write_text("\n")
    with contextlib.suppress(OSError):
        (gadget / CONFIGURATION / "midi.usb0").unlink()
    for folder in (f"{CONFIGURATION}/{ENGLISH}", CONFIGURATION, FUNCTION, ENGLISH, ""):
        with contextlib.suppress(OSError):
            (gadget / folder).rmdir()


def configured(config: Config) -> str:
    """Return "midi" or "off": what the panel's switch says, else the config. Raises UserError."""
    return DeviceOverrides(config.state_folder).usb() or config.usb.gadget


def main(argv: list[str] | None = None) -> int:
    """Do it and return the exit code: 0, or 2 after one line that says why it cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m firmware_py.usb_gadget",
        description="The box as a MIDI device of a computer (docs/network.md); for root.",
    )
    parser.add_argument(
        "what",
        choices=["apply", "stop", "check"],
        help="apply: be what the config and the panel's switch say; stop: be no device; "
        "check: only say why it cannot be what they say",
    )
    parser.add_argument("--config", type=Path, metavar="PATH", help="config file")
    args = parser.parse_args(argv)
    try:
        on = args.what != "stop" and configured(read_config(args.config)) == "midi"
        if args.what == "check":
            if on:
                usb_device_state()
        elif on:
            print(f"this box is the MIDI device {start()!r} now")
        else:
            stop()
    except UserError as error:
        print(f"ddsp-edge-gadget: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
