"""What the pedal makes of sound: pitch that holds, loudness that fades into silence."""

import numpy as np
import pytest
import soxr
from tiny_decoder import INFO

from ddsp_edge.demo import VOICE
from ddsp_edge.effect.player import EffectPlayer
from ddsp_edge.effect.source import analyse, effect_frames, frames_of
from ddsp_edge.settings import Settings
from ddsp_edge.system.audio_file import read_audio
from ddsp_edge.units import SILENCE_DB

RATE = 48_000


def glide(seconds=1.0, rate=RATE, low=220.0, high=440.0, level=0.3):
    """A sawtooth-like tone rising exponentially, and its f0 at each sample."""
    f0 = np.geomspace(low, high, round(seconds * rate))
    phase = 2 * np.pi * np.cumsum(f0) / rate
    return (level * sum(np.sin(k * phase) / k for k in range(1, 7))).astype("f4"), f0


def noise(seconds, rms_db, seed=0):
    rng = np.random.default_rng(seed)
    return (10 ** (rms_db / 20) * rng.standard_normal(round(seconds * RATE))).astype("f4")


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 192_000])
def test_frames_come_at_the_models_rate_and_follow_the_pitch(rate):
    audio, f0 = glide(rate=rate)
    frames = effect_frames(audio, rate, INFO)
    times = np.array([frame.time_s for frame in frames])
    assert len(frames) == pytest.approx(1.0 / INFO.hop_s, abs=1)
    # The first pitch does not wait for its hop; from then on every hop.
    assert np.abs(np.diff(times[3:]) - INFO.hop_s).max() <= 1.01 / rate
    heard = np.array([frame.f0_hz for frame in frames])[40:]
    # The pitch of a little while ago: here an octave a second.
    asked = f0[np.round((times[40:] - 0.01) * rate).astype(int)]
    assert np.abs(1200 * np.log2(heard / asked)).max() < 25
    assert min(frame.confidence for frame in frames[40:]) > 0.8


def test_without_pitch_the_last_one_holds_and_loudness_follows():
    audio, f0 = glide(0.5)
    hiss = noise(0.5, -30)
    frames = effect_frames(np.concatenate([audio, hiss]), RATE, INFO)
    late = [frame for frame in frames if frame.time_s > 0.56]
    held = {round(frame.f0_hz, 3) for frame in late if frame.confidence < 0.5}
    assert all(abs(1200 * np.log2(hz / f0[-1])) < 60 for hz in held)
    assert np.mean([frame.loudness_db for frame in late]) == pytest.approx(-30, abs=1)
    assert np.median([frame.confidence for frame in late]) < 0.5


def test_no_pitch_before_the_first():
    frames = effect_frames(noise(0.3, -30), RATE, INFO)
    assert frames[0].f0_hz == 0.0


def test_a_sung_phrase_has_no_octave_jump():
    audio = read_audio(VOICE, RATE)
    features = analyse(audio, RATE, 0.005)
    sung = features[(features["confidence"] > 0.85) & (features["loudness_db"] > -40)]
    # The singer's range: C4 to A4 and no further.
    assert len(sung) > 400
    assert sung["f0_hz"].min() > 200 and sung["f0_hz"].max() < 560


@pytest.mark.parametrize("rms_db", [-120, -90, -75, -71])
def test_the_room_is_silence(rms_db):
    frames = effect_frames(noise(0.5, rms_db), RATE, INFO)
    assert {frame.loudness_db for frame in frames} == {SILENCE_DB}


def test_quiet_playing_is_not():
    frames = effect_frames(noise(0.5, -62), RATE, INFO)
    assert min(frame.loudness_db for frame in frames[10:]) > SILENCE_DB + 5


def test_any_length_and_any_number_is_heard():
    for length in (0, 1, 239, 240, 241):
        assert len(analyse(np.zeros(length, np.float32), RATE, 0.005)) == length // 240
    wild = np.array([1e30, -1e30, 1e-40, 0.0] * 2000, np.float32)
    features = analyse(wild, RATE, 0.005)
    assert all(np.all(np.isfinite(features[name])) for name in ("f0_hz", "confidence"))
    assert np.all(np.isfinite(features["loudness_db"]))


def test_the_rate_of_the_card_hardly_matters():
    """The same voice at 44.1 and 96 kHz gives the same track."""
    audio = read_audio(VOICE, RATE)
    other = soxr.resample(audio, RATE, 96_000, "HQ")
    a, b = analyse(audio, RATE, 0.005), analyse(other, 96_000, 0.005)
    both = (a["confidence"] > 0.85) & (b["confidence"][: len(a)] > 0.85)
    cents = 1200 * np.log2(a["f0_hz"][both] / b["f0_hz"][: len(a)][both])
    assert np.median(np.abs(cents)) < 3
    assert np.median(np.abs(a["loudness_db"] - b["loudness_db"][: len(a)])) < 0.3


@pytest.mark.parametrize(("snap", "most"), [("off", 25), ("soft", 8), ("hard", 2)])
def test_a_singer_out_of_tune_through_the_analyser(snap, most):
    """The demo's voice, 15 cents sharp: mean distance from the note where it is held, cents."""
    features = analyse(read_audio(VOICE, RATE), RATE, INFO.hop_s)
    note = np.round(69 + 12 * np.log2(np.maximum(features["f0_hz"], 1) / 440))
    features["f0_hz"] *= 2 ** (0.15 / 12)
    frames = frames_of(features, RATE, EffectPlayer(INFO.hop_s, Settings(snap=snap)))
    pitch = np.array([69 + 12 * np.log2(max(f.f0_hz, 1.0) / 440) for f in frames])
    # Over a vibrato's length, where one note is held for that long.
    middle = np.convolve(pitch, np.ones(36) / 36, "same")
    spans = [note[max(0, i - 18) : i + 18] for i in range(len(note))]
    held = np.array([np.ptp(span) == 0 for span in spans]) & (features["loudness_db"] > -30)
    assert held.sum() > 500
    error = 100 * np.abs(middle - note)[held].mean()
    assert error < most and (snap != "off" or error > 14)
