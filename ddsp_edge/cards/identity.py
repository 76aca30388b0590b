"""The identity of a sound card: a name that stays when its number changes.

Read from the kernel's files alone, so it costs little and works while the card is in use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from ddsp_edge.errors import UserError

#: What the parts of a stable id are called.
KEYS = ("usb", "serial", "port", "id")
#: Kinds of card, the one to choose before the others first, and what people call them.
KINDS = {
    "usb": "USB interface",
    "hat": "sound board (HAT)",
    "pci": "built-in sound",
    "onboard": "headphone socket of the board",
    "hdmi": "HDMI",
    "virtual": "no real card",
}
_HEAD = re.compile(r"\s*(\d+) \[(.*?)\s*\]: (.*) - (.*)$")
_VIRTUAL = {"Dummy", "Loopback", "VirMIDI", "pcsp"}


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """The identity of one card, as the kernel's files state it."""

    index: int  #: ALSA's number, may change whenever cards come and go
    alsa_id: str  #: ALSA's short name, unique now; the second of a kind gets another one
    driver: str
    name: str
    longname: str
    kind: str  #: one of :data:`KINDS`
    usb: str = ""  #: "vendor:product", for instance 1235:8210
    serial: str = ""  #: of the USB device, where it has one
    port: str = ""  #: the USB socket, for instance 1-1.2
    playback: tuple[int, ...] = ()  #: numbers of its PCM devices
    capture: tuple[int, ...] = ()

    @property
    def stable_id(self) -> str:
        """For a configuration: ``usb=1235:8210,serial=Y8,port=1-1.2,id=USB``; ``id=Codec``."""
        values = {"usb": self.usb, "serial": self.serial, "port": self.port, "id": self.alsa_id}
        return ",".join(f"{key}={quote(values[key], safe=':')}" for key in KEYS if values[key])

    def pcm(self, direction: str) -> str | None:
        """``hw:CARD=…,DEV=…`` for "playback" or "capture"; None where it has none."""
        devices = self.playback if direction == "playback" else self.capture
        return f"hw:CARD={self.alsa_id},DEV={devices[0]}" if devices else None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _devices(folder: Path, letter: str) -> tuple[int, ...]:
    found = (re.fullmatch(rf"pcm(\d+){letter}", path.name) for path in folder.glob("pcm*"))
    return tuple(sorted(int(match[1]) for match in found if match))


def _kind(driver: str, name: str, alsa_id: str, device: Path) -> str:
    words = f"{driver} {name} {alsa_id}".lower()
    if "/usb" in str(device):
        return "usb"
    if driver in _VIRTUAL:
        return "virtual"
    if "hdmi" in words:
        return "hdmi"
    if "bcm2835" in words or alsa_id.startswith("Headphones"):
        return "onboard"
    return "pci" if "/pci" in str(device) else "hat"


def read_cards(root: Path = Path("/")) -> list[CardIdentity]:
    """Return the present sound cards by number. ``root`` is where proc and sys are mounted."""
    lines = _text(root / "proc/asound/cards").splitlines()
    found = []
    for number, line in enumerate(lines):
        if not (match := _HEAD.match(line)):
            continue
        index, driver, name = int(match[1]), match[3], match[4]
        folder = root / f"proc/asound/card{index}"
        device = (root / f"sys/class/sound/card{index}/device").resolve()
        alsa_id = _text(folder / "id") or match[2]
        kind = _kind(driver, name, alsa_id, device)
        usb = _text(folder / "usbid")
        # The card hangs on an interface ("1-1.2:1.0") of the device ("1-1.2").
        parent = device.parent if ":" in device.name else device
        found.append(
            CardIdentity(
                index=index,
                alsa_id=alsa_id,
                driver=driver,
                name=name,
                longname=lines[number + 1].strip() if number + 1 < len(lines) else name,
                kind=kind,
                usb=usb,
                serial=_text(parent / "serial") if usb else "",
                port=parent.name if usb and kind == "usb" else "",
                playback=_devices(folder, "p"),
                capture=_devices(folder, "c"),
            )
        )
    return found


def _parts(text: str) -> dict[str, str]:
    """Parse a stable id into its parts. Raises UserError."""
    parts = {}
    for word in text.split(","):
        key, equals, value = word.partition("=")
        if key not in KEYS or not equals or not value or key in parts:
            raise UserError(
                f"card {text!r}: copy its id from `ddsp-edge devices`, for instance id=Codec or "
                "usb=1235:8210,port=1-1.2"
            )
        parts[key] = unquote(value)
    return parts


def find(text: str, cards: list[CardIdentity]) -> CardIdentity | None:
    """The card that ``text`` means: a stable id, ALSA's short name, or its number.

    A USB interface is known by model and serial number, whatever socket it is in; of several
    that are alike, the one in the same socket, else the one of the same short name. None where
    there is no such card now. Raises UserError for what cannot be an id.
    """
    if "=" not in text:
        exact = [c for c in cards if text in (c.alsa_id, str(c.index))]
        close = [c for c in cards if c.alsa_id.lower() == text.lower()]
        return next(iter(exact or close), None)
    parts = _parts(text)
    if "usb" not in parts:
        return next((c for c in cards if c.alsa_id == parts.get("id")), None)
    alike = [c for c in cards if c.usb == parts["usb"]]
    if "serial" in parts:
        alike = [c for c in alike if c.serial == parts["serial"]]
    for key, value_of in (("port", lambda c: c.port), ("id", lambda c: c.alsa_id)):
        same = [c for c in alike if value_of(c) == parts.get(key)]
        if same:
            return same[0]
    return alike[0] if alike else None


def resolve(text: str, direction: str = "playback", root: Path = Path("/")) -> str | None:
    """A stable id to the PCM's name at this moment (``hw:CARD=USB,DEV=0``).

    ``direction``: "playback" or "capture". None where the card is not there or cannot do that.
    Raises UserError for what cannot be an id. Cheap enough to ask twice a second.
    """
    card = find(text, read_cards(root))
    return card.pcm(direction) if card else None
