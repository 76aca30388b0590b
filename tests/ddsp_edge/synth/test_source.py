"""MIDI files to frames: times, pitches, levels; files that are broken or hostile."""

import io
import itertools
import math
import random
import struct
from dataclasses import replace

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import mutate
from tiny_decoder import INFO

from ddsp_edge.demo import TUNE
from ddsp_edge.errors import UserError
from ddsp_edge.midi import file as midi_file
from ddsp_edge.settings import Settings
from ddsp_edge.synth.source import FileNote, synth_frames
from ddsp_edge.units import SILENCE_DB

HOP = INFO.hop_s
TICKS = 24_000  # a beat of 0.5 s: 48000 ticks a second


def message(kind, seconds, **values):
    """A message ``seconds`` after the one before."""
    return mido.Message(kind, time=round(seconds * 2 * TICKS), **values)


def on(note, seconds=0.0, velocity=100, channel=0):
    return message("note_on", seconds, note=note, velocity=velocity, channel=channel)


def off(note, seconds=0.0, channel=0):
    return message("note_off", seconds, note=note, channel=channel)


def control(number, value, seconds=0.0):
    return message("control_change", seconds, control=number, value=value)


@pytest.fixture
def play(tmp_path):
    def from_messages(*messages, settings=None, info=INFO, tracks=(), **header):
        file = mido.MidiFile(ticks_per_beat=TICKS, **header)
        file.tracks.append(mido.MidiTrack(messages))
        file.tracks.extend(mido.MidiTrack(track) for track in tracks)
        path = tmp_path / "tune.mid"
        file.save(path)
        plain = (settings or Settings()).changed({"expression": 0})
        return synth_frames(path, info, plain)

    return from_messages


def at(performance, time_s):
    """The frame that holds at a time."""
    return [frame for frame in performance.frames if frame.time_s <= time_s + 1e-9][-1]


def sane(performance, info=INFO):
    """What holds of every performance."""
    times = [frame.time_s for frame in performance.frames]
    assert times[0] == 0.0
    assert all(b > a for a, b in itertools.pairwise(times))
    assert max(np.diff(times), default=0.0) < info.hop_s * 1.05
    for frame in performance.frames:
        assert 0.0 < frame.f0_hz < 100_000
        assert SILENCE_DB <= frame.loudness_db <= 0.0
    assert performance.frames[-1].loudness_db == SILENCE_DB
    assert performance.duration_s > times[-1]


def test_a_note_starts_at_its_own_time_and_not_at_the_next_hop(play):
    performance = play(on(69, 0.10313), off(69, 0.5))
    sane(performance)
    onsets = [frame for frame in performance.frames if frame.onset]
    assert [frame.time_s for frame in onsets] == [pytest.approx(0.10313, abs=3e-5)]
    assert onsets[0].f0_hz == pytest.approx(440.0)
    assert onsets[0].loudness_db > -60
    assert at(performance, onsets[0].time_s - 1e-4).loudness_db == SILENCE_DB


@pytest.mark.parametrize("frames_later", [0, 1, 7])
def test_an_onset_on_the_grid_replaces_that_frame_and_sounds_at_once(play, frames_later):
    start = 0.1 + frames_later * HOP
    performance = play(on(69, start), off(69, 0.5), settings=Settings(attack=0.01))
    near = [f for f in performance.frames if abs(f.time_s - start) < HOP / 2]
    assert len(near) == 1 and near[0].onset
    # It holds for a hop of 5 ms: half of the attack.
    top = max(frame.loudness_db for frame in performance.frames)
    assert top - 1.5 < near[0].loudness_db < top


def test_equal_temperament_and_bend(play):
    performance = play(
        on(60), message("pitchwheel", 0.2, pitch=8191), off(60, 0.2), on(45), off(45, 0.3)
    )
    sane(performance)
    assert at(performance, 0.1).f0_hz == pytest.approx(261.6256, rel=1e-6)
    assert at(performance, 0.3).f0_hz == pytest.approx(293.6648, rel=1e-6)
    assert at(performance, 0.6).f0_hz == pytest.approx(110 * 2 ** (2 / 12), rel=1e-6)
    note = performance.notes[0]
    assert performance.pitch_hz(note, 0.1) == pytest.approx(261.6256, rel=1e-6)
    assert performance.pitch_hz(note, 0.3) == pytest.approx(293.6648, rel=1e-6)


