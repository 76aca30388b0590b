"""Note or noise: a pitch sounds at once, without one the note gives way."""

from __future__ import annotations

import numpy as np
import pytest
from reference_players.voicing import FADE_S, HOLD_S, Voicing
from sounds import tone

from ddsp_edge.effect.source import effect_frames
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings

HOP, RATE = 0.005, 48_000
VIOLIN = find_model("violin")


def shares(pitches: str, dt_s: float = HOP) -> list[float]:
    """One letter a tick: ``p`` has a pitch."""
    voicing = Voicing()
    return [voicing.step(letter == "p", dt_s) for letter in pitches]


def test_before_the_first_pitch_there_is_no_note() -> None:
    assert shares("..." + "p") == [0.0, 0.0, 0.0, 1.0]


def test_a_short_gap_is_none() -> None:
    assert set(shares("p" + "." * (round(HOLD_S / HOP) - 1) + "p")) == {1.0}


def test_a_long_gap_fades_to_noise_and_the_next_pitch_is_heard_at_once() -> None:
    found = shares("p" + "." * 20 + "p")
    fade = np.diff(found[: 1 + round((HOLD_S + FADE_S) / HOP) + 1])
    assert fade.min() >= -HOP / FADE_S - 1e-9 and found[-2:] == [0.0, 1.0]
    # The same in time, whatever the hop.
    slow = shares("p" + "." * 10 + "p", 2 * HOP)
    assert slow[7] == pytest.approx(found[13]) and slow[-2] == 0.0


def test_reset_forgets_the_note() -> None:
    voicing = Voicing()
    voicing.step(True, HOP)
    voicing.reset()
    assert voicing.step(False, HOP) == 0.0


def sung() -> np.ndarray:
    """A note of 330 Hz, a pause, an s of 0.15 s, a note of 262 Hz; room noise at -75 dB."""
    rng = np.random.default_rng(4)
    hiss = np.diff(rng.normal(size=round(0.15 * RATE) + 1))
    hiss *= 10 ** (-30 / 20) / hiss.std()
    pause = np.zeros(round(0.3 * RATE))
    audio = np.concatenate([tone(330.0, 0.5), pause, hiss, tone(262.0, 0.5)])
    return (audio + rng.normal(size=len(audio)) * 10 ** (-75 / 20)).astype("f4")


def rendered(unpitched: float) -> np.ndarray:
    settings = Settings(reverb_wet=0.0, body=0.0, unpitched=unpitched)
    frames = effect_frames(sung(), RATE, VIOLIN.info, settings)
    return Engine(VIOLIN, RATE, settings).render(frames, 1.45)[:, 0]


def partials(sound: np.ndarray, f0_hz: float) -> float:
    """Share of the power within 30 Hz of the first ten harmonics of ``f0_hz``."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    near = np.abs(hz - f0_hz * np.clip(np.round(hz / f0_hz), 1, 10)) < 30
    return float(power[near].sum() / power.sum())


def test_a_consonant_is_noise_and_not_the_note_before() -> None:
    consonant = slice(round(0.82 * RATE), round(0.94 * RATE))
    noise, held = rendered(1.0), rendered(0.0)
    assert partials(held[consonant], 330.0) > 0.95  # as it was: a wrong note
    assert partials(noise[consonant], 330.0) < 0.5
    # It is heard: 6 dB below the note that it stands for.
    level = [10 * np.log10(np.mean(x[consonant] ** 2)) for x in (noise, held)]
    assert level[1] - 9.0 < level[0] < level[1] - 3.0
    note = slice(round(1.1 * RATE), round(1.4 * RATE))
    assert partials(noise[note], 262.0) > 0.95
    np.testing.assert_allclose(np.std(noise[note]), np.std(held[note]), rtol=0.02)


def test_what_has_a_pitch_is_not_touched() -> None:
    frames = [FeatureFrame(i * HOP, 220.0, -25.0) for i in range(100)]
    plain, other = (
        Engine(VIOLIN, RATE, Settings(unpitched=amount)).render(frames, 0.5)
        for amount in (0.0, 1.0)
    )
    np.testing.assert_array_equal(plain, other)
