"""The judge of the ladder: a folder made like the thesis's, and what is wrong with one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ddsp_edge.training.study import ladder


@pytest.fixture
def thesis(tmp_path: Path) -> Path:
    """Two clips of a tone, and renderings: one the same, one soft and noisy, one detuned."""
    folder = tmp_path / "thesis"
    (folder / ladder.CLIPS).mkdir(parents=True)
    at = np.arange(16_000) / 16_000
    rng = np.random.default_rng(1)
    for number, f0_hz in ((7, 440.0), (10, 330.0)):
        # Four strokes: a tone that only swells is as like itself a hundredth of a second later.
        swell = 0.5 * np.exp(-8.0 * (at % 0.25)) * np.minimum(1.0, (at % 0.25) / 0.005)
        tone = sum(swell * np.sin(2 * np.pi * k * f0_hz * at) / k for k in range(1, 12)) * 0.3
        tone = tone + 1e-3 * rng.standard_normal(len(at))
        sounds = {"gt": tone}
        for name, level in zip(ladder.PEERS, (0.0, 0.01, 0.03), strict=True):
            sounds[name] = tone + level * rng.standard_normal(len(at))
        for name, sound in sounds.items():
            path = folder / ladder.CLIPS / f"sample_{number}_{name}.wav"
            soundfile.write(path, 0.5 * sound, 16_000)
    return folder


def test_peers_and_ours_are_measured(
    thesis: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "found.json"
    assert ladder.main([str(thesis), "violin", "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert list(found) == [*ladder.PEERS.values(), "violin"]
    losses = [np.mean([row["loss"] for row in rows]) for rows in found.values()]
    assert losses[0] < 0.1 < losses[1] < losses[2]
    assert all(row["f0_cents"] < 5.0 for row in found["violin"])
    assert all(0.0 <= row["delay_s"] <= 0.03 for row in found["violin"])
    assert "| violin |" in capsys.readouterr().out


def test_the_clips_are_in_the_order_of_their_numbers(thesis: Path) -> None:
    assert [number for number, _ in ladder.clips(thesis)] == [7, 10]


def test_a_conversion_without_a_low_pass_folds_what_is_above() -> None:
    at = np.arange(44_100) / 44_100
    folded = ladder.as_the_clips_were_made(np.sin(2 * np.pi * 9000 * at))
    assert len(folded) == 16_000
    peak_hz = np.argmax(np.abs(np.fft.rfft(folded)))
    assert peak_hz == 7000


def test_a_folder_without_clips_and_a_result_that_is_there_are_refused(
    thesis: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ladder.main([str(tmp_path / "nothing")]) == 2
    assert "vvolhejn/thesis" in capsys.readouterr().err
    out = tmp_path / "found.json"
    out.write_text("{}")
    assert ladder.main([str(thesis), "--out", str(out)]) == 2
    assert "--out" in capsys.readouterr().err
    assert out.read_text() == "{}"
