"""Frames in, sound out: settings, silence, time, determinism, clicks."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_decoder import tiny_bundle, vst_file

from ddsp_edge.bundles.bundle import read_bundle, with_response
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation import click_ratio, peak_dbfs, track_f0
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings

RATE, HOP = 48_000, 0.005
BUNDLE = tiny_bundle()
TONE_ONLY = {"reverb_wet": 0.0, "noise_gain": -60.0}


def held(seconds, hz=330.0, loudness_db=-20.0, start=0.0, hop=HOP):
    """The same frame, every hop."""
    return [FeatureFrame(start + i * hop, hz, loudness_db) for i in range(round(seconds / hop))]


def play(frames, seconds, bundle=BUNDLE, rate=RATE, seed=1, **settings):
    return Engine(bundle, rate, Settings(**{"reverb_wet": 0.0, **settings}), seed=seed).render(
        frames, seconds
    )


def rms_db(sound):
    return 20 * np.log10(np.sqrt(np.mean(np.square(sound, dtype=np.float64))) + 1e-12)


def test_stereo_of_the_length_asked_for():
    sound = play(held(0.2), 0.33333)
    assert sound.shape == (round(0.33333 * RATE), 2) and sound.dtype == np.float32
    assert play([], 0.1).shape == (4800, 2)
    assert np.all(play([], 0.1) == 0)
    assert play(held(0.1), 0.0).shape == (0, 2)


def test_a_response_is_added_before_the_room():
    room = np.zeros(3000, np.float32)
    room[[100, 2999]] = 0.5, -0.25
    bundle = with_response(BUNDLE, room)
    dry = play(held(0.3), 0.4)
    wet = play(held(0.3), 0.4, bundle)
    assert np.abs(wet[:100] - dry[:100]).max() < 1e-5
    gain = bundle.response.samples[[100, 2999]]
    wanted = dry.copy()
    wanted[100:] += gain[0] * dry[:-100]
    wanted[2999:] += gain[1] * dry[:-2999]
    assert np.abs(wet - wanted).max() < 1e-5
    assert np.array_equal(play(held(0.3), 0.4, bundle, body=0.0), dry)
    half = play(held(0.3), 0.4, bundle, body=0.5)
    assert np.abs(half - 0.5 * (dry + wanted)).max() < 1e-5


def test_the_same_frames_give_the_same_sound_and_reset_starts_anew():
    engine = Engine(BUNDLE, RATE, Settings(reverb_wet=0.4))
    first = engine.render(held(0.3), 0.4)
    engine.reset()
    assert np.array_equal(engine.render(held(0.3), 0.4), first)
    assert np.array_equal(play(held(0.3), 0.4, reverb_wet=0.4), first)


@given(st.lists(st.floats(0.05, 0.95), min_size=1, max_size=3))
def test_voices_of_one_noise_play_what_a_voice_alone_plays(starts):
    """Blocks of the shared noise end anywhere between the frames; other voices play meanwhile."""
    frames = [frame for start in starts for frame in held(0.1, start=start)]
    frames.sort(key=lambda frame: frame.time_s)
    others = [
        FeatureFrame(frame.time_s + 0.001 * voice, 200.0 * voice, -80.0, voice=voice)
        for frame in frames
        for voice in (1, 2)
    ]
    settings = Settings(reverb_wet=0.0)
    alone = Engine(BUNDLE, RATE, settings).render(frames, 1.2)
    together = Engine(BUNDLE, RATE, settings, voices=3).render(frames + others, 1.2)
    assert np.abs(alone).max() > 0.01
    assert rms_db(together - alone) < rms_db(alone) - 60


def test_the_seed_is_of_the_noise_alone():
    a, b = (play(held(0.3), 0.3, seed=seed, harmonic_gain=-60) for seed in (1, 2))
    assert np.abs(a - b).max() > 0.01
    a, b = (play(held(0.3), 0.3, seed=seed, **TONE_ONLY) for seed in (1, 2))
    assert rms_db(a - b) < rms_db(a) - 40


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 96_000, 192_000])
def test_the_pitch_is_that_of_the_frames_at_every_rate(rate):
    sound = play(held(0.5), 0.5, rate=rate, **TONE_ONLY)[:, 0]
    f0 = track_f0(sound, rate, 200, 600).f0_hz[10:-10]
    assert np.abs(1200 * np.log2(f0 / 330)).max() < 1.5


def test_pitch_shift_moves_sound_and_model_input_pitch_only_the_model():
    up = 330 * 2 ** (5 / 12)
    shifted = play(held(0.4), 0.4, pitch_shift=5)
    assert np.allclose(shifted, play(held(0.4, hz=up), 0.4), atol=1e-5)
    shown = play(held(0.4), 0.4, input_pitch=5, **TONE_ONLY)
    f0 = track_f0(shown[:, 0], RATE, 200, 600).f0_hz[10:-10]
    assert np.median(f0) == pytest.approx(330, rel=1e-3)
    assert np.abs(shown - play(held(0.4), 0.4, **TONE_ONLY)).max() > 1e-3


def test_input_gain_is_what_the_model_is_shown():
    assert np.array_equal(
        play(held(0.3, loudness_db=-20), 0.3, input_gain=-10), play(held(0.3, loudness_db=-30), 0.3)
    )
    assert np.all(play(held(0.3, loudness_db=-80), 0.3, input_gain=40) == 0)
    assert np.all(play(held(0.3, loudness_db=-60), 0.3, input_gain=-30) == 0)


def test_gains_are_decibels():
    plain = play(held(0.4), 0.4)
    louder = play(held(0.4), 0.4, output_gain=6)
    assert np.allclose(louder, plain * 10**0.3, rtol=1e-4, atol=1e-6)
    tone = play(held(0.4), 0.4, **TONE_ONLY)
    assert rms_db(play(held(0.4), 0.4, harmonic_gain=-6, **TONE_ONLY)) == pytest.approx(
        rms_db(tone) - 6, abs=0.2
    )
    hiss = play(held(0.4), 0.4, harmonic_gain=-60)
    softer = play(held(0.4), 0.4, harmonic_gain=-60, noise_gain=-12)
    assert rms_db(softer) == pytest.approx(rms_db(hiss) - 12, abs=0.3)


def test_silence_is_digital_and_comes_without_a_click():
    """The tiny model answers to silence as loudly as to anything."""
    frames = held(0.3) + held(0.3, loudness_db=-80.0, start=0.3)
    sound = play(frames, 0.6, **TONE_ONLY)[:, 0]
    assert peak_dbfs(sound[: round(0.3 * RATE)]) > -30
    overlap_s = 0.011  # of the noise's own frames
    assert np.all(sound[round((0.3 + HOP + overlap_s) * RATE) :] == 0)
    steps = np.abs(np.diff(sound))
    assert steps[round(0.299 * RATE) :].max() <= 1.2 * steps[: round(0.29 * RATE)].max()


def test_the_gate_has_no_edge():
    """Loudness that creeps into silence takes the level down with it, never at once."""
    levels = np.linspace(-70, -81, 200)
    frames = [FeatureFrame(i * HOP, 330.0, float(db)) for i, db in enumerate(levels)]
    sound = play(frames, 1.0, **TONE_ONLY)[:, 0]
    blocks = np.array([rms_db(block) for block in np.split(sound, 100)])
    steady = blocks[5:40].max()
    audible = blocks[blocks > steady - 30]
    assert np.all(np.diff(audible) < 1.0) and np.diff(audible).min() > -6


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -5.0, 1e30])
def test_wild_frames_are_harmless(bad):
    frames = [*held(0.1), FeatureFrame(0.1, bad, -20.0), FeatureFrame(0.105, 330.0, bad)]
    frames += held(0.2, start=0.11)
    sound = play(frames, 0.3, reverb_wet=0.5)
    assert np.all(np.isfinite(sound))
    assert peak_dbfs(sound[-4800:]) > -40  # and it plays on


def test_without_a_pitch_there_is_only_noise():
    sound = play(held(0.5, hz=0.0), 0.5)[:, 0]
    assert peak_dbfs(sound) > -60
    assert np.all(play(held(0.5, hz=0.0), 0.5, **TONE_ONLY) ** 2 < 1e-4)


@given(st.lists(st.tuples(st.floats(0, 0.02), st.floats(30, 3000), st.floats(-90, 5)), max_size=40))
def test_any_frames_at_any_times(steps):
    frames, now = [], 0.0
    for later, hz, loudness in steps:
        now += later
        frames.append(FeatureFrame(now, hz, loudness, onset=hz > 1000))
    sound = play(frames, 0.5)
    assert sound.shape == (24_000, 2) and np.all(np.isfinite(sound))


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_time_does_not_drift(rate):
    """After a thousand hops of an odd length an onset is where it belongs, to the sample."""
    hop = 1 / 300
    frames = [FeatureFrame(i * hop, 330.0, -80.0) for i in range(1000)]
    frames.append(FeatureFrame(1000 * hop, 330.0, -10.0, onset=True))
    sound = play(frames, 1000 * hop + 0.05, rate=rate, noise_gain=-60)[:, 0]
    first = int(np.flatnonzero(np.abs(sound) > 1e-7)[0])
    assert abs(first - round(1000 * hop * rate)) <= 3


def test_an_onset_is_there_at_once_a_frame_after_a_hop():
    def early(onset):
        """The first 3 ms, below what is there in the end."""
        frames = held(0.1, loudness_db=-80.0)
        frames += [FeatureFrame(0.1 + i * HOP, 330.0, -20.0, onset=onset) for i in range(20)]
        sound = play(frames, 0.2, **TONE_ONLY)[:, 0]
        return rms_db(sound[-4800:]) - rms_db(sound[round(0.1 * RATE) : round(0.103 * RATE)])

    assert early(True) < 6 and early(False) > early(True) + 3


def test_no_clicks_at_frame_edges():
    rng = np.random.default_rng(4)
    frames = [
        FeatureFrame(i * HOP, 300 * 2 ** (0.3 * math.sin(i / 17)), -25 + 8 * math.sin(i / 5)
                     + rng.uniform(-2, 2))
        for i in range(600)
    ]  # fmt: skip
    sound = play(frames, 3.0, **TONE_ONLY)[:, 0]
    assert click_ratio(sound, RATE, HOP) < 1.2


def chord_frames(*hz):
    """A steady note of each voice."""
    return [replace(f, voice=voice) for voice, pitch in enumerate(hz) for f in held(0.3, hz=pitch)]


def test_voices_sound_together_each_as_if_it_were_alone():
    pitches = (220.0, 330.0, 550.0)
    settings = Settings(**TONE_ONLY)
    chord = Engine(BUNDLE, RATE, settings, voices=3).render(chord_frames(*pitches), 0.3)
    alone = sum(Engine(BUNDLE, RATE, settings).render(held(0.3, hz=hz), 0.3) for hz in pitches)
    assert rms_db(chord - alone) < rms_db(alone) - 40  # the noise, turned down, differs
    in_time = sorted(chord_frames(*pitches), key=lambda frame: frame.time_s)
    again = Engine(BUNDLE, RATE, settings, voices=3).render(in_time, 0.3)
    assert np.array_equal(chord, again)


def test_each_voice_has_its_own_noise():
    def hiss(*hz):
        engine = Engine(BUNDLE, RATE, Settings(reverb_wet=0, harmonic_gain=-60), voices=4)
        return rms_db(engine.render(chord_frames(*hz), 0.3))

    Engine(BUNDLE, RATE, seed=2**32 - 1, voices=3)  # the largest seed is no trouble
    # Four alike would be 12 dB louder.
    assert hiss(330.0, 330.0, 330.0, 330.0) == pytest.approx(hiss(330.0) + 6, abs=0.5)


def test_pan_is_of_equal_power():
    middle = play(held(0.3), 0.3)
    for pan in (-1.0, -0.4, 0.3, 1.0):
        sound = play(held(0.3), 0.3, pan=pan)
        power = (sound**2).sum() / (middle**2).sum()
        assert power == pytest.approx(1.0, rel=1e-4)
        assert np.sign(rms_db(sound[:, 1]) - rms_db(sound[:, 0])) == np.sign(pan)
    assert np.abs(play(held(0.3), 0.3, pan=-1)[:, 1]).max() < 1e-6


def test_the_player_s_own_pan_comes_in_its_time_without_a_click_and_is_forgotten():
    engine = Engine(BUNDLE, RATE, Settings(**TONE_ONLY))
    sound = engine.render(held(0.4), 0.4, [(0.1, -1.0), (0.25, 1.0), (9.0, 0.0)])
    levels = [[rms_db(sound[round(t * RATE) : round((t + 0.05) * RATE), side]) for side in (0, 1)]
              for t in (0.02, 0.12, 0.3)]  # fmt: skip
    assert levels[0][0] == pytest.approx(levels[0][1])
    assert levels[1][1] < -100 < levels[1][0] - 60 and levels[2][0] < -100 < levels[2][1] - 60
    assert (
        np.abs(np.diff(sound, axis=0)).max()
        < 1.5 * np.abs(np.diff(play(held(0.4), 0.4, **TONE_ONLY), axis=0)).max()
    )
    engine.reset()
    assert np.array_equal(engine.render(held(0.1), 0.1), play(held(0.1), 0.1, **TONE_ONLY))


def test_settings_may_change_while_it_plays():
    engine = Engine(BUNDLE, RATE, Settings(**TONE_ONLY))
    steady = engine.render(held(0.2), 0.2)[4800:, 0]
    engine.set(Settings(output_gain=-60, **TONE_ONLY))
    sound = engine.render(held(0.2), 0.2)[:, 0]
    assert rms_db(sound[-2400:]) == pytest.approx(rms_db(steady) - 60, abs=0.5)
    across = np.concatenate([steady, sound])
    assert np.abs(np.diff(across)).max() <= 1.05 * np.abs(np.diff(steady)).max()


@pytest.mark.parametrize("rate", [7_999, 192_001, 0, -48_000])
def test_rates_that_no_card_has(rate):
    with pytest.raises(UserError, match="8000 to 192000"):
        Engine(BUNDLE, rate)


def above_8_khz(sound):
    """Share of the power, dB."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    split = round(8_500 * len(sound) / RATE)
    return 10 * np.log10(power[split:].sum() / power.sum())


