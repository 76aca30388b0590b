"""From a source's frames to what a voice is sent: gains, shifts, silence, brightness."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_conditioner import (
    DULLER,
    FADE_IN_DB,
    LARGEST_UNPITCHED,
    NOISE_POWER,
    TREBLE_HZ,
    UNPITCHED_DB,
)
from tiny_decoder import HARMONICS, INFO, NOISE, tiny_bundle

from ddsp_edge.decoding.conditioned import Target, decoding_of
from ddsp_edge.decoding.conditioner import REACH, conditioner_of
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.frames import ONSET_RAMP_S, ControlFrame, FeatureFrame
from ddsp_edge.settings import SETTINGS, Settings

DECODER = Decoder(tiny_bundle())
CONDITIONED = decoding_of(tiny_bundle(), Settings(), voices=2)


def shaped(frame: FeatureFrame, voice: int = 0, **settings: float | str) -> ControlFrame:
    """What a fresh voice is sent."""
    return target(frame, voice, **settings).controls


def target(frame: FeatureFrame, voice: int = 0, **settings: float | str) -> Target:
    CONDITIONED.set(Settings(**settings))
    CONDITIONED.reset()
    (found,) = CONDITIONED.targets(replace(frame, voice=voice))
    return found


def raw(f0_hz: float, loudness_db: float) -> ControlFrame:
    """What the model says by itself."""
    DECODER.reset()
    controls = ControlFrame(HARMONICS, NOISE)
    DECODER.step(FeatureFrame(0.0, f0_hz, loudness_db), controls)
    return controls


def same(one: ControlFrame, other: ControlFrame, gain: float = 1.0, noise: float = 1.0) -> None:
    assert one.amplitude == pytest.approx(gain * other.amplitude, rel=1e-5)
    np.testing.assert_allclose(one.harmonic_distribution, other.harmonic_distribution, rtol=1e-5)
    np.testing.assert_allclose(one.noise_magnitudes, noise * other.noise_magnitudes, rtol=1e-5)


def test_without_settings_the_model_is_heard_as_it_is() -> None:
    controls = shaped(FeatureFrame(0.0, 330.0, -20.0), voice=1)
    same(controls, raw(330.0, -20.0))
    assert controls.f0_hz == 330.0


def test_pitches() -> None:
    up = 330.0 * 2 ** (7 / 12)
    shifted = shaped(FeatureFrame(0.0, 330.0, -20.0), pitch_shift=7)
    same(shifted, raw(up, -20.0))
    assert shifted.f0_hz == pytest.approx(up)
    shown = shaped(FeatureFrame(0.0, 330.0, -20.0), input_pitch=7)
    same(shown, raw(up, -20.0))
    assert shown.f0_hz == 330.0


def beyond(semitones: float) -> ControlFrame:
    """What is sent for a note so far above the model's range, or below it where negative."""
    end_hz = INFO.max_pitch_hz if semitones > 0 else INFO.min_pitch_hz
    return shaped(FeatureFrame(0.0, end_hz * 2 ** (semitones / 12), -20.0))


@pytest.mark.parametrize("semitones", [0.5, 2.0, 30.0, -0.5, -2.0, -30.0])
def test_a_pitch_outside_of_the_range_is_shown_near_to_its_end(semitones: float) -> None:
    end_hz = INFO.max_pitch_hz if semitones > 0 else INFO.min_pitch_hz
    reach = REACH[INFO.profile]
    near = raw(end_hz * 2 ** (reach * math.tanh(semitones / reach) / 12), -20.0)
    thin = 10 ** (-min(max(abs(semitones) - 0.5 * reach, 0.0), 12.0) / 20)
    far = beyond(semitones)
    assert far.f0_hz == pytest.approx(end_hz * 2 ** (semitones / 12))
    np.testing.assert_allclose(far.harmonic_distribution, near.harmonic_distribution, rtol=1e-4)
    # Harmonics that are too high for the model's band are missing, and shared out nowhere.
    heard = np.arange(1, HARMONICS + 1) * far.f0_hz < INFO.band_limit_hz
    weights = near.harmonic_distribution
    left = weights[heard].sum() / weights.sum()
    assert far.amplitude == pytest.approx(near.amplitude * thin * left, rel=1e-4)
    quieter = math.sqrt((weights[heard] ** 2).sum() / (weights**2).sum())
    np.testing.assert_allclose(
        far.noise_magnitudes, near.noise_magnitudes * thin * quieter, rtol=1e-4
    )


