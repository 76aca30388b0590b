import mido
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from tiny_decoder import tiny_bundle

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.offline.rendering import default_out, render, render_file
from ddsp_edge.settings import Settings


@pytest.fixture
def tone_path(tmp_path):
    t = np.arange(22_050) / 44_100
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 330 * t), 44_100)
    return path


@pytest.fixture
def midi_path(tmp_path):
    track = mido.MidiTrack()
    for note in (57, 60):
        track.append(mido.Message("note_on", note=note, velocity=90, time=0))
        track.append(mido.Message("note_off", note=note, time=240))
    file = mido.MidiFile()
    file.tracks.append(track)
    path = tmp_path / "two.mid"
    file.save(path)
    return path


def test_audio_is_as_long_as_its_input_and_its_tail(tone_path, tiny_path):
    dry = render(tone_path, tiny_path, settings=Settings(reverb_wet=0))
    assert dry.duration_s == pytest.approx(0.5, abs=0.05)
    wet = render(tone_path, tiny_path, settings=Settings(reverb_wet=0.5, reverb_size=0.9))
    assert wet.duration_s > dry.duration_s + 0.3
    assert dry.input_audio is not None and len(dry.input_audio) == 24_000
    assert dry.performance is None


def test_midi_ends_in_silence(midi_path, tiny_path):
    report = render(midi_path, tiny_path, settings=Settings(reverb_wet=0))
    assert [note.number for note in report.performance.notes] == [57, 60]
    assert report.duration_s > 0.5
    assert np.abs(report.sound[-1]).max() < 1e-3


@pytest.fixture
def save(tmp_path):
    def messages(*track):
        file = mido.MidiFile(ticks_per_beat=480)
        file.tracks.append(mido.MidiTrack(track))
        file.save(tmp_path / "made.mid")
        return tmp_path / "made.mid"

    return messages


CHORD = (57, 61, 64, 72)
PLAIN = {"expression": 0, "reverb_wet": 0, "noise_gain": -60}


def heard(report, note):
    """Level of a note's fundamental while it is held, dB, as if nothing had been turned down."""
    sound = report.sound[4800:43_200, 0]
    hz = 440 * 2 ** ((note - 69) / 12)
    turn = np.exp(-2j * np.pi * hz * np.arange(len(sound)) / 48_000) * np.hanning(len(sound))
    return 20 * np.log10(np.abs(sound @ turn) / len(sound) + 1e-9) + report.lowered_db


def test_a_chord_has_all_its_notes_with_voices_enough_and_one_without(save, tiny_path):
    on = [mido.Message("note_on", note=note, velocity=90, time=0) for note in CHORD]
    off = [mido.Message("note_off", note=note, time=0) for note in CHORD]
    path = save(*on, off[0].copy(time=960), *off[1:])
    chord = render(path, tiny_path, settings=Settings(voices=4, **PLAIN))
    one = render(path, tiny_path, settings=Settings(**PLAIN))
    levels = [heard(chord, note) for note in CHORD]
    assert max(levels) - min(levels) < 3
    assert heard(one, CHORD[-1]) == pytest.approx(levels[-1], abs=3)
    assert all(heard(one, note) < min(levels) - 25 for note in CHORD[:-1])
    assert chord.duration_s == pytest.approx(one.duration_s, abs=0.1)
    assert np.array_equal(chord.sound, render(path, tiny_path, settings=chord.settings).sound)


def test_pan_in_a_file(save, tiny_path):
    path = save(
        mido.Message("control_change", control=10, value=0),
        mido.Message("note_on", note=60, velocity=90),
        mido.Message("control_change", control=10, value=127, time=480),
        mido.Message("note_off", note=60, time=480),
    )
    sound = render(path, tiny_path, settings=Settings(**PLAIN)).sound
    left, right = (np.abs(sound[a:b]).max(axis=0) for a, b in ((4800, 23_000), (28_000, 47_000)))
    assert left[1] < 1e-5 < 1e-2 < left[0] and right[0] < 1e-5 < 1e-2 < right[1]


