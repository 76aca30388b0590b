"""A swept model: what is measured on sound, and which models may ship."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from tiny_decoder import INFO, tiny_bundle

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.calibration import sweep as sweeping
from ddsp_edge.calibration.sweep import NOTE_S, RATE, REST_S, Sweep, sweep, swept_keys
from ddsp_edge.calibration.verdict import centroid_falls, level_ranges_db, reasons
from ddsp_edge.decoding.networks import SHIPPED
from ddsp_edge.units import midi_to_hz

KEYS = (58, 60, 62, 64, 66)  #: the outer two are beyond the range
VELOCITIES = (1, 64, 127)


def good(**changes: np.ndarray) -> Sweep:
    shape = (len(KEYS), len(VELOCITIES))
    level = np.tile([-42.0, -27.0, -12.0], (len(KEYS), 1))
    level[[0, -1]] -= 2.0
    tables = {
        "level_db": level,
        "centroid_hz": np.tile([800.0, 900.0, 1000.0], (len(KEYS), 1)),
        "high_share": np.full(shape, 0.001),
        "noise_share": np.full(shape, 0.02),
        "f0_cents": np.zeros(shape),
    }
    inside = (False, True, True, True, False)
    return Sweep(KEYS, VELOCITIES, inside, **{**tables, **changes})


def changed(name: str, key: int, values: list[float]) -> Sweep:
    table = getattr(good(), name).copy()
    table[KEYS.index(key)] = values
    return good(**{name: table})


def test_a_good_one_passes() -> None:
    assert reasons(good()) == []
    assert level_ranges_db(good()).tolist() == [30.0] * 5
    assert centroid_falls(good()).max() == 0.0


@pytest.mark.parametrize(
    ("name", "key", "values", "says"),
    [
        ("level_db", 62, [-30.0, -20.0, -12.0], "D4 span less than 24 dB"),
        ("level_db", 60, [-42.0, -12.0, -13.0], "C4 get softer"),
        ("centroid_hz", 64, [1000.0, 900.0, 1000.0], "E4 get duller by more than 2%"),
        ("f0_cents", 60, [0.0, 0.0, 30.0], "C4 are more than 10 cents off"),
        ("level_db", 66, [-42.0, -27.0, -8.0], "F#4 lie beyond the range and are louder"),
        ("noise_share", 58, [0.02, 0.3, 0.02], "A#3 lie beyond the range and are noisier"),
    ],
)
def test_each_rule_that_is_broken_is_told(
    name: str, key: int, values: list[float], says: str
) -> None:
    (told,) = reasons(changed(name, key, values))
    assert told.startswith(says)


def test_the_recordings_own_fall_is_granted() -> None:
    duller = changed("centroid_hz", 62, [1000.0, 950.0, 900.0])
    assert reasons(duller) and not reasons(replace(duller, centroid_fall=0.09))


def test_many_keys_are_told_in_one_line() -> None:
    (told,) = reasons(good(f0_cents=np.full((5, 3), 50.0)))
    assert told.startswith("C4, D4, E4 are")


def test_known_sounds_are_measured_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two partials 20 cents sharp, and white noise of a hundredth of their power."""
    f0_hz = float(midi_to_hz(60)) * 2 ** (20 / 1200)
    rng = np.random.default_rng(1)

    def play(engine: object, bundle: object, key: int, velocities: tuple[int, ...]) -> np.ndarray:
        t = np.arange(round(len(velocities) * (NOTE_S + REST_S) * RATE)) / RATE
        tone = 0.2 * np.sin(2 * np.pi * f0_hz * t) + 0.1 * np.sin(2 * np.pi * 2 * f0_hz * t)
        return tone + rng.normal(0.0, np.sqrt(0.025 / 100), len(t))

    monkeypatch.setattr(sweeping, "_play", play)
    found = sweep(tiny_bundle(), [60], VELOCITIES)
    np.testing.assert_allclose(found.level_db, 10 * np.log10(0.025 * 1.01), atol=0.1)
    np.testing.assert_allclose(found.noise_share, 0.0099, rtol=0.15)
    np.testing.assert_allclose(found.high_share, 0.0099 * 2 / 3, rtol=0.15)
    np.testing.assert_allclose(found.f0_cents, 20.0, atol=0.5)
    tones = 0.8 * f0_hz + 0.2 * 2 * f0_hz
    np.testing.assert_allclose(found.centroid_hz, (tones + 0.01 * 12000) / 1.01, rtol=0.02)


@pytest.mark.parametrize("steep", [0.5, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("f0_hz", [5.0, 29.1, 58.3])
def test_a_low_key_of_which_only_rumble_is_heard_has_a_finite_pitch(
    steep: float, f0_hz: float
) -> None:
    """The strongest bin near a partial lies at the search's edge, on a slope, and is no peak."""
    bin_hz = RATE / sweeping.WINDOW
    bins = np.arange(sweeping.WINDOW // 2 + 1)
    for power in (np.exp(-steep * bins), np.exp(-steep * bins**0.5), (1.0 + bins) ** steep):
        cents = sweeping._cents(power, f0_hz, bin_hz)
        # Told as off by the width of the search, not by less and not beyond all bounds.
        assert np.isfinite(cents) and abs(cents) < 3000


def test_a_tiny_model_is_swept_over_its_range_and_beyond() -> None:
    bundle = tiny_bundle()
    keys = swept_keys(bundle)
    assert keys[0] == INFO.min_pitch_note - 12 and keys[-1] == INFO.max_pitch_note + 24
    found = sweep(bundle, keys[::30], VELOCITIES)
    assert found.level_db.shape == (len(keys[::30]), 3) and np.isfinite(found.centroid_hz).all()
    assert json.loads(json.dumps(found.as_json()))["keys"] == list(found.keys)
    # Whatever it plays, it plays the key.
    assert np.abs(found.f0_cents[list(found.in_range)]).max() < 2.0


def test_a_model_of_which_louder_is_duller_does_not_pass() -> None:
    """The violin's network alone, without its map."""
    violin = read_bundle(SHIPPED.parent / "violin.zip")
    bare = replace(violin, info=replace(violin.info, loudness_map=None))
    assert any("duller" in reason for reason in reasons(sweep(bare, [69, 70])))