def test_notes_far_outside_of_the_range_are_silent_where_that_is_set() -> None:
    for semitones, share in ((2.9, 1.0), (4.5, 0.5), (6.1, 0.0), (30.0, 0.0)):
        f0_hz = INFO.max_pitch_hz * 2 ** (semitones / 12)
        frame = FeatureFrame(0.0, f0_hz, -20.0)
        silent, thin = shaped(frame, beyond_range="silent"), shaped(frame)
        assert silent.amplitude == pytest.approx(share * thin.amplitude, rel=1e-3, abs=1e-9)
        assert thin.amplitude > 0.0 and silent.f0_hz == pytest.approx(f0_hz)


@pytest.mark.parametrize("f0_hz", [0.0, -3.0, math.nan])
def test_while_no_pitch_is_known_the_model_is_shown_its_usual_one(f0_hz: float) -> None:
    usual = math.sqrt(INFO.min_pitch_hz * INFO.max_pitch_hz)
    controls = shaped(FeatureFrame(0.0, f0_hz, -20.0))
    same(controls, raw(usual, -20.0))
    assert not controls.f0_hz > 0.0


def power(controls: ControlFrame) -> tuple[float, float]:
    """Mean squares of the harmonics and of the noise, as the kernel plays them."""
    shares = controls.harmonic_distribution / controls.harmonic_distribution.sum()
    harmonics = 0.5 * np.sum((controls.amplitude * shares) ** 2)
    return float(harmonics), float(NOISE_POWER * np.mean(controls.noise_magnitudes**2))


@pytest.mark.parametrize("pitched", [0.0, 0.3, 1.0])
def test_what_has_no_pitch_is_noise(pitched: float) -> None:
    controls = shaped(FeatureFrame(0.0, 330.0, -20.0, pitched=pitched))
    (harmonics, noise), (before, own) = power(controls), power(raw(330.0, -20.0))
    assert harmonics == pytest.approx(pitched**2 * before, rel=1e-5)
    lost = before - harmonics
    assert noise == pytest.approx(own + 10 ** (UNPITCHED_DB / 10) * lost, rel=1e-5)


def test_unpitched_says_how_much() -> None:
    half = shaped(FeatureFrame(0.0, 330.0, -20.0, pitched=0.0), unpitched=0.5)
    same(half, shaped(FeatureFrame(0.0, 330.0, -20.0, pitched=0.5)))
    same(shaped(FeatureFrame(0.0, 330.0, -20.0, pitched=0.0), unpitched=0), raw(330.0, -20.0))


def treble_of(controls: ControlFrame) -> float:
    """Mean square of the noise above 5 kHz."""
    hz = np.linspace(0.0, INFO.sample_rate / 2, NOISE)
    above = controls.noise_magnitudes[hz >= TREBLE_HZ].astype(np.float64)
    return float(NOISE_POWER * np.sum(above**2) / NOISE)


@pytest.mark.parametrize("treble_db", [-30.0, -20.0, -10.0])
def test_noise_is_no_brighter_than_what_is_heard(treble_db: float) -> None:
    plain, bounded = (
        raw(330.0, -20.0),
        shaped(FeatureFrame(0.0, 330.0, -20.0, pitched=0.0, treble_db=treble_db)),
    )
    (note, own), (_, noise) = power(plain), power(bounded)
    assert treble_of(bounded) <= treble_of(plain) + 10 ** (DULLER * treble_db / 10) * note * (
        1 + 1e-5
    )
    # The rest of its power goes below, and the noise is never less than the model's own.
    assert noise == pytest.approx(own + 10 ** (UNPITCHED_DB / 10) * note, rel=1e-4)
    assert np.all(bounded.noise_magnitudes >= plain.noise_magnitudes)


def test_noise_for_a_consonant_has_the_colour_of_the_model() -> None:
    bright = FeatureFrame(0.0, 330.0, -20.0, pitched=0.0, treble_db=-5.0)
    same(shaped(bright), shaped(FeatureFrame(0.0, 330.0, -20.0, pitched=0.0)))


def test_a_model_with_treble_alone_is_quieter_where_none_is_heard() -> None:
    conditioner = conditioner_of(tiny_bundle(), Settings())
    conditioner.begin(FeatureFrame(0.0, 330.0, -20.0, pitched=0.0, treble_db=-40.0))
    noise = np.zeros(NOISE, np.float32)
    noise[-1] = 1e-3
    conditioner.answer(1.0, np.ones(HARMONICS, np.float32), noise)
    assert conditioner.next() is not None
    controls = conditioner.controls
    note = 0.5 / HARMONICS
    added = treble_of(controls) - NOISE_POWER * 1e-6 / NOISE
    assert added == pytest.approx(10 ** (-4 * DULLER) * note, rel=0.01)