def test_tempo_changes_and_tracks(play):
    slow = mido.MetaMessage("set_tempo", tempo=1_000_000, time=2 * TICKS)  # after 1 s
    performance = play(slow, tracks=[[on(60, 1.0), off(60, 0.5)]], type=1)
    assert performance.notes == [FileNote(1.0, 2.0, 60, 100)]


def test_velocity_and_controllers_are_decibels(play):
    info = INFO
    loud = at(play(on(60, velocity=127), off(60, 1.0), settings=Settings(sustain=1)), 0.5)
    soft = at(play(on(60, velocity=1), off(60, 1.0), settings=Settings(sustain=1)), 0.5)
    assert loud.loudness_db == pytest.approx(info.max_loudness_db)
    assert soft.loudness_db == pytest.approx(info.max_loudness_db - 30 * 126 / 127)
    half = play(control(7, 64), on(60, velocity=127), off(60, 1.0), settings=Settings(sustain=1))
    assert at(half, 0.5).loudness_db == pytest.approx(loud.loudness_db - 11.9, abs=0.1)


def test_repeated_notes_are_struck_again_and_legato_is_not(play):
    settings = Settings(sustain=1, attack=0.02)
    again = play(on(60), off(60, 0.5), on(60), off(60, 0.5), settings=settings)
    legato = play(on(60), on(62, 0.5), off(60, 0.01), off(62, 0.5), settings=settings)
    held = at(again, 0.45).loudness_db
    dip, rise = [f for f in again.frames if f.onset and f.time_s > 0.1]
    assert (dip.time_s, rise.time_s) == (0.5, pytest.approx(0.505))
    assert dip.loudness_db == pytest.approx(held - 12, abs=0.1)
    assert held - 6 < rise.loudness_db < held
    assert min(f.loudness_db for f in legato.frames if 0.4 < f.time_s < 0.9) == pytest.approx(held)
    onset = next(f for f in legato.frames if f.onset and f.time_s > 0.1)
    assert onset.f0_hz == pytest.approx(293.6648, rel=1e-6)


def test_a_chord_is_one_onset_of_its_last_note(play):
    performance = play(on(60), on(64), on(67), off(60, 0.5), off(64), off(67))
    assert [f.f0_hz for f in performance.frames if f.onset] == [pytest.approx(391.995, rel=1e-5)]
    assert len(performance.notes) == 3
    sane(performance)


def test_notes_that_never_end_do(play):
    performance = play(on(60, 0.1), control(64, 127), control(1, 100, 0.4))
    sane(performance)
    assert performance.duration_s < 1.5


@pytest.mark.parametrize("release", [0.001, 0.15, 5.0])
def test_the_end_waits_for_the_release(play, release):
    performance = play(on(60), off(60, 0.2), settings=Settings(release=release))
    sane(performance)
    assert 0.2 + release <= performance.duration_s < 0.2 + 1.5 * release + 0.1


def test_the_drums_are_left_out(play):
    performance = play(on(60), on(36, 0.1, channel=9), off(36, channel=9), off(60, 0.4))
    assert performance.skipped == 2
    assert [note.number for note in performance.notes] == [60]
    with pytest.raises(UserError, match="drums"):
        play(on(36, channel=9), off(36, 0.5, channel=9))


def test_all_other_channels_play(play):
    performance = play(on(60, channel=3), off(60, 0.2, channel=3), on(62, 0.1), off(62, 0.2))
    assert [note.number for note in performance.notes] == [60, 62]


def test_no_notes(play):
    with pytest.raises(UserError, match="holds no notes"):
        play(control(7, 100, 1.0))
    with pytest.raises(UserError, match="holds no notes"):
        play(on(60, velocity=0))


