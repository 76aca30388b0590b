import numpy as np
import pytest
from made_recordings import RATE, drum_loop, in_a_room, melody, tone

from ddsp_edge.training.data.quality import LEAST_TRUSTED, assess, clipped_tops


def assessment(audio):
    audio = audio.astype(np.float32)
    return assess(audio, RATE, 60.0, 2000.0, clipped_tops(audio, RATE))


def test_a_clean_melody_has_no_warnings():
    found = assessment(melody())
    assert found.warnings() == []
    assert found.trusted > 0.95 and found.chords == 0.0 and found.noise_db < -40
    assert 215 < found.low_hz < 250 and 480 < found.high_hz < 560
    assert found.clipped == 0.0


def test_the_assessment_does_not_depend_on_the_level():
    loud, soft = assessment(melody()), assessment(0.01 * melody())
    assert soft.warnings() == []
    assert loud.high_db - soft.high_db == pytest.approx(40.0, abs=0.2)


@pytest.mark.parametrize("interval", [5 / 4, 3 / 2, 2 ** (4 / 12), 2 ** (7 / 12)])
def test_two_notes_at_once(interval):
    assert "at once" in " ".join(assessment(tone(330, 4.0) + tone(330 * interval, 4.0)).warnings())
    quiet = assessment(tone(330, 4.0) + 0.1 * tone(330 * interval, 4.0))
    assert quiet.chords == 0.0  # 20 dB below it is a room's memory


def test_chords_drums_and_noise_have_no_clear_pitch():
    rng = np.random.default_rng(2)
    triad = tone(220, 4.0) + tone(277.2, 4.0) + tone(329.6, 4.0)
    for audio in (triad, drum_loop(), 0.1 * rng.standard_normal(4 * RATE)):
        assert assessment(audio).trusted < LEAST_TRUSTED


@pytest.mark.parametrize(("noise_db", "told"), [(-50, False), (-25, True), (-10, True)])
def test_background_noise(noise_db, told):
    noise = np.random.default_rng(3).standard_normal(len(melody()))
    level = np.std(tone(330, 1.0)) * 10 ** (noise_db / 20)
    found = assessment(melody() + level * noise)
    assert any("background noise" in line for line in found.warnings()) == told


def test_noise_under_a_tone_that_never_rests():
    noise = np.random.default_rng(4).standard_normal(4 * RATE)
    steady = tone(330, 4.0)
    found = assessment(steady + np.std(steady) * 10 ** (-8 / 20) * noise)
    assert any("under the tone" in line for line in found.warnings())


@pytest.mark.parametrize(("limit", "told"), [(1.0, False), (0.8, True), (0.3, True)])
def test_clipping(limit, told):
    top = np.abs(melody()).max()
    found = assessment(np.clip(melody(), -limit * top, limit * top))
    assert any("clipped" in line for line in found.warnings()) == told


def test_a_deep_sine_is_not_clipped():
    t = np.arange(4 * RATE) / RATE
    as_16_bit = np.round(20_000 * np.sin(2 * np.pi * 55 * t)) / 32_768
    assert clipped_tops(as_16_bit.astype(np.float32), RATE) <= 1.0


@pytest.mark.parametrize(("decay_s", "told"), [(0.3, False), (2.0, True), (3.0, True)])
def test_a_reverberant_recording_has_a_warning(decay_s, told):
    found = assessment(in_a_room(melody(2), decay_s))
    assert any("reverberant" in line for line in found.warnings()) == told