def test_a_model_with_hardly_any_noise_gives_no_more_than_the_limit() -> None:
    """Its own noise is 1e-6 here, or none at all."""
    for own in (1e-6, 0.0):
        conditioner = conditioner_of(tiny_bundle(), Settings())
        conditioner.begin(FeatureFrame(0.0, 330.0, -20.0, pitched=0.0))
        noise = np.full(NOISE, own, np.float32)
        conditioner.answer(1.0, np.ones(HARMONICS, np.float32), noise)
        assert conditioner.next() is not None
        controls = conditioner.controls
        assert controls.amplitude == 0.0
        np.testing.assert_allclose(controls.noise_magnitudes, own * LARGEST_UNPITCHED, rtol=1e-6)


def test_gains() -> None:
    frame = FeatureFrame(0.0, 330.0, -20.0)
    controls = shaped(frame, harmonic_gain=-6, noise_gain=-12)
    same(controls, raw(330.0, -20.0), 10**-0.3, 10**-0.6)
    same(shaped(frame, input_gain=8), raw(330.0, -12.0))
    same(shaped(frame, input_gain=40), raw(330.0, 0.0))


@pytest.mark.parametrize("loudness_db", [-80.0, -200.0, -math.inf, math.nan])
def test_silence_is_silent_whatever_the_model_says(loudness_db: float) -> None:
    assert raw(330.0, -80.0).amplitude > 0.1
    for brightness_db in (0.0, 12.0):
        frame = FeatureFrame(0.0, 330.0, loudness_db, brightness_db=brightness_db)
        controls = shaped(frame, input_gain=40)
        assert controls.amplitude == 0.0 and not controls.noise_magnitudes.any()


def test_the_sound_fades_in_above_silence() -> None:
    controls = shaped(FeatureFrame(0.0, 330.0, -80.0 + FADE_IN_DB / 2))
    same(controls, raw(330.0, -80.0 + FADE_IN_DB / 2), 0.5, 0.5)


@pytest.mark.parametrize(("brightness_db", "shown"), [(9.0, -21.0), (-9.0, -39.0), (50.0, 0.0)])
def test_brightness_is_another_timbre_at_the_same_level(brightness_db: float, shown: float) -> None:
    frame = FeatureFrame(0.0, 330.0, -30.0, brightness_db=brightness_db)
    back = 10.0 ** ((-30.0 - shown) / 20.0)
    same(shaped(frame), raw(330.0, shown), back, back)


def test_an_onset_is_there_at_once_another_frame_after_a_hop() -> None:
    held, struck = (target(FeatureFrame(0.0, 330.0, -20.0, onset=onset)) for onset in (False, True))
    assert held.ramp_s == pytest.approx(INFO.hop_s) and held.offset_s == struck.offset_s == 0.0
    assert struck.ramp_s == pytest.approx(ONSET_RAMP_S) and INFO.hop_s > ONSET_RAMP_S


WILD = st.floats() | st.floats(-90, 10)
KNOBS = ("pitch_shift", "input_pitch", "input_gain", "harmonic_gain", "noise_gain")


@given(WILD, WILD, st.floats(-12, 12), st.sampled_from(KNOBS), st.booleans())
def test_any_frame_gives_finite_levels(
    f0_hz: float, loudness_db: float, brightness_db: float, knob: str, high: bool
) -> None:
    entry = SETTINGS[knob]
    value = entry.maximum if high else entry.minimum
    frame = FeatureFrame(0.0, f0_hz, loudness_db, brightness_db=brightness_db)
    controls = shaped(frame, **{knob: value})
    assert math.isfinite(controls.amplitude) and controls.amplitude >= 0.0
    assert np.isfinite(controls.noise_magnitudes).all()


def test_single_harmonics_move_and_their_power_stays() -> None:
    def moved(partials_db: float, at: float) -> tuple[float, np.ndarray]:
        frame = FeatureFrame(0.0, 220.0, -20.0, partials_db=partials_db, partials_at=at)
        controls = shaped(frame)
        return controls.amplitude, np.array(controls.harmonic_distribution, np.float64)

    plain_amplitude, plain = moved(0.0, 3.4)
    rows = []
    for at in np.arange(0.5, 60.0, 0.37):
        amplitude, found = moved(2.0, float(at))
        assert found.sum() == pytest.approx(plain.sum(), rel=1e-4)
        power, before = (
            a**2 * np.sum(w**2) for a, w in ((amplitude, found), (plain_amplitude, plain))
        )
        assert power == pytest.approx(before, rel=1e-3)
        rows.append(20.0 * np.log10(found[:12] / found[0] / (plain[:12] / plain[0])))
    strayed = np.array(rows)
    assert 1.4 < np.std(strayed, axis=0)[1:8].mean() < 2.6
    assert abs(np.corrcoef(strayed[:, 2], strayed[:, 4])[0, 1]) < 0.4  # each goes its own way
    for wild in (math.nan, math.inf, -1.0):
        assert np.array_equal(moved(2.0, wild)[1], plain)
        assert np.isfinite(moved(wild, 3.4)[1]).all()
