"""What Raspberry Pi Imager was told, taken over once: user, key, Wi-Fi, name, time zone.

Imager (1.8 and 2) writes `user-data` and `network-config`, cloud-init's files, into the boot
partition of an image whose manifest says `init_format: cloudinit`. This program reads those few
fields of them that Imager writes, checks each, and does nothing else: no command in them runs, no
package is installed, no other file is written. The initramfs has copied them to
/run/ddsp-edge-image/imager; once all is kept on the data partition they are removed from the card,
since they hold passwords.

    first_boot.py [ROOT]     ROOT: "" is the running system
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

#: Nobody writes more than a few kilobytes there.
LIMIT = 65_536
GROUPS = ("sudo", "adm", "audio", "ddsp-edge", "netdev", "systemd-journal")
UID = 1000
USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
COUNTRY = re.compile(r"[A-Z]{2}")
#: What crypt(3) makes: $5$, $6$, $y$ and the like; no colon, so that shadow's line stays one.
HASH = re.compile(r"\$[0-9a-z]{1,3}\$[A-Za-z0-9./$=,-]{10,250}")
KEY = re.compile(
    r"(ssh-(rsa|ed25519)|ecdsa-sha2-nistp(256|384|521)"
    r"|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)"
    r" [A-Za-z0-9+/=]{32,8192}( [^\x00-\x1f\x7f]{0,256})?"
)


@dataclass
class Customisation:
    """What was asked for, each checked; empty or None where nothing was."""

    hostname: str = ""
    timezone: str = ""
    user: str = ""
    password_hash: str = ""
    keys: list[str] = field(default_factory=list)
    password_login: bool = False
    free_sudo: bool = False
    ssid: str = ""
    psk: str = ""
    hidden: bool = False
    country: str = ""


def read(user_data: str, network: str, cmdline: str = "") -> tuple[Customisation, list[str]]:
    """What both files ask for, and a sentence for each field that is left out."""
    wanted, said = Customisation(), []

    def take(name: str, value: Any, pattern: re.Pattern[str]) -> str:
        if value is None:
            return ""
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        said.append(f"{name} is left out: it is not written as it should be")
        return ""

    data = _mapping(user_data, "user-data", said)
    wanted.hostname = take("the host name", data.get("hostname"), HOST).lower()
    wanted.timezone = take("the time zone", data.get("timezone"), ZONE)
    account = next(_accounts(data), None)
    if account is not None:
        wanted.user = take("the user's name", account.get("name"), USER)
        wanted.password_hash = take("the password", account.get("passwd"), HASH)
        if wanted.user in ("root", "ddsp-edge", "ddsp-edge-panel"):
            said.append(f"{wanted.user} is the system's own: choose another user's name")
            wanted.user = ""
        keys = account.get("ssh_authorized_keys")
        for key in keys[:32] if isinstance(keys, list) else []:
            wanted.keys += [k for k in [take("an ssh key", key, KEY)] if k]
        wanted.free_sudo = "NOPASSWD" in str(account.get("sudo"))
    wanted.password_login = data.get("ssh_pwauth") is True
    _wifi(_mapping(network, "network-config", said), wanted, said)
    found = re.search(r"cfg80211\.ieee80211_regdom=([A-Z]{2})\b", cmdline)
    if found and not wanted.country:
        wanted.country = found[1]
    return wanted, said


def _mapping(text: str, name: str, said: list[str]) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        found = ""
    if found is None:
        return {}
    if not isinstance(found, dict):
        said.append(f"{name} is left out: it is no YAML that Raspberry Pi Imager writes")
        return {}
    return found


def _accounts(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """`user:` of Imager 2, `users:` of Imager 1."""
    users = data.get("users")
    for found in [data.get("user"), *(users if isinstance(users, list) else [])]:
        if isinstance(found, dict):
            yield found


def _wifi(data: dict[str, Any], wanted: Customisation, said: list[str]) -> None:
    inner = data.get("network", data)
    wifis = inner.get("wifis") if isinstance(inner, dict) else None
    radio = next(iter(wifis.values()), None) if isinstance(wifis, dict) else None
    if not isinstance(radio, dict):
        return
    country = radio.get("regulatory-domain")
    if isinstance(country, str) and COUNTRY.fullmatch(country):
        wanted.country = country
    points = radio.get("access-points")
    if not isinstance(points, dict) or not points:
        return
    ssid, settings = next(iter(points.items()))
    settings = settings if isinstance(settings, dict) else {}
    psk = settings.get("password", "")
    if not isinstance(ssid, str) or not 1 <= len(ssid.encode()) <= 32 or not ssid.isprintable():
        said.append("the Wi-Fi network is left out: its name is not 1 to 32 printable bytes")
    elif psk and not (isinstance(psk, str) and 8 <= len(psk) <= 64 and psk.isprintable()):
        said.append("the Wi-Fi network is left out: its password has 8 to 64 characters")
    else:
        wanted.ssid, wanted.psk, wanted.hidden = ssid, psk, settings.get("hidden") is True


def connection(wanted: Customisation) -> str:
    """NetworkManager's file for the network."""

    def quoted(text: str) -> str:  # of GKeyFile: backslash, and a space in front
        text = text.replace("\\", "\\\\")
        return "\\s" + text[1:] if text.startswith(" ") else text

    # The name as bytes: no character of it means anything then.
    ssid = "".join(f"{byte};" for byte in wanted.ssid.encode())
    lines = ["[connection]", "id=Raspberry Pi Imager", f"uuid={uuid.uuid4()}", "type=wifi", "",
             "[wifi]", "mode=infrastructure", f"ssid={ssid}",
             f"hidden={'true' if wanted.hidden else 'false'}"]  # fmt: skip
    if wanted.psk:
        lines += ["", "[wifi-security]", "key-mgmt=wpa-psk", f"psk={quoted(wanted.psk)}"]
    return "\n".join([*lines, "", "[ipv4]", "method=auto", "", "[ipv6]", "method=auto", ""])


