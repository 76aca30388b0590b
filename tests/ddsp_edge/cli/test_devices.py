"""ddsp-edge devices where there is no card: it says so, and that is no error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ddsp_edge import cli

# ALSA's configuration is read once a process; this one has one PCM and no cards.
CONFIG = """
pcm.stage { type null hint { show on description "A stage" } }
ctl.stage { type hw card 0 }
defaults.namehint.showall on
"""


def _devices(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    config = tmp_path / "asound.conf"
    config.write_text(CONFIG)
    return subprocess.run(
        [sys.executable, "-m", "ddsp_edge", "devices", *words],
        env={**os.environ, "ALSA_CONFIG_PATH": str(config)},
        capture_output=True,
        text=True,
        check=False,
    )


no_cards = pytest.mark.skipif(Path("/dev/snd").exists(), reason="this machine has sound devices")


@no_cards
def test_nothing_there(tmp_path: Path) -> None:
    pytest.importorskip("alsaaudio", reason="sound cards need the extra `live`")
    done = _devices(tmp_path, "--json")
    assert done.returncode == 0
    said = json.loads(done.stdout)
    assert said["cards"] == []
    assert said["pcms"] == ["stage"]
    assert said["chosen"]["effect"]["reason"] == "there is no sound card"
    assert said["midi"]["ports"] == []
    text = _devices(tmp_path)
    assert text.returncode == 0
    assert "Sound cards\n  none: plug one in" in text.stdout
    assert "Other PCMs (by name): stage" in text.stdout
    assert "MIDI ports (alsa)\n  " in text.stdout


def test_without_the_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("alsaaudio", "rtmidi"):
        monkeypatch.setitem(sys.modules, module, None)
    assert cli.main(["devices"]) == 0
    said = capsys.readouterr().out
    assert "sound cards need pyalsaaudio" in said
    assert "MIDI ports need python-rtmidi" in said
    assert said.count("pip install 'ddsp-edge[live]'") == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--card", "x"], "nothing to set: give --capture-gain or --playback-volume"),
        (["--card", "x", "--capture-gain", "loud"], "level 'loud': write it as 60% or -6dB"),
        (["--card", "no such card", "--playback-volume", "60%"], "no card 'no such card' now"),
        (["--card", "usb=", "--playback-volume=-6dB"], "copy its id from `ddsp-edge devices`"),
        (["--capture-gain", "60%"], "--card"),
    ],
)
def test_bad_wishes(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["devices", "set", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) == 1