any_message = st.one_of(
    st.builds(
        lambda note, velocity, time: mido.Message(
            "note_on", note=note, velocity=velocity, time=time
        ),
        st.integers(0, 127),
        st.integers(0, 127),
        st.integers(0, 200),
    ),
    st.builds(
        lambda control, value: mido.Message("control_change", control=control, value=value),
        st.integers(0, 127),
        st.integers(0, 127),
    ),
    st.builds(lambda pitch: mido.Message("pitchwheel", pitch=pitch), st.integers(-8192, 8191)),
)


@given(st.lists(any_message, max_size=30), st.sampled_from([1, 3, 8]))
def test_any_music_is_a_sound_that_ends_in_silence(tmp_path_factory, messages, voices):
    path = tmp_path_factory.getbasetemp() / "any.mid"
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(mido.MidiTrack([mido.Message("note_on", note=60), *messages]))
    file.save(path)
    report = render(path, tiny_bundle(), settings=Settings(voices=voices, release=0.05))
    assert np.all(np.isfinite(report.sound)) and np.abs(report.sound).max() <= 1.0
    assert report.lowered_db < 20 * np.log10(voices) + 18
    assert len({frame.voice for frame in report.frames}) <= voices
    assert np.abs(report.sound[-480:]).max() < 1e-2


def test_the_same_twice_and_on_disk(tone_path, tiny_path, tmp_path):
    a = render_file(tone_path, tiny_path, tmp_path / "a.wav")
    b = render(tone_path, tiny_path)
    assert np.array_equal(a.sound, b.sound)
    written, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == 48_000 and soundfile.info(tmp_path / "a.wav").subtype == "PCM_24"
    assert np.abs(written - np.clip(a.sound, -1, 1)).max() < 2**-22


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000, 192_000])
def test_any_rate(rate, tone_path, tiny_path):
    report = render(tone_path, tiny_path, rate=rate)
    assert report.rate == rate and len(report.sound) >= rate // 2
    assert np.all(np.isfinite(report.sound))


def test_too_loud_is_turned_down_not_clipped(tone_path, tiny_path):
    report = render(tone_path, tiny_path, settings=Settings(output_gain=24, harmonic_gain=12))
    assert report.lowered_db > 0
    assert np.abs(report.sound).max() <= 1.0


def test_seeds_change_only_noise(tone_path, tiny_path):
    quiet = Settings(noise_gain=-60)
    a, b = (render(tone_path, tiny_path, settings=quiet, seed=s).sound for s in (1, 2))
    assert np.abs(a - b).max() < 0.01


def test_default_out_is_in_the_current_folder(tone_path, tiny_path, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    report = render_file(tone_path, tiny_path)
    named = default_out(tone_path, report.model)
    assert report.out == named and named.exists()


def test_an_earlier_result_is_not_lost(tone_path, tiny_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    named = default_out(tone_path, read_bundle(tiny_path).info)
    named.write_bytes(b"the first")
    second, third = (render_file(tone_path, tiny_path).out for _ in range(2))
    assert [str(second), str(third)] == [f"{named.stem}-2.wav", f"{named.stem}-3.wav"]
    assert named.read_bytes() == b"the first"
    picture = tmp_path / "p.png"
    picture.write_bytes(b"drawn")
    for out, drawn, lost in ((named, None, named), (tmp_path / "new.wav", picture, picture)):
        option = "--out" if drawn is None else "--picture"
        with pytest.raises(UserError, match=f"^{lost}: exists already; add --force .*{option}"):
            render_file(tone_path, tiny_path, out, picture=drawn)
    assert picture.read_bytes() == b"drawn" and not (tmp_path / "new.wav").exists()
    again = render_file(tone_path, tiny_path, overwrite=True).out
    assert again == named and soundfile.info(named).frames > 0


def test_bad_requests(tone_path, tiny_path, tmp_path):
    with pytest.raises(UserError, match="input itself"):
        render_file(tone_path, tiny_path, tone_path)
    with pytest.raises(UserError, match="no such file"):
        render_file(tmp_path / "none.wav", tiny_path)
    with pytest.raises(UserError, match="does not exist"):
        render_file(tone_path, tiny_path, tmp_path / "no" / "a.wav")
    with pytest.raises(UserError, match="a picture is"):
        render_file(tone_path, tiny_path, tmp_path / "a.wav", picture=tmp_path / "a.txt")
    with pytest.raises(UserError, match="8000 to 192000"):
        render(tone_path, tiny_path, rate=4_000)
    assert not (tmp_path / "a.wav").exists()
