"""A part's response: added to its voices live, in any blocks, as much of it as is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from rig_pump import HOP_S, N_NOISE, PERIOD, RATE, make_part, pump, send

from native.kernel import Convolver
from native.rig import Part, Rig, RigControl

NOISE = np.full(N_NOISE, 0.01, np.float32)
RESPONSE = (
    np.random.default_rng(3).uniform(-0.1, 0.1, 6000) * 10 ** (-2 * np.arange(6000) / 6000)
).astype(np.float32)


def played(
    part: Part, body: float | None = None, blocks: tuple[int, ...] = (PERIOD,)
) -> np.ndarray:
    """Half a second of one note, both sides; the voices are the same each time."""
    rig = Rig(RATE, PERIOD)
    if body is not None:
        rig.set(RigControl.BODY, body)
    assert rig.play(part, fade_s=0.0)
    assert send(part, noise=NOISE, ramp_s=HOP_S)
    return pump(rig, 0.5, blocks=blocks)


def with_response() -> Part:
    return make_part(response=(RESPONSE, RATE))


def test_the_response_is_added_to_the_voices() -> None:
    dry = played(make_part())[:, 0].copy()
    wet = np.zeros_like(dry)
    Convolver(RESPONSE, RATE, RATE).process(dry, wet)
    assert np.abs(wet).max() > 0.05
    assert np.array_equal(played(with_response())[:, 0], dry + wet)
    half = played(with_response(), 0.5)[:, 0]
    assert np.allclose(half, dry + 0.5 * wet, atol=1e-7)


def test_without_body_it_is_the_dry_part_to_the_bit() -> None:
    assert np.array_equal(played(with_response(), 0.0), played(make_part()))


def test_blocks_change_no_bit() -> None:
    assert np.array_equal(
        played(with_response()), played(with_response(), blocks=(1, PERIOD, 17, 3, 64))
    )


def test_body_moves_without_a_step() -> None:
    part, rig = with_response(), Rig(RATE, PERIOD)
    dry_part, dry_rig = make_part(), Rig(RATE, PERIOD)
    for each, its in ((part, rig), (dry_part, dry_rig)):
        assert its.play(each, fade_s=0.0)
        assert send(each, noise=NOISE)
    sounds = [[], []]
    for body in (1.0, 0.0, 1.0):
        rig.set(RigControl.BODY, body)
        for sound, its in zip(sounds, (rig, dry_rig), strict=True):
            sound.append(pump(its, 0.2)[:, 0])
    wet, dry = (np.concatenate(sound) for sound in sounds)
    added = wet - dry
    change = round(0.2 * RATE)
    assert np.abs(added[change - 500 : change]).max() > 1e-3
    # Gone after its ramp of 20 ms, and nothing old comes back with it.
    assert not added[change + round(0.025 * RATE) : 2 * change].any()
    assert np.abs(added[2 * change :]).max() > 1e-3
    steps = np.abs(np.diff(added))
    for at in (change, 2 * change):
        assert steps[at - 20 : at + 20].max() <= 1.2 * steps[: change - 20].max()


def test_a_panic_ends_the_tail() -> None:
    part, rig = with_response(), Rig(RATE, PERIOD)
    assert rig.play(part, fade_s=0.0)
    assert send(part)
    pump(rig, 0.1)
    rig.panic()
    assert not pump(rig, 0.3)[round(0.01 * RATE) :].any()


@pytest.mark.parametrize("response", [(RESPONSE[:0], RATE), (RESPONSE, 1.0), (RESPONSE, 4000.0)])
def test_a_bad_response_is_refused(response: tuple[np.ndarray, float]) -> None:
    with pytest.raises(ValueError, match="response"):
        make_part(response=response)
