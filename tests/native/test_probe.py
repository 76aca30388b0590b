"""The probe catches the first loud sample, to the sample, and can be the input."""

from __future__ import annotations

import time

import numpy as np
from rig_pump import PERIOD, RATE, make_part, send

from native.probe import Probe
from native.rig import Rig, RigControl


def blocks(probe: Probe, count: int) -> np.ndarray:
    heard, played = np.zeros((PERIOD, 2), np.float32), []
    for _ in range(count):
        block = np.empty_like(heard)
        probe.process(heard, block)
        played.append(block)
    return np.concatenate(played)


def test_it_catches_the_first_loud_sample_once_armed():
    rig, part = Rig(RATE, PERIOD), make_part()
    probe = Probe(rig)
    assert rig.play(part, fade_s=0.0)
    send(part)
    assert np.abs(blocks(probe, 4)).max() > 0.1
    assert probe.read() is None  # nobody asked
    rig.panic()
    blocks(probe, 20)
    probe.arm(0.01)
    blocks(probe, 3)
    assert probe.read() is None  # silence
    send(part)
    begun = time.monotonic_ns()
    sound = np.abs(blocks(probe, 4)).max(axis=1)
    first = int(np.flatnonzero(sound > 0.01)[0])
    caught = probe.read()
    assert caught is not None and caught.tone_ns == 0
    assert caught.offset == first % PERIOD
    assert begun <= caught.block_ns <= time.monotonic_ns()
    assert probe.read() == caught


def test_a_tone_of_its_own_is_what_the_rig_hears():
    rig = Rig(RATE, PERIOD)
    rig.set(RigControl.DRY, 1.0)
    probe = Probe(rig)
    assert not blocks(probe, 2).any()
    probe.arm(0.05, tone_hz=220.0, amplitude=0.1)
    sound = blocks(probe, 20)[:, 0]
    t = np.arange(len(sound)) / RATE
    tone = 0.1 * sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 13))
    assert np.abs(sound - tone).max() < 1e-4
    caught = probe.read()
    assert caught is not None and 0 < caught.tone_ns <= caught.block_ns
    assert caught.since_tone == int(np.flatnonzero(np.abs(sound) > 0.05)[0])
    probe.arm(2.0)
    assert not blocks(probe, 2).any() and probe.read() is None