def test_the_end_does_not_wait_for_messages_that_change_nothing(play):
    performance = play(on(60), off(60, 0.2), control(7, 90, 20.0))
    sane(performance)
    assert performance.duration_s < 1.0


def test_the_end_waits_for_a_pedal_that_holds_the_last_note(play):
    performance = play(control(64, 127), on(60), off(60, 0.2), control(64, 0, 2.0))
    sane(performance)
    assert at(performance, 2.1).loudness_db > -60
    assert 2.2 < performance.duration_s < 3.0


def test_a_long_silence_is_bounded(play, monkeypatch):
    monkeypatch.setattr(midi_file, "MAX_SECONDS", 5.0)
    with pytest.raises(UserError, match="at most 5"):
        play(on(60), off(60, 6.0))


def chunk(name, data):
    return name + struct.pack(">I", len(data)) + data


def header():
    return chunk(b"MThd", struct.pack(">hhh", 0, 1, 480))


def played_or_refused(path):
    """What became of a file; nothing but a UserError that names it may be raised."""
    try:
        performance = synth_frames(path, INFO, Settings())
    except UserError as error:
        return "refused" if path.name in str(error) else f"refused without its name: {error}"
    sane(performance)
    return "played"


@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_play_or_are_refused(tmp_path_factory, data, with_header):
    path = tmp_path_factory.getbasetemp() / "random.mid"
    path.write_bytes(header() + chunk(b"MTrk", data) if with_header else data)
    assert played_or_refused(path) in ("played", "refused")


def test_damaged_copies_of_the_tune_play_or_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(midi_file, "MAX_SECONDS", 60.0)  # no need to play an hour
    rng, data, path = random.Random(2), TUNE.read_bytes(), tmp_path / "damaged.mid"
    found = set()
    for _ in range(60):
        path.write_bytes(mutate(data, rng))
        found.add(played_or_refused(path))
    assert found == {"played", "refused"}


steps = st.integers(0, TICKS)
events = st.one_of(
    st.builds(
        lambda n, v, t, c: mido.Message("note_on", note=n, velocity=v, time=t, channel=c),
        st.integers(20, 110),
        st.integers(0, 127),
        steps,
        st.integers(0, 15),
    ),
    st.builds(lambda n, t: mido.Message("note_off", note=n, time=t), st.integers(58, 62), steps),
    st.builds(
        lambda c, v, t: mido.Message("control_change", control=c, value=v, time=t),
        st.sampled_from([1, 6, 7, 11, 64, 100, 101, 120, 121, 123]),
        st.integers(0, 127),
        steps,
    ),
    st.builds(
        lambda p, t: mido.Message("pitchwheel", pitch=p, time=t), st.integers(-8192, 8191), steps
    ),
)


@given(st.lists(events, max_size=25), st.sampled_from([HOP, 0.02]))
def test_any_stream_of_events_ends_in_silence(tmp_path_factory, messages, hop_s):
    file = mido.MidiFile(ticks_per_beat=TICKS)
    start = mido.Message("note_on", note=60, velocity=90)
    file.tracks.append(mido.MidiTrack([start, *messages]))
    stream = io.BytesIO()
    file.save(file=stream)
    path = tmp_path_factory.getbasetemp() / "events.mid"
    path.write_bytes(stream.getvalue())
    info = replace(INFO, profile="vst", frame_rate=1 / hop_s)
    performance = synth_frames(path, info, Settings(release=0.05))
    sane(performance, info)
    score, now = [], 0.0
    for each in file:
        now += each.time
        if each.type == "note_on" and each.velocity > 0 and each.channel != 9:
            score.append(now)
    onsets = [f.time_s for f in performance.frames if f.onset]
    # Every note of the score has its onset at its own time.
    for time_s in score:
        assert min(abs(t - time_s) for t in onsets) < 1e-9
    assert all(
        math.isfinite(note.end_s) and note.end_s >= note.start_s for note in performance.notes
    )
    assert len(performance.notes) == len(score)