def keep(wanted: Customisation, root: Path) -> None:
    """Write it all to the data partition, each file whole or not at all, then put it in force."""
    data = root / "data"
    identity, ssh = data / "identity", data / "ssh"
    identity.mkdir(parents=True, exist_ok=True)
    (ssh / "authorized_keys").mkdir(parents=True, exist_ok=True)
    if wanted.hostname:
        _write(identity / "hostname", f"{wanted.hostname}\n")
    if wanted.timezone:
        _write(identity / "timezone", f"{wanted.timezone}\n")
    if wanted.user and (wanted.password_hash or wanted.keys):
        _write(identity / "groups", "\n".join(GROUPS) + "\n")
        rule = f"{wanted.user} ALL=(ALL) NOPASSWD: ALL\n"
        # Who has no password could not give it to sudo.
        if wanted.free_sudo or not wanted.password_hash:
            _write(identity / "sudoers", rule, 0o440)
        line = f"{wanted.user}:{wanted.password_hash or '*'}:19000:0:99999:7:::\n"
        _write(identity / "shadow", line, 0o600)
        _write(identity / "user", f"{wanted.user}\n{UID}\n/bin/bash\n")
        home = root / "home" / wanted.user
        home.mkdir(mode=0o755, exist_ok=True)
        (home / ".ssh").mkdir(mode=0o700, exist_ok=True)
        if wanted.keys:
            _write(home / ".ssh/authorized_keys", "\n".join(wanted.keys) + "\n", 0o600)
        if os.getuid() == 0:
            for path in (home, home / ".ssh", *(home / ".ssh").iterdir()):
                os.chown(path, UID, UID)
    if wanted.password_login:
        _write(ssh / "password.conf", "PasswordAuthentication yes\n")
    if wanted.ssid:
        folder = root / "etc/NetworkManager/system-connections"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / "imager.nmconnection", connection(wanted), 0o600)
    if wanted.country:
        _write(identity / "country", f"{wanted.country}\n")
    subprocess.run(["sync"], check=True)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _forget(root: Path) -> None:
    """Take the files off the boot partition, which is mounted for that only."""
    disk = str((root / "run/ddsp-edge-system/card").readlink())
    boot = Path("/run/ddsp-edge-image/boot")
    boot.mkdir(exist_ok=True)
    part = f"{disk}p1" if disk[-1].isdigit() else f"{disk}1"
    subprocess.run(["mount", "-t", "vfat", part, str(boot)], check=True)
    try:
        for name in ("user-data", "network-config", "meta-data"):
            (boot / name).unlink(missing_ok=True)
    finally:
        subprocess.run(["umount", str(boot)], check=True)


def _text(path: Path) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return file.read(LIMIT).decode(errors="replace")


def main(root: Path) -> None:
    """Take over what lies in ROOT/run/ddsp-edge-image/imager."""
    imager = root / "run/ddsp-edge-image/imager"
    names = ("user-data", "network-config", "cmdline.txt")
    wanted, said = read(*(_text(imager / name) for name in names))
    for sentence in said:
        print(sentence)
    keep(wanted, root)
    if root == Path("/"):
        here = Path(__file__).resolve().parent
        subprocess.run(["sh", str(here / "identity"), "", "/data"], check=True)
        name = Path("/etc/hostname").read_text().strip()
        Path("/proc/sys/kernel/hostname").write_text(name)
        _forget(root)
    print(f"taken over: {', '.join(_names(wanted)) or 'nothing'}")


def _names(wanted: Customisation) -> list[str]:
    told = {
        "the host name": wanted.hostname,
        "the time zone": wanted.timezone,
        "the user": wanted.user,
        "keys": wanted.keys,
        "the Wi-Fi network": wanted.ssid,
    }
    return [name for name, value in told.items() if value]


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else "/"))
