"""ddsp-edge doctor: the report's words, its JSON and its exit code."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from tiny_decoder import tiny_bundle

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.cli import doctor, doctor_checks
from ddsp_edge.cli.doctor_checks import Finding
from ddsp_edge.library import catalog


def _run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    doctor.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["doctor", *words])
    return int(args.run(args))


def test_every_finding_has_a_headline_and_a_remedy_where_it_is_bad() -> None:
    for finding in doctor_checks.examine():
        assert finding.group in doctor.GROUPS
        assert finding.detail
        assert finding.ok or finding.remedy, finding
        assert len(finding.detail.splitlines()) == 1


def test_the_report_names_all_that_the_issue_asks_for() -> None:
    names = {finding.name for finding in doctor_checks.examine()}
    assert names >= {
        *("Python", "kernel", "numpy", "TFLite runtime", "litert", "tflite-runtime", "soundfile"),
        *("mp3", "soxr", "mido", "models", "matplotlib", "torch", "litert-torch"),
        *("ai-edge-quantizer", "sound card", "aplay", "C compiler"),
        *("python-rtmidi", "pyalsaaudio", "ALSA sequencer"),
    }


def test_exit_code_and_words_follow_the_device_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [Finding("device", "kernel", True, "loads"), Finding("sound", "aplay", False, "no", "x")]
    bad = [Finding("device", "kernel", False, "missing", "pip install -e .")]
    monkeypatch.setattr(doctor, "examine", lambda: good)
    assert _run() == 0
    out = capsys.readouterr().out
    assert "Ready to play." in out
    assert "fix: x" in out
    monkeypatch.setattr(doctor, "examine", lambda: bad)
    assert _run() == 1
    out = capsys.readouterr().out
    assert "fix: pip install -e ." in out
    assert "Not ready to play" in out


def test_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = [Finding("device", "kernel", False, "missing", "pip install -e .")]
    monkeypatch.setattr(doctor, "examine", lambda: found)
    assert _run("--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["findings"][0]["remedy"] == "pip install -e ."


def _finding(name: str) -> Finding:
    return next(finding for finding in doctor_checks.examine() if finding.name == name)


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(
        sys.modules, "soxr", None
    )  # what import sees of a package that is not there
    finding = _finding("soxr")
    assert (finding.ok, finding.remedy) == (False, "pip install soxr")


@pytest.mark.parametrize(
    ("module", "name", "remedy"),
    [
        ("rtmidi", "python-rtmidi", "pip install 'ddsp-edge[live]'"),
        ("alsaaudio", "pyalsaaudio", "apt-get install -y libasound2-dev && pip install"),
    ],
)
def test_a_missing_part_of_live_playing(
    monkeypatch: pytest.MonkeyPatch, module: str, name: str, remedy: str
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, module, None)
    finding = _finding(name)
    assert (finding.group, finding.ok) == ("live", False)
    assert remedy in finding.remedy


def test_without_lgpio_there_are_no_pins_and_that_is_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "lgpio", None)
    finding = _finding("lgpio")
    assert (finding.group, finding.ok) == ("pedal", False)
    assert "no pins" in finding.detail and "everything else works" in finding.detail
    assert "apt-get install -y python3-lgpio" in finding.remedy
    assert _run("--json") == 0  # the group decides nothing


def test_no_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(doctor_checks.RUNTIMES):
        monkeypatch.setitem(doctor_checks.RUNTIMES, name, ("no_such_module", f"pip install {name}"))
    finding = _finding("TFLite runtime")
    assert (finding.ok, finding.remedy) == (False, "pip install litert")


def test_models_that_load_and_that_do_not(
    models_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(catalog, "shipped_folder", lambda: tmp_path / "shipped")
    finding = _finding("models")
    assert not finding.ok
    assert str(models_folder) in finding.remedy
    write_bundle(models_folder / "tiny.zip", tiny_bundle())
    (models_folder / "bad.zip").write_text("nonsense")
    finding = _finding("models")
    assert (finding.ok, finding.detail) == (True, "tiny")
    broken = _finding("bad")
    assert (broken.group, broken.ok) == ("models", False)
    assert "bad.zip" in broken.remedy


def test_no_sound_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    monkeypatch.setattr(doctor_checks, "SOUND_CARDS", cards)
    assert not _finding("sound card").ok
    cards.write_text("--- no soundcards ---\n")
    assert not _finding("sound card").ok
    cards.write_text(
        " 0 [Device         ]: USB-Audio - USB Audio Device\n"
        "                      C-Media at usb-0000:01:00.0-1.3\n"
    )
    finding = _finding("sound card")
    assert finding.ok
    assert "USB Audio Device" in finding.detail
