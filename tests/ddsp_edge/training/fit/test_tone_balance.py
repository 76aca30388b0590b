"""A response makes up for what the instrument behind it lacks above some kilohertz."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import oaconvolve

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit import tone_balance  # noqa: E402
from ddsp_edge.training.fit.run_log import synthesise  # noqa: E402
from ddsp_edge.training.fit.trainer import Trainer  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402

RATE = 48_000
HZ = np.fft.rfftfreq(tone_balance.SIZE, 1 / RATE)
MIDDLES = 1000.0 * 2 ** ((np.arange(14) + 0.5) / 3)  # of the third octaves


def level_db(response, hz):
    """Of direct sound and response together."""
    whole = np.array(response, np.float64)
    whole[0] += 1.0
    wave = np.exp(-2j * np.pi * np.outer(np.atleast_1d(hz), np.arange(len(whole))) / RATE)
    return 20 * np.log10(np.abs(wave @ whole))


def test_the_gains_are_the_difference_in_each_third_octave():
    theirs = 1.0 / np.maximum(HZ, 100.0) ** 2
    ours = theirs * 10 ** (-0.2 * ((HZ >= 4000.0) & (HZ < 8000.0)))
    gains = tone_balance.gains_db(ours, theirs, RATE)
    softer = (MIDDLES > 4000.0) & (MIDDLES < 8000.0)
    assert gains[softer] == pytest.approx([2.0] * 3, abs=0.1)
    assert np.abs(gains[~softer]).max() < 0.1
    assert tone_balance.gains_db(7.0 * ours, theirs, RATE) == pytest.approx(gains)


def test_none_is_large_and_what_is_not_there_stays():
    theirs = np.where(HZ < 9000.0, 1.0, 0.0)
    gains = tone_balance.gains_db(1.0 / np.maximum(HZ, 1.0) ** 2, theirs, RATE)
    assert gains.max() == tone_balance.MOST_DB
    assert (gains[MIDDLES > 10_500.0] == 0.0).all()
    assert np.isfinite(tone_balance.gains_db(np.zeros_like(HZ), theirs, RATE)).all()


@pytest.mark.parametrize("before", ["silence", "a room"])
def test_the_response_gets_the_gains_and_keeps_its_place_in_time(before):
    response = np.zeros(RATE, np.float32)
    if before == "a room":
        noise = np.random.default_rng(1).standard_normal(RATE)
        response += (0.02 * noise * np.exp(-np.arange(RATE) / 9000)).astype(np.float32)
    gains = np.array([0.0, 0.2, -0.4, 0.5, 1.0, 1.5, 2.0, 1.0, 0.5, 0.3, 0.2, 0.0, 0.0, 0.0])
    found = tone_balance.filtered(response, gains, RATE)
    assert found.dtype == np.float32 and found.shape == response.shape
    change = level_db(found, MIDDLES) - level_db(response, MIDDLES)
    assert change == pytest.approx(gains, abs=0.1)
    low = np.array([100.0, 300.0, 700.0])
    assert np.abs(level_db(found, low) - level_db(response, low)).max() < 0.15
    added = np.abs(found - response)
    assert added.argmax() < 3  # the direct sound is where it was
    assert before == "a room" or (added[:48] ** 2).sum() > 0.99 * (added**2).sum()


def test_it_is_told_by_the_recordings_of_its_room_alone(toy_dataset, tmp_path):
    plan = Plan(
        warm_steps=1, steps=1, warm_batch=2, warm_frames=120, batch=2, frames=41, context=20,
        response=True,
    )  # fmt: skip
    pieces = [replace(p, room=("hall", "dry")[i % 2]) for i, p in enumerate(toy_dataset.train[:2])]
    dataset = replace(toy_dataset, train=pieces)
    trainer = Trainer(dataset, tmp_path, plan)
    model = trainer.model.eval()
    room = np.zeros(RATE, np.float32)
    room[600] = 0.3
    wanted = tone_balance.filtered(room, np.repeat([0.0, 2.0], 7), RATE)
    heard = []
    for piece in pieces:
        dry = synthesise(trainer, model, piece, room=False)
        # What was recorded in the hall is the instrument behind a brighter room.
        wet = dry + oaconvolve(dry, wanted)[: len(dry)] if piece.room == "hall" else dry
        heard.append(replace(piece, audio=wet.astype(np.float32)))
    dataset = replace(dataset, train=heard)
    found, gains = tone_balance.balanced(room, trainer, model, dataset, "hall")
    there = (MIDDLES > 1500.0) & (MIDDLES < 12_000.0)
    total = level_db(found, MIDDLES)[there] - level_db(wanted, MIDDLES)[there]
    assert np.abs(total - np.median(total)).max() < 0.4  # as bright as the recordings
    assert np.ptp(level_db(found, MIDDLES)[there] - level_db(room, MIDDLES)[there]) > 1.5
    assert gains.shape == MIDDLES.shape
