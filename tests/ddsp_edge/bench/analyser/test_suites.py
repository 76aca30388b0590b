"""The bench's signals, trackers and references: known sounds give known figures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from places import AUDIO

from ddsp_edge import evaluation
from ddsp_edge.bench.analyser import report, suites
from ddsp_edge.bench.analyser.notes import LEAD_S, RecordedNote, first_pitch, summarise
from ddsp_edge.bench.analyser.recordings import recordings
from ddsp_edge.bench.analyser.signals import RATE, harmonic, onset, steady, tracks
from ddsp_edge.bench.analyser.trackers import kernel
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation.tracking import score


def test_signals_have_the_pitch_that_they_claim() -> None:
    """By the offline tracker, which the analyser has no part in."""
    chosen = [s for group, s in tracks() if group.startswith(("vibrato", "clipped"))][::5]
    assert len(chosen) >= 3
    for signal in chosen:
        low = signal.reference.f0_hz[signal.reference.f0_hz > 0].min()
        heard = evaluation.track_f0(signal.audio, RATE, low * 0.8, low * 1.4)
        theirs = np.interp(signal.reference.times_s, heard.times_s, heard.f0_hz)
        known = (signal.reference.f0_hz > 0) & (theirs > 0)
        assert known.mean() > 0.8
        error = evaluation.pitch.cents(theirs[known], signal.reference.f0_hz[known])
        assert np.median(np.abs(error)) < 5.0


def test_a_missing_fundamental_is_missing() -> None:
    whole, without = (harmonic(np.full(RATE, 200.0), "soft", n) for n in (0, 1))
    level = [np.abs(np.fft.rfft(x))[200] for x in (whole, without)]
    assert level[1] < 1e-3 * level[0]


def test_an_onset_begins_where_it_says() -> None:
    audio, at = onset(220.0, "soft", 17)
    begin = round(at * RATE)
    assert begin == 9617
    assert np.sqrt(np.mean(audio[:begin] ** 2)) == pytest.approx(10 ** (-75 / 20), rel=0.05)
    assert np.sqrt(np.mean(audio[begin + 480 :] ** 2)) == pytest.approx(0.1, rel=0.05)


def test_the_kernel_meets_its_goals_on_every_synthetic_signal() -> None:
    rows = suites.synthetic(own_only=True, say=lambda text: None)
    assert {row.tracker for row in rows} == {suites.OWN} and len(rows) == 9
    for row in rows:
        assert row.score.accuracy >= 0.98, row.material
        assert row.score.clean_gross <= 0.005, row.material
        assert row.score.median_cents <= 4.0, row.material


def test_peers_hear_a_plain_tone() -> None:
    pytest.importorskip("librosa")
    from ddsp_edge.bench.analyser.trackers import yin

    signal = next(s for group, s in tracks() if group == "clipped by 12 dB" and s.name == "196")
    for tracker in (kernel, yin):
        assert score(tracker(signal.audio), signal.reference).accuracy > 0.98


def test_first_pitches_are_counted_as_right_near_or_gross() -> None:
    tone = steady(220.0, 0.5).astype(np.float32)
    audio = np.concatenate([np.zeros(round(LEAD_S * RATE), np.float32), tone])
    heard = [RecordedNote("a", audio, f0_hz, LEAD_S) for f0_hz in (220.0, 240.0, 440.0)]
    row = summarise(
        "ours", kernel, "a", [*heard, RecordedNote("a", np.zeros_like(audio), 220.0, LEAD_S)]
    )
    assert (row.notes, row.right, row.near, row.gross) == (4, 1, 1, 1)
    assert 5.0 < 1000 * (first_pitch(kernel, heard[0]) or (0, 0))[1] < 15.0


def test_recorded_notes_begin_with_their_own_pitch() -> None:
    pytest.importorskip("parselmouth")
    if not AUDIO.is_dir():
        pytest.skip("the recordings of ../shared are not here")
    rows = suites.first_pitches(AUDIO, True, lambda text: None, most=30)
    assert len(rows) == 5 and sum(row.notes for row in rows) > 120
    assert sum(row.right for row in rows) > 0.55 * sum(row.notes for row in rows)


def test_references_agree_on_a_clean_tone_and_not_on_noise() -> None:
    pytest.importorskip("librosa")
    pytest.importorskip("parselmouth")
    from ddsp_edge.bench.analyser.recordings import consensus

    tone = steady(196.0, 0.6)
    noise = np.random.default_rng(0).normal(0, 0.1, RATE // 3)
    found = consensus(np.concatenate([tone, noise]).astype(np.float32), 100.0, 800.0)
    early, late = found.times_s < 0.55, found.times_s > 0.65
    assert (found.f0_hz[early] > 0).mean() > 0.85
    known = early & (found.f0_hz > 0)
    assert np.abs(evaluation.pitch.cents(found.f0_hz[known], 196.0)).max() < 3.0
    assert (found.f0_hz[late] > 0).mean() < 0.3
    assert found.clean is not None and found.clean[known].mean() > 0.85


def test_a_second_note_is_not_clean() -> None:
    from ddsp_edge.bench.analyser.recordings import _is_clean

    one = steady(440.0, 0.3)
    assert _is_clean(one, 30, 440.0)
    assert not _is_clean(one + 0.7 * steady(660.0, 0.3), 30, 440.0)  # a fifth
    assert not _is_clean(one + 0.05 * steady(220.0, 0.3), 30, 220.0)  # or is it 440 Hz?


def test_recordings_are_read_and_missing_ones_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such recordings"):
        list(recordings(tmp_path))
    (tmp_path / "inputs").mkdir()
    file = tmp_path / "inputs" / "singing-female.wav"
    soundfile.write(file, steady(220.0, 1.0)[::2], RATE // 2)
    first = next(iter(recordings(tmp_path)))
    assert first[1] == "singing-female.wav"
    assert len(first[2]) == RATE and np.abs(first[2]).max() == pytest.approx(0.5, rel=0.01)


def test_the_report_is_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The whole bench takes a minute; one pitch, two signals say as much about the report.
    monkeypatch.setattr(suites, "ONSET_HZ", (440.0,))
    few = list(tracks())[:2]
    monkeypatch.setattr(suites, "tracks", lambda: few)
    assert report.bench_analyser(None, own_only=True, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"tracks", "onsets", "first_pitches", "loudness", "cost"}
    assert found["onsets"][0]["first_worst"] < 12.0
    assert report.bench_analyser(None, own_only=True, as_json=False) == 0
    text = capsys.readouterr().out
    assert "onset" in text and "440.0 Hz" in text
