"""NetworkManager, asked with nmcli: everything that this program wants of it, and nothing else.

Every method blocks until nmcli has ended. Passwords are handed over by a pipe: command lines can be
read by everybody on the box.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from ddsp_edge.errors import UserError
from ddsp_edge.network.terse import pairs, rows
from firmware_py.network.seen import (
    KnownNetwork,
    Lock,
    RadioState,
    SeenNetwork,
    radio_state,
    seen_networks,
)

HOTSPOT = "ddsp-edge-hotspot"  #: the name of the hotspot's connection
PROFILE = "ddsp-edge-"  #: how those begin that the panel has made
ADDRESS = "10.42.0.1"  #: of the box in its own hotspot, as NetworkManager gives it
ANSWER_S = 30.0
SCAN_S = 25.0
OPEN_S = 60  #: until the hotspot is open, in whole seconds
JOIN_S = 60  #: until an address is there, in whole seconds
PASSWORD = "802-11-wireless-security.psk"
LOCKS: dict[str, tuple[str, ...]] = {
    "open": (),
    "wpa": ("802-11-wireless-security.key-mgmt", "wpa-psk"),
    "sae": ("802-11-wireless-security.key-mgmt", "sae"),
}
#: WPA2 alone; the radios of Raspberry Pis open no hotspot with protected management frames.
OWN_LOCK = (
    *("802-11-wireless-security.key-mgmt", "wpa-psk", "802-11-wireless-security.proto", "rsn"),
    *("802-11-wireless-security.pairwise", "ccmp", "802-11-wireless-security.group", "ccmp"),
    *("802-11-wireless-security.pmf", "disable"),
)


class NetworkManagerError(UserError):
    """NetworkManager refuses, in its own words; ``code`` is nmcli's exit code."""

    def __init__(self, said: str, code: int) -> None:
        super().__init__(f"NetworkManager: {said}")
        self.said, self.code = said, code


def octal(text: str) -> str:
    """Return ASCII text as nmcli's password file has it: a backslash has a meaning there and spaces
    at the ends are none, so all but letters and digits are written as octal numbers."""
    return "".join(c if c.isalnum() else f"\\{ord(c):03o}" for c in text)


