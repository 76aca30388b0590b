import numpy as np
import pytest
from sounds import RATE, cents_up, tone

from ddsp_edge.evaluation import compare_f0, hnr_db, track_f0
from ddsp_edge.evaluation.pitch import cents


@pytest.mark.parametrize("hz", [65.4, 110.0, 196.0, 440.0, 1318.5, 1900.0])
@pytest.mark.parametrize("partials", [1, 12])
def test_steady_tones_within_a_cent(hz, partials):
    track = track_f0(tone(hz, 1.0, partials=partials), RATE)
    inside = (track.times_s > 0.05) & (track.times_s < 0.95)
    assert (track.f0_hz[inside] > 0).all()
    assert np.abs(cents(track.f0_hz[inside], hz)).max() < 1.0


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_any_rate(rate):
    track = track_f0(tone(300.0, 0.5, rate), rate)
    assert np.abs(cents(track.f0_hz[20:-20], 300.0)).max() < 1.5


def test_a_missing_fundamental_has_its_pitch():
    sound = tone(150.0, 0.6) - tone(150.0, 0.6, partials=1)
    track = track_f0(sound, RATE)
    assert np.abs(cents(track.f0_hz[20:-20], 150.0)).max() < 2.0


def test_vibrato_is_followed_at_the_right_time():
    t = np.arange(RATE) / RATE
    f0 = 330 * 2 ** (30 / 1200 * np.sin(2 * np.pi * 5 * t))
    track = track_f0(tone(f0, 1.0), RATE, low_hz=150)
    inside = slice(20, -20)
    wanted = np.interp(track.times_s, t, f0)
    # 20 ms windows shorten the swing a little; a shift by 5 ms alone would make 4.7 cents.
    assert np.abs(cents(track.f0_hz[inside], wanted[inside])).max() < 2.0


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(1).normal(0, 0.1, RATE)
    assert (track_f0(noise, RATE).f0_hz > 0).mean() < 0.05
    assert not track_f0(np.zeros(RATE), RATE).f0_hz.any()
    quiet_end = np.concatenate([tone(220, 0.5), 1e-4 * tone(220, 0.5)])
    assert not track_f0(quiet_end, RATE).f0_hz[-60:].any()
    assert len(track_f0(np.zeros(10), RATE).f0_hz) == 1


@pytest.mark.parametrize("ratio_db", [0.0, 6.0, 12.0, 20.0, 30.0])
@pytest.mark.parametrize("hz", [110.0, 440.0, 1500.0])
def test_the_harmonics_to_noise_ratio_is_that_of_what_was_mixed(hz, ratio_db):
    clean = tone(hz, 1.0, partials=6)
    noise = np.random.default_rng(3).normal(0, 1, len(clean))
    noise *= np.sqrt(np.mean(clean**2) / np.mean(noise**2)) * 10 ** (-ratio_db / 20)
    track = track_f0(clean + noise, RATE, low_hz=0.7 * hz, high_hz=1.5 * hz)
    assert np.median(hnr_db(track.periodicity[10:-10])) == pytest.approx(ratio_db, abs=1.5)


def test_what_has_no_pitch_has_no_periodicity():
    track = track_f0(np.random.default_rng(1).normal(0, 0.1, RATE), RATE)
    assert not track.periodicity[track.f0_hz == 0].any()
    assert hnr_db(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx([-50.0, 0.0, 50.0], abs=0.1)


def compared(sound, reference, **options):
    return compare_f0(track_f0(reference, RATE), track_f0(sound, RATE), **options)


@pytest.mark.parametrize("off", [0.0, 5.0, 20.0, -33.0])
def test_a_detuned_copy_is_off_by_that_much(off):
    found = compared(tone(cents_up(262.0, off), 1.0), tone(262.0, 1.0))
    assert found.median_cents == pytest.approx(abs(off), abs=0.5)
    assert found.longest_jump_s == 0
    assert found.voiced_s > 0.9


def test_a_transposed_copy_is_in_tune_with_its_transposition():
    reference, up = tone(262.0, 1.0), tone(262.0 * 2 ** (7 / 12), 1.0)
    assert compared(up, reference, transposed=7.0).median_cents < 0.5
    assert compared(up, reference).median_cents == pytest.approx(700, abs=1)


@pytest.mark.parametrize("jump_s", [0.06, 0.2])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_an_octave_jump_is_as_long_as_it_is(jump_s, factor):
    f0 = np.full(RATE, 300.0)
    f0[RATE // 2 : RATE // 2 + round(jump_s * RATE)] *= factor
    reference = track_f0(tone(300.0, 1.0), RATE, low_hz=120)
    found = compare_f0(reference, track_f0(tone(f0, 1.0), RATE, low_hz=120))
    assert found.longest_jump_s == pytest.approx(jump_s, abs=0.016)
    assert found.median_cents < 1


def test_a_late_copy_is_in_tune_at_its_delay():
    f0 = 300 * 2 ** (np.cumsum(np.sin(np.arange(2 * RATE) * 8 / RATE)) / RATE * 6)
    reference = tone(f0, 2.0)
    late = np.concatenate([np.zeros(round(0.03 * RATE)), reference])
    found = compared(late, reference)
    assert found.delay_s == pytest.approx(0.03, abs=0.0051)
    assert found.median_cents < 1


def test_nothing_in_common_is_no_figure():
    found = compared(np.zeros(RATE), tone(300.0, 1.0))
    assert np.isnan(found.median_cents) and found.voiced_s == 0