def test_a_ddsp_vst_model_plays_on_a_48_khz_card_as_it_was_trained(tmp_path):
    path = tmp_path / "Old.tflite"
    path.write_bytes(vst_file())
    bundle = read_bundle(path)
    assert (bundle.info.hop_s, bundle.info.band_limit_hz) == (0.02, 8000)
    sound = play(held(1.0, hz=700.0, hop=0.02), 1.0, bundle=bundle)[:, 0]
    assert peak_dbfs(sound) > -40
    assert above_8_khz(sound) < -50
    tone = play(held(1.0, hz=700.0, hop=0.02), 1.0, bundle=bundle, **TONE_ONLY)[:, 0]
    f0 = track_f0(tone, RATE, 400, 1000).f0_hz
    assert np.median(f0[f0 > 0]) == pytest.approx(700, rel=1e-3)
    assert np.all(play(held(1.0, loudness_db=-80, hop=0.02), 1.0, bundle=bundle) == 0)


@pytest.mark.parametrize("kind", ["edge", "vst"])
def test_full_size_decoders(kind, exports):
    bundle = exports(kind)
    hop = bundle.info.hop_s
    sound = play(held(0.5, hop=hop), 0.5, bundle=bundle)
    assert np.all(np.isfinite(sound)) and peak_dbfs(sound) > -60
    assert np.all(play(held(0.3, loudness_db=-80, hop=hop), 0.3, bundle=bundle) == 0)
