import mido
import numpy as np
import pytest
import soundfile

from ddsp_edge.errors import UserError
from ddsp_edge.render import default_out, render, render_file
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
    assert report.out == default_out(tone_path, report.model)
    assert (folder / report.out).exists()


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
