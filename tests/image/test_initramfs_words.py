"""Every command of the initramfs's scripts is one that Debian's static busybox has.

A word that it lacks is "not found" at the start, and an `if` then takes the wrong way: that once
put a memory file system over the data partition.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from image.power_card import BUSYBOX

IMAGE = Path(__file__).resolve().parents[2] / "deploy/image"
#: What the shell itself knows.
SHELL = """
    . : [ break case cd command continue do done echo elif else esac eval exec exit export false fi
    for if in local printf read return set shift test then trap true umask until wait while
"""
AFTER = re.compile(r"(?:^|[\n|&;({!`]|\$\(|\b(?:if|then|else|elif|do|while|until|exec)\s)\s*")
WORD = re.compile(r"([a-z_][a-z0-9_-]*)(?=\s|$|[;)|])")


def commands(script: str) -> set[str]:
    """The words of a script that stand where a command is expected, without its own functions."""
    own = set(re.findall(r"^\s*([a-z_]+)\(\)", script, re.M))
    found = set()
    for line in script.replace("\\\n", " ").splitlines():
        bare = re.sub(r"'[^']*'", "''", line)  # what is quoted is data, but for $(...)
        bare = re.sub(r'"(?:[^"$]|\$(?!\())*"', '""', bare)
        bare = re.sub(r"(^|\s)#.*", "", bare)
        bare = re.sub(r"\bcase\s\S+\sin\b|;;", "\n", bare)
        bare = re.sub(r"^\s*[^\s()]+( \| [^\s()]+)*\)", ";", bare, flags=re.M)  # a case's pattern
        bare = re.sub(r"\$\(\(.*?\)\)", "0", bare)
        for place in AFTER.finditer(bare):
            if word := WORD.match(bare, place.end()):
                found.add(word[1])
    return found - own - set(SHELL.split())


def applets() -> set[str]:
    """The names that this machine's static busybox has; Debian builds it with the same choice."""
    try:
        listed = subprocess.check_output([BUSYBOX, "--list"], text=True).split()
    except OSError:
        pytest.skip("no busybox (Debian: busybox-static)")
    if "switch_root" not in listed:
        pytest.skip("this busybox is another than Debian's busybox-static")
    return set(listed)


@pytest.mark.parametrize("name", ["init", "boot-state", "files/usr/lib/ddsp-edge/image/identity"])
def test_the_initramfs_has_every_command_that_its_scripts_call(name: str) -> None:
    called = commands((IMAGE / name).read_text())
    assert len(called) > 3
    assert called - applets() - {"flock"} == set()  # boot-state asks for flock before it calls it


def test_a_command_is_seen_wherever_it_stands() -> None:
    script = (
        "if ! mountpoint -q /x; then a_tool; fi\n"
        'case $x in y | z) b-tool "$(c_tool)" | d_tool;; esac\n'
    )
    assert commands(script) == {"mountpoint", "a_tool", "b-tool", "c_tool", "d_tool"}
