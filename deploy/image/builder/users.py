"""Our users and groups in a system's lists, as systemd-sysusers makes them of deploy/sysusers.d.

Numbers are fixed: an update brings other packages, and what lies on the data partition must go on
belonging to the same user. Made here, not in the base layer, which then need not be made again.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

#: systemd-sysusers counts down from 999, Debian's scripts up from 100: in between nobody is.
NUMBERS = {"ddsp-edge": 900, "ddsp-edge-panel": 901, "ddsp-edge-network": 902, "gpio": 910,
           "i2c": 911, "input": 912, "spi": 913}  # fmt: skip
LISTS = ("passwd", "group", "shadow", "gshadow")


def with_users(lists: Mapping[str, str], confs: Iterable[Path]) -> dict[str, str]:
    """The content of /etc's :data:`LISTS` with the users (u), groups (g) and members (m) that the
    files of sysusers.d ask for; who is there already stays as he is. Raises ValueError for a line
    that is something else and for a name without a number in :data:`NUMBERS`."""
    rows = {name: [line.split(":") for line in lists[name].splitlines()] for name in LISTS}
    lines = [line for conf in sorted(confs) for line in conf.read_text().splitlines()]
    wanted = [shlex.split(line) for line in lines if line.strip() and not line.startswith("#")]
    for words in wanted:
        if words[0] not in ("u", "g", "m") or len(words) < 3:
            raise ValueError(f"sysusers.d: {shlex.join(words)}: u, g or m and a name")
        if words[0] != "m":
            _group(rows, words[1])
        if words[0] == "u":
            _user(rows, words[1], *words[3:])
    for kind, user, *groups in wanted:
        if kind == "m":
            _member(rows, user, groups[0])
    return {name: "".join(":".join(row) + "\n" for row in rows[name]) for name in LISTS}


def _number(name: str) -> str:
    if name not in NUMBERS:
        raise ValueError(f"{name} has no number in {Path(__file__).name}: give it a free one")
    return str(NUMBERS[name])


def _group(rows: dict[str, list[list[str]]], name: str) -> None:
    if not any(row[0] == name for row in rows["group"]):
        rows["group"].append([name, "x", _number(name), ""])
        rows["gshadow"].append([name, "!*", "", ""])


def _user(
    rows: dict[str, list[list[str]]],
    name: str,
    told: str = "",
    home: str = "/",
    shell: str = "/usr/sbin/nologin",
) -> None:
    if not any(row[0] == name for row in rows["passwd"]):
        rows["passwd"].append([name, "x", _number(name), _number(name), told, home, shell])
        rows["shadow"].append([name, "!*", "", "", "", "", "", "", ""])


def _member(rows: dict[str, list[list[str]]], user: str, group: str) -> None:
    found = [row for kind in ("group", "gshadow") for row in rows[kind] if row[0] == group]
    if not found:
        raise ValueError(f"sysusers.d: m {user} {group}: there is no such group")
    for row in found:
        members = [name for name in row[3].split(",") if name]
        row[3] = ",".join([*members, *([user] if user not in members else [])])
