"""A stereo input of which the mean says too little: the louder side is heard, and it says so."""

from __future__ import annotations

import numpy as np
import pytest

from native.rig import Rig, RigControl

RATE, BLOCK = 48000, 128
LEFT, RIGHT, BOTH = 0, 1, 2


def dry_rig(rate: int = RATE) -> Rig:
    """A rig that plays what it hears."""
    rig = Rig(rate, BLOCK)
    rig.set(RigControl.DRY, 1.0)
    return rig


def play(rig: Rig, stereo: np.ndarray) -> np.ndarray:
    """(n, 2) in, what is heard of it (n,) out."""
    out = np.zeros_like(stereo)
    for at in range(0, len(stereo), BLOCK):
        rig.process(stereo[at : at + BLOCK], out[at : at + BLOCK])
    return out[:, 0]


def tone(seconds: float, hz: float = 220.0) -> np.ndarray:
    return (0.1 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype("f4")


def stereo(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.stack([left, right], axis=1), np.float32)


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x.astype(float)))))


def test_an_inverted_channel_is_not_silence() -> None:
    x, rig = tone(1.0), dry_rig()
    heard = play(rig, stereo(x, -x))
    assert rms(heard[RATE // 2 :]) == pytest.approx(rms(x), rel=0.01)
    assert rig.read().input_side in (LEFT, RIGHT)


@pytest.mark.parametrize("side", [LEFT, RIGHT])
def test_one_live_side_has_its_own_level(side: int) -> None:
    x, rig = tone(1.0), dry_rig()
    pair = (x, np.zeros_like(x)) if side == LEFT else (np.zeros_like(x), x)
    heard = play(rig, stereo(*pair))
    assert rms(heard[RATE // 2 :]) == pytest.approx(rms(x), rel=0.01)
    assert rig.read().input_side == side


def test_nothing_is_said_before_anything_was_heard() -> None:
    assert dry_rig().read().input_side == BOTH


def test_two_sides_that_differ_are_both_heard() -> None:
    rng, rig = np.random.default_rng(1), dry_rig()
    x = (0.1 * rng.normal(size=(2 * RATE, 2))).astype(np.float32)
    heard = play(rig, x)
    assert np.allclose(heard[1000:], x.mean(axis=1)[1000:], atol=1e-6)
    assert rig.read().input_side == BOTH


def test_the_side_that_was_asked_for_stays() -> None:
    x, rig = tone(1.0), dry_rig()
    rig.set(RigControl.INPUT, RIGHT)
    assert rms(play(rig, stereo(x, np.zeros_like(x)))) == 0.0
    assert rig.read().input_side == RIGHT


def test_the_change_is_a_ramp_and_the_way_back_waits() -> None:
    """No sample leaps by more than the tone itself does, and both sides are heard in the end."""
    x, rig = tone(6.0), dry_rig()
    right = x.copy()
    right[RATE : 2 * RATE] = 0.0  # a second in which one side is silent
    heard = play(rig, stereo(x, right))
    assert rig.read().input_side == BOTH
    largest_step = float(np.abs(np.diff(x)).max())
    assert float(np.abs(np.diff(heard)).max()) < 1.5 * largest_step
    assert rms(heard[int(1.5 * RATE) : 2 * RATE]) == pytest.approx(rms(x), rel=0.01)


def test_silence_and_noise_of_the_room_decide_nothing() -> None:
    rng, rig = np.random.default_rng(1), dry_rig()
    hiss = (1e-4 * rng.normal(size=(RATE, 2))).astype(np.float32)
    hiss[:, 1] = -hiss[:, 0]
    play(rig, hiss)
    assert rig.read().input_side == BOTH


def test_wild_samples_do_no_harm() -> None:
    rig = dry_rig()
    bad = np.zeros((RATE, 2), np.float32)
    bad[::7] = np.inf
    bad[3::11, 0] = np.nan
    bad[5::13, 1] = 3e38
    assert np.isfinite(play(rig, bad)).all()
    x = tone(6.0)
    heard = play(rig, stereo(x, x))
    assert rms(heard[-RATE:]) == pytest.approx(rms(x), rel=0.01)
