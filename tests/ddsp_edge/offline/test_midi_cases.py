"""What MIDI files of the field sound like, and what is said of those that are not heard."""

from pathlib import Path

import mido
import numpy as np
import pytest

from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings
from ddsp_edge.synth.source import synth_frames

CASES = Path(__file__).parents[1] / "midi" / "cases"


@pytest.fixture
def save(tmp_path):
    def messages(*track):
        file = mido.MidiFile(ticks_per_beat=480)
        file.tracks.append(mido.MidiTrack(track))
        file.save(tmp_path / "made.mid")
        return tmp_path / "made.mid"

    return messages


def note(**values):
    on = mido.Message("note_on", note=60, **values)
    return on, mido.Message("note_off", note=60, time=480)


def test_a_roland_s_all_notes_off_sounds_as_without(tiny_path):
    with_it = render(CASES / "k01-roland-cc123-pedal.mid", tiny_path)
    without = render(CASES / "k01b-same-without-cc123.mid", tiny_path)
    assert np.array_equal(with_it.sound, without.sound)


def test_a_muted_track_mutes_no_other(tiny_path):
    report = render(CASES / "k02-ch2-cc7-0.mid", tiny_path, settings=Settings(voices=4))
    assert np.abs(report.sound).max() > 0.01 and not report.remarks


def test_a_bend_on_another_channel_bends_nothing(tiny_path):
    path = CASES / "k03-ch2-bend.mid"
    performance = synth_frames(path, find_model(tiny_path).info, Settings(expression=0))
    sounding = {round(f.f0_hz, 2) for f in performance.frames if f.loudness_db > -79}
    assert sounding == {261.63}


def test_breath_at_rest_is_not_breath(tiny_path):
    report = render(CASES / "k17-breath0.mid", tiny_path)
    assert np.abs(report.sound).max() > 0.01 and not report.remarks


def test_a_key_above_the_range_softens_no_other():
    plain = Settings(expression=0)
    tune = render(CASES / "k22-tune.mid", "violin", settings=plain)
    more = render(CASES / "k22-tune-plus-108.mid", "violin", settings=plain)
    assert more.lowered_db == tune.lowered_db == 0.0
    same = slice(0, 2 * 48_000 - 4800)
    assert np.array_equal(more.sound[same], tune.sound[same])


@pytest.mark.parametrize("name", ["volume (CC 7)", "expression (CC 11)"])
def test_a_silent_rendering_says_what_silences_it(save, tiny_path, name):
    number = int(name.split()[-1].rstrip(")"))
    mute = mido.Message("control_change", control=number, value=0, channel=3)
    path = save(mute, *(each.copy(channel=3) for each in note()))
    report = render(path, tiny_path)
    assert report.remarks == [f"nothing is heard: {name} is 0 on channel 4"]


def test_a_fade_from_nothing_is_no_silence(save, tiny_path):
    start, end = note()
    fade = mido.Message("control_change", control=11, value=127, time=100)
    path = save(mido.Message("control_change", control=11, value=0), start, fade, end)
    assert not render(path, tiny_path).remarks


def test_a_rendering_too_soft_to_hear_names_the_settings(save, tiny_path):
    settings = Settings(output_gain=-60, harmonic_gain=-60, noise_gain=-60)
    report = render(save(*note(velocity=1)), tiny_path, settings=settings)
    assert "output_gain" in report.remarks[0]


def test_silence_in_is_told(tmp_path, tiny_path):
    import soundfile

    soundfile.write(tmp_path / "silence.wav", np.zeros(24_000), 48_000)
    report = render(tmp_path / "silence.wav", tiny_path)
    assert report.remarks == ["nothing is heard: the input is silent (its peak is -200 dBFS)"]


def test_notes_without_a_length_are_told(save, tiny_path):
    start, end = note()
    report = render(save(start, end.copy(time=0)), tiny_path)
    assert report.remarks == ["nothing is heard: its notes have no length"]


def test_a_recording_that_is_named_like_midi(tmp_path, tiny_path):
    import soundfile

    soundfile.write(tmp_path / "take.mid", np.zeros(24_000), 48_000, format="WAV")
    report = render(tmp_path / "take.mid", tiny_path)
    assert report.remarks == ["nothing is heard: the input is silent (its peak is -200 dBFS)"]