class NetworkManager:
    """Each method is one run of nmcli, or a few; for one thread at a time."""

    def __init__(self, program: Sequence[str] = ("nmcli",)) -> None:
        self._program = tuple(program)

    def state(self) -> RadioState:
        """Return what the radio does. Raises UserError where NetworkManager does not run."""
        return radio_state(self._terse("DEVICE,TYPE,STATE,CON-UUID", "device", "status"))

    def seen(self, device: str, again: bool) -> list[SeenNetwork]:
        """Return the networks in reach; ``again`` scans, which takes some seconds and which a radio
        that is a hotspot does not do."""
        how = ("--rescan", "yes" if again else "no")
        words = ("device", "wifi", "list", "ifname", device, *how)
        return seen_networks(self._terse("SSID-HEX,SIGNAL,SECURITY", *words, timeout_s=SCAN_S))

    def known(self) -> list[KnownNetwork]:
        """Return the Wi-Fi networks that are joined by themselves, the hotspot aside."""
        found = []
        text = self._terse("NAME,UUID,TYPE,AUTOCONNECT", "connection", "show")
        for name, uuid, kind, alone in rows(text, 4):
            if kind != "802-11-wireless" or alone != "yes" or name == HOTSPOT:
                continue
            told = self.connection(uuid)
            if told.get("802-11-wireless.mode") != "ap" and told.get("802-11-wireless.ssid"):
                found.append(KnownNetwork(uuid, told["802-11-wireless.ssid"]))
        return found

    def connection(self, uuid: str) -> dict[str, str]:
        """Return name and mode of a Wi-Fi connection; {} where it has gone meanwhile."""
        wanted = "connection.id,802-11-wireless.ssid,802-11-wireless.mode"
        try:
            return pairs(self._terse(wanted, "connection", "show", "uuid", uuid))
        except NetworkManagerError:
            return {}

    def signal(self, device: str) -> int:
        """Return how well the network is heard that the radio has joined, 0 to 100."""
        words = ("device", "wifi", "list", "ifname", device, "--rescan", "no")
        found = rows(self._terse("IN-USE,SIGNAL", *words), 2)
        strengths = [row[1] for row in found if row[0] == "*" and row[1].isdecimal()]
        return int(strengths[0][:3]) if strengths else 0

    def open_hotspot(self, device: str, name: str, password: str) -> None:
        """Open the hotspot, and make its connection anew: name and password may have changed.
        Raises UserError."""
        self._delete("id", HOTSPOT)
        self._add(HOTSPOT, device, name, OWN_LOCK, "802-11-wireless.mode", "ap",
                  "802-11-wireless.band", "bg", "connection.autoconnect", "no",
                  "ipv4.method", "shared", "ipv4.addresses", f"{ADDRESS}/24",
                  "ipv6.method", "disabled")  # fmt: skip
        self._up(HOTSPOT, device, password, OPEN_S)

    def close_hotspot(self) -> None:
        """Close it, so that NetworkManager looks for the networks that it knows."""
        self._nmcli("connection", "down", "id", HOTSPOT)

    def join(self, device: str, name: str, password: str, lock: Lock, hidden: bool) -> None:
        """Join a network and keep it; blocks for JOIN_S at most.

        Where it fails nothing is kept, and NetworkManagerError says why.
        """
        before = [each.uuid for each in self.known() if each.name == name]
        profile = PROFILE + os.urandom(4).hex()
        more = ("802-11-wireless.hidden", "yes" if hidden else "no")
        self._add(profile, device, name, LOCKS[lock], *more, "connection.autoconnect-retries", "0")
        try:
            self._up(profile, device, password, JOIN_S)
        except UserError:
            self._delete("id", profile)
            raise
        for uuid in before:  # with another password, or from another program
            self._delete("uuid", uuid)

    def forget(self, uuid: str) -> None:
        """Delete a Wi-Fi connection of those in :meth:`known`. Raises UserError where there is
        none."""
        if uuid not in [each.uuid for each in self.known()]:
            raise UserError("that network is not known here any more; look at the list again")
        self._nmcli("connection", "delete", "uuid", uuid)

    # ---- nmcli

    def _add(self, profile: str, device: str, name: str, lock: tuple[str, ...], *more: str) -> None:
        words = ("type", "wifi", "con-name", profile, "ifname", device, "ssid", name)
        self._nmcli("connection", "add", "save", "yes", *words, *lock, *more)

    def _up(self, profile: str, device: str, password: str, wait_s: int) -> None:
        words = ["--wait", str(wait_s), "connection", "up", "id", profile, "ifname", device]
        given = None
        if password:
            words += ["passwd-file", "/dev/stdin"]
            given = f"{PASSWORD}:{octal(password)}\n"
        self._nmcli(*words, given=given, timeout_s=wait_s + 30.0)

    def _delete(self, *which: str) -> None:
        try:
            self._nmcli("connection", "delete", *which)
        except NetworkManagerError:  # there is none
            return

    def _terse(self, names: str, *words: str, timeout_s: float = ANSWER_S) -> str:
        return self._nmcli("--terse", "--fields", names, *words, timeout_s=timeout_s)

    def _nmcli(self, *words: str, given: str | None = None, timeout_s: float = ANSWER_S) -> str:
        """Run nmcli and return what it prints. Raises UserError, NetworkManagerError where it was
        NetworkManager that refused."""
        try:
            done = subprocess.run(
                [*self._program, *words],
                input=given if given is not None else "",
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                env={**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "C"},
            )
        except FileNotFoundError:
            raise UserError(
                "there is no NetworkManager here; apt install network-manager"
            ) from None
        except subprocess.TimeoutExpired:
            raise NetworkManagerError("it does not answer", 124) from None
        except OSError as error:
            raise UserError(f"nmcli cannot be run ({error.strerror or error})") from None
        if done.returncode == 8:
            raise UserError("NetworkManager does not run; systemctl start NetworkManager")
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            said = " ".join((lines or [f"exit code {done.returncode}"])[0].split())
            raise NetworkManagerError(said.removeprefix("Error: ")[:200], done.returncode)
        return done.stdout
