"""The effect's map: nothing changes within the range, nothing blares beyond it."""

from __future__ import annotations

import numpy as np
import pytest

from ddsp_edge.bundles.bundle import Bundle, read_bundle
from ddsp_edge.calibration.verdict import LOUDER_DB
from ddsp_edge.decoding.networks import SHIPPED
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings
from ddsp_edge.units import midi_to_hz

NAMES = sorted(path.stem for path in SHIPPED.parent.glob("*.zip"))
RATE, HELD_S = 48_000, 0.4
AWAY = (1.0, 3.0, 8.0, 24.0)  #: semitones beyond the range


def heard(bundle: Bundle, note: float, loudness_db: float, **settings: str) -> float:
    """The level, dB, of what an effect plays of a tone that is held."""
    engine = Engine(bundle, RATE, Settings(reverb_wet=0.0, **settings))  # type: ignore[arg-type]
    hop_s, f0_hz = bundle.info.hop_s, float(midi_to_hz(note))
    frames = [FeatureFrame(i * hop_s, f0_hz, loudness_db) for i in range(round(HELD_S / hop_s))]
    sound = engine.render(frames, HELD_S)[RATE // 5 :, 0]
    return 10.0 * float(np.log10(np.mean(sound.astype(np.float64) ** 2) + 1e-16))


@pytest.mark.parametrize("name", NAMES)
def test_beyond_its_range_an_effect_is_no_louder_than_at_its_end(name: str) -> None:
    bundle = read_bundle(SHIPPED.parent / f"{name}.zip")
    info = bundle.info
    for loudness_db in (-40.0, -12.0):
        low = heard(bundle, np.ceil(info.min_pitch_note), loudness_db)
        high = heard(bundle, np.floor(info.max_pitch_note), loudness_db)
        for away in AWAY:
            below = heard(bundle, info.min_pitch_note - away, loudness_db)
            above = heard(bundle, info.max_pitch_note + away, loudness_db)
            assert below <= low + LOUDER_DB and above <= high + LOUDER_DB


@pytest.mark.parametrize("name", NAMES)
def test_within_its_range_the_effect_hears_what_was_trained(name: str) -> None:
    info = read_bundle(SHIPPED.parent / f"{name}.zip").info
    found = info.heard_map
    assert found is not None
    for i, (shown, gain, noise) in enumerate(
        zip(found.shown_db, found.gain_db, found.noise_db, strict=True)
    ):
        loudness = np.array(found.loudness_db)
        usual = loudness <= info.max_loudness_db
        np.testing.assert_allclose(np.array(shown)[usual], loudness[usual], atol=0.011)
        if info.min_pitch_note <= found.lowest_note + i <= info.max_pitch_note:
            assert not np.array(gain)[usual].any() and not any(noise)


def test_louder_than_any_recording_is_the_loudest_of_them_turned_up() -> None:
    bundle = read_bundle(SHIPPED.parent / "violin.zip")
    loudest = heard(bundle, 69.0, bundle.info.max_loudness_db)
    assert heard(bundle, 69.0, -2.0) - loudest == pytest.approx(
        -2.0 - bundle.info.max_loudness_db, abs=1.0
    )


def test_an_effect_may_be_silent_where_nobody_could_play() -> None:
    bundle = read_bundle(SHIPPED.parent / "trombone.zip")
    top = bundle.info.max_pitch_note
    assert heard(bundle, top + 8.0, -12.0, beyond_range="silent") < -90.0
    assert heard(bundle, top + 8.0, -12.0) > -30.0
