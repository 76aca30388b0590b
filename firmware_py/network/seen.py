"""What the radio sees and the box knows, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ddsp_edge.errors import UserError
from ddsp_edge.network.terse import rows, ssid_of

Lock = Literal["open", "wpa", "sae", "enterprise", "wep"]


@dataclass(frozen=True, slots=True)
class SeenNetwork:
    """A Wi-Fi network in reach: ``signal`` is 0 to 100."""

    name: str
    signal: int
    lock: Lock


@dataclass(frozen=True, slots=True)
class KnownNetwork:
    """A Wi-Fi network that NetworkManager joins by itself."""

    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class RadioState:
    """What the Wi-Fi device does now. ``device`` is "" where there is none; ``uuid`` that of the
    connection which is active on it; ``cable``: a wired network is connected."""

    device: str = ""
    state: str = ""
    uuid: str = ""
    cable: bool = False


def lock_of(security: str) -> Lock:
    """Return how a network is locked, from nmcli's words for it ("WPA1 WPA2", "--", "")."""
    words = security.split()
    if "802.1X" in words:
        return "enterprise"
    if any(word in ("WPA1", "WPA2") for word in words):
        return "wpa"
    if "WPA3" in words:
        return "sae"
    return "wep" if "WEP" in words else "open"


def seen_networks(text: str) -> list[SeenNetwork]:
    """Parse ``nmcli -t -f SSID-HEX,SIGNAL,SECURITY device wifi list``: each name once, where it is
    heard best, the strongest first. Hidden ones and names that are no text are left out."""
    found: dict[str, SeenNetwork] = {}
    for digits, strength, security in rows(text, 3):
        name = ssid_of(digits)
        if not name or not (strength.isascii() and strength.isdecimal()):
            continue
        network = SeenNetwork(name, min(100, int(strength[:4])), lock_of(security))
        if name not in found or found[name].signal < network.signal:
            found[name] = network
    return sorted(found.values(), key=lambda each: (-each.signal, each.name))


def radio_state(text: str) -> RadioState:
    """Parse ``nmcli -t -f DEVICE,TYPE,STATE,CON-UUID device status``.

    Of several radios the first counts that is managed.
    """
    found = rows(text, 4)
    cable = any(kind == "ethernet" and state == "connected" for _, kind, state, _ in found)
    radios = [(name, state, uuid) for name, kind, state, uuid in found if kind == "wifi"]
    managed = [each for each in radios if each[1] != "unmanaged"]
    for name, state, uuid in (managed or radios)[:1]:
        return RadioState(name, state, uuid.replace("--", "") if uuid == "--" else uuid, cable)
    return RadioState(cable=cable)


def checked_join(name: str, password: str, lock: Lock) -> None:
    """Raise UserError where a network of this kind cannot be joined with this password."""
    size = len(name.encode())
    if not 1 <= size <= 32 or not name.isprintable() or not name.strip():
        raise UserError("that is no name of a Wi-Fi network; 1 to 32 characters")
    if lock == "enterprise":
        raise UserError(f"{name} asks for a user name (802.1X); use another network or a cable")
    if lock == "wep":
        raise UserError(f"{name} is locked with WEP, which is not safe; change it to WPA2")
    if lock == "open":
        if password:
            raise UserError(f"{name} has no password; leave it out")
        return
    if not all(" " <= letter <= "~" for letter in password):
        raise UserError("the password has letters that Wi-Fi does not know; check how it is typed")
    digits = len(password) == 64 and all(c in "0123456789abcdefABCDEF" for c in password)
    if not (8 <= len(password) <= 63 or digits):
        raise UserError("a Wi-Fi password has 8 to 63 characters; check how it is typed")


def listed(networks: Iterable[SeenNetwork], most: int = 60) -> list[dict[str, object]]:
    """Return the first ``most`` networks as JSON has them."""
    rows = [{"name": n.name, "signal": n.signal, "lock": n.lock} for n in networks]
    return rows[:most]
