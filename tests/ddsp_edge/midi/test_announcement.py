"""The announcement lives as long as it is wanted; without avahi there is none, and no failure."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from midi_ear import until

from ddsp_edge.midi.announcement import PROGRAM, Announcement

STAND_IN = '#!/bin/sh\nprintf "%s\\n" "$@" > "{0}.part" && mv "{0}.part" "{0}"\nexec sleep 600\n'


def test_without_avahi_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    announcement = Announcement("box", 5004)
    assert not announcement.announced
    announcement.stop()


def test_the_program_is_told_name_kind_and_port_and_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / PROGRAM).write_text(STAND_IN.format(tmp_path / "told"))
    (tmp_path / PROGRAM).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    announcement = Announcement("box", 5004)
    assert until((tmp_path / "told").exists) and announcement.announced
    name, kind, port = (tmp_path / "told").read_text().splitlines()
    assert name.startswith("box (") and (kind, port) == ("_apple-midi._udp", "5004")
    announcement.stop()
    assert not announcement.announced


def test_it_is_found_by_avahi() -> None:
    if shutil.which(PROGRAM) is None or shutil.which("avahi-browse") is None:
        pytest.skip("no avahi-utils")
    if subprocess.run(["avahi-browse", "-at"], capture_output=True).returncode != 0:
        pytest.skip("no avahi-daemon runs here")
    announcement = Announcement("ddsp-edge test", 5994)

    def found() -> bool:
        done = subprocess.run(
            ["avahi-browse", "-rpt", "_apple-midi._udp"], capture_output=True, text=True
        )
        return "ddsp-edge\\032test" in done.stdout and ";5994;" in done.stdout

    assert until(found)
    announcement.stop()
