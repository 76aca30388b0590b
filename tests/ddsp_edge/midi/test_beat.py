"""Beats and bar lines of a tempo map."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest

from ddsp_edge.midi.beat import beats_of
from ddsp_edge.midi.file import read_midi


def test_a_tempo_map_goes_on_from_beat_to_beat() -> None:
    beats = beats_of([(0.0, 2.0), (3.0, 1.0)], [(0.0, 3.0)])
    assert [(b.at_s, b.beats, b.hz, b.bar) for b in beats] == [(0, 0, 2, 3), (3, 6, 1, 3)]


def test_a_file_tells_its_tempos_and_bars(tmp_path: Path) -> None:
    track = mido.MidiTrack(
        [
            mido.MetaMessage("time_signature", numerator=6, denominator=8),
            mido.MetaMessage("set_tempo", tempo=500_000),
            mido.Message("note_on", note=60, velocity=90),
            mido.MetaMessage("set_tempo", tempo=1_000_000, time=960),
            mido.Message("note_off", note=60, time=960),
        ]
    )
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(tmp_path / "a.mid")
    found = read_midi(tmp_path / "a.mid")
    assert [(b.at_s, b.beats, b.hz, b.bar) for b in found.beats] == [(0, 0, 2, 3), (1, 2, 1, 3)]
    assert found.messages[-1][0] == pytest.approx(3.0)
