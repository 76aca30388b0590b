"""The round trip, against delays that are known: made ones, a pumped rig, a paced card."""

import subprocess
import threading
import time

import numpy as np
import pytest
from live_pump import PERIOD, RATE

from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.cli import main
from ddsp_edge.errors import UserError
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.live.round_trip import analyse, measure, sweep
from ddsp_edge.live.test_tone import TONE_DBFS, tone

PLAYED = sweep(RATE)


def delayed(samples, gain=1.0, noise_db=None, side=0):
    """What comes back: by a phase in the spectrum, so any part of a sample."""
    size = 4 * len(PLAYED)
    spectrum = np.fft.rfft(PLAYED, size)
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(size) * samples)
    heard = np.zeros((len(PLAYED), 2), np.float32)
    heard[:, side] = gain * np.fft.irfft(spectrum * turn, size)[: len(PLAYED)]
    if noise_db is not None:
        rng = np.random.default_rng(1)
        heard += 10 ** (noise_db / 20) * rng.standard_normal(heard.shape).astype(np.float32)
    return heard


@pytest.mark.parametrize("samples", [0.0, 1.0, 389.0, 389.25, 400.5, 12_345.9, 40_000.0])
@pytest.mark.parametrize(("gain", "noise_db"), [(1.0, None), (-0.3, -60), (0.02, -80)])
def test_a_known_delay_is_found_to_a_hundredth_of_a_sample(samples, gain, noise_db):
    found = analyse(PLAYED, delayed(samples, gain, noise_db, side=1), RATE)
    assert found.samples + found.fraction == pytest.approx(samples, abs=0.02)
    assert abs(found.fraction) <= 0.52 and found.input == "right"
    assert found.level_db == pytest.approx(20 * np.log10(abs(gain)), abs=0.3)
    assert found.inverted is (gain < 0) and not found.clipped


def test_a_clipping_input_is_said():
    found = analyse(PLAYED, np.clip(delayed(500.0, 8.0), -1, 1), RATE)
    assert found.samples == 500 and found.clipped


@pytest.mark.parametrize("what", ["nothing", "noise", "hum"])
def test_no_cable_is_said(what):
    heard = np.zeros((len(PLAYED), 2), np.float32)
    if what == "noise":
        heard += 0.1 * np.random.default_rng(2).standard_normal(heard.shape).astype(np.float32)
    elif what == "hum":
        heard += 0.3 * np.sin(2 * np.pi * 50 * np.arange(len(heard)) / RATE)[:, None]
    with pytest.raises(UserError, match="nothing came back"):
        analyse(PLAYED, heard, RATE)


@pytest.mark.parametrize("wrong", [{"seconds": 0.1}, {"level_dbfs": 3.0}, {"seconds": 11.0}])
def test_a_sweep_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(UserError, match="choose"):
        sweep(RATE, **wrong)


class Cable:
    """Runs a rig as a card whose output comes back so many samples later."""

    def __init__(self, engine, samples):
        self.engine, self.stopping = engine, threading.Event()
        self.line = np.zeros((samples, 2), np.float32)
        self.played = []
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping.is_set():
            # What goes out now comes in `samples` later: the block must not be longer.
            block = np.empty((PERIOD, 2), np.float32)
            heard, self.line = self.line[:PERIOD].copy(), self.line[PERIOD:]
            self.engine.rig.process(heard, block)
            self.line = np.concatenate([self.line, block])
            self.played.append(block)
            time.sleep(0.0005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


@pytest.mark.parametrize("samples", [128, 387, 1000])
def test_through_the_engine_to_the_sample(samples):
    with LiveEngine(None) as engine, Cable(engine, samples):
        found = measure(engine, 0.5)
        assert engine.status()["mute"] is False
    assert found["round_trip_samples"] == samples and abs(found["fraction_samples"]) < 0.01
    assert found["level_db"] == pytest.approx(0.0, abs=0.1)


def test_the_tone_is_heard_muted_and_bypassed_and_ends_without_a_click():
    with LiveEngine(None) as engine, Cable(engine, 4096) as cable:
        engine.mute(True)
        engine.test(tone(RATE, 1000.0, 0.3), (1.0, 0.0)).result(20)
        engine.bypass(True)
        first = engine.test(tone(RATE, 500.0, 20.0))
        time.sleep(0.3)
        assert engine.status()["test_tone"] is True
        engine.end_test()
        first.result(20)
    sound = np.concatenate(cable.played)
    # The right side is silent at first, the level is what was said, no step is a jump.
    assert np.abs(sound[:, 0]).max() == pytest.approx(10 ** (TONE_DBFS / 20), rel=1e-3)
    steps = np.abs(np.diff(sound, axis=0)).max()
    assert steps < 1.1 * 10 ** (TONE_DBFS / 20) * 2 * np.pi * 1000 / RATE
    first_tone = np.flatnonzero(sound[:, 0])[: round(0.25 * RATE)]
    assert not sound[first_tone, 1].any()


def plugged(jack_card):
    """A cable between the two ends of the card, once they are there."""
    import os

    env = os.environ | jack_card.env
    for side in ("000", "001"):
        command = ["jack_connect", f"card-out:out_{side}", f"card-in:in_{side}"]
        subprocess.run(command, env=env, check=True, capture_output=True)


def by_click(engine):
    """The round trip in samples, of one sample that is not zero."""
    click = np.zeros(RATE // 2, np.float32)
    click[100] = 0.5
    heard = np.zeros((len(click), 2), np.float32)
    engine.test(click, (1.0, 1.0), heard).result(30)
    came = int(np.argmax(np.abs(heard[:, 0])))
    assert heard[came, 0] == pytest.approx(0.5, abs=1e-3)
    return came - 100


def test_on_a_paced_card_it_agrees_with_a_click_to_the_sample(jack_card):
    with LiveEngine(CardSettings(jack_card.pcm)) as engine:
        with pytest.raises(UserError, match="nothing came back"):
            measure(engine, 0.5)
        plugged(jack_card)
        time.sleep(0.3)
        # A period that jackd loses on a busy machine moves the card's two sides apart for good.
        for _ in range(8):
            clicked, found, again = by_click(engine), measure(engine, 0.5), by_click(engine)
            if clicked == again:
                break
    assert found["round_trip_samples"] == clicked == again
    assert abs(found["fraction_samples"]) < 0.01 and found["level_db"] == pytest.approx(0, abs=0.1)
    assert found["round_trip_samples"] % jack_card.period == 0  # nothing but buffers here
    assert found["buffers_samples"] > 0


def test_the_command_without_a_cable_is_one_line_and_exit_code_2(jack_card, capsys):
    assert main(["latency", "--card", jack_card.pcm, "--seconds", "0.5"]) == 2
    said = capsys.readouterr()
    assert "nothing came back" in said.err and len(said.err.strip().splitlines()) == 1
