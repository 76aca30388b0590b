"""Our users in the image's lists, beside what systemd-sysusers itself makes of the same files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from builder.system import SYSUSERS
from builder.users import LISTS, NUMBERS, with_users

DEBIAN = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "group": "root:x:0:\naudio:x:29:\nsystemd-journal:x:999:\ninput:x:996:\n",
    "shadow": "root:*:20000:0:99999:7:::\n",
    "gshadow": "root:*::\naudio:*::\nsystemd-journal:!*::\ninput:!*::\n",
}


def test_they_are_whom_systemd_sysusers_makes(tmp_path: Path) -> None:
    if shutil.which("systemd-sysusers") is None:
        pytest.skip("systemd-sysusers is not installed")
    (tmp_path / "etc").mkdir()
    for name in LISTS:
        (tmp_path / "etc" / name).write_text(DEBIAN[name])
    subprocess.run(["systemd-sysusers", f"--root={tmp_path}", *map(str, SYSUSERS)],
                   check=True, capture_output=True)  # fmt: skip
    ours = with_users(DEBIAN, SYSUSERS)

    def people(text: str) -> dict[str, list[str]]:
        rows = [line.split(":") for line in text.splitlines()]
        return {row[0]: [row[4], row[5], row[6]] for row in rows}

    def groups(text: str) -> dict[str, set[str]]:
        return {row.split(":")[0]: set(row.split(":")[3].split(",")) for row in text.splitlines()}

    theirs = {name: (tmp_path / "etc" / name).read_text() for name in LISTS}
    assert people(ours["passwd"]) == people(theirs["passwd"])
    assert groups(ours["group"]) == groups(theirs["group"])
    assert groups(ours["gshadow"]) == groups(theirs["gshadow"])
    assert {row.split(":")[0] for row in ours["shadow"].splitlines()} == {
        row.split(":")[0] for row in theirs["shadow"].splitlines()
    }


def test_numbers_are_fixed_and_who_is_there_stays() -> None:
    made = with_users(DEBIAN, SYSUSERS)
    assert "ddsp-edge:x:900:900:ddsp-edge:/var/lib/ddsp-edge:/usr/sbin/nologin\n" in made["passwd"]
    assert "input:x:996:ddsp-edge\n" in made["group"] and "spi:x:913:ddsp-edge\n" in made["group"]
    assert with_users(made, SYSUSERS) == made
    assert len(set(NUMBERS.values())) == len(NUMBERS)
    assert all(500 < number < 960 for number in NUMBERS.values())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("u stranger -", "stranger has no number in users.py"),
        ("m ddsp-edge nobodys", "there is no such group"),
        ("r - 500-900", "u, g or m and a name"),
    ],
)
def test_what_cannot_be_made_is_said(line: str, said: str, tmp_path: Path) -> None:
    conf = tmp_path / "a.conf"
    conf.write_text(f"# a comment\n\n{line}\n")
    with pytest.raises(ValueError, match=said):
        with_users(DEBIAN, [conf])
