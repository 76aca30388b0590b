"""Keyboards as they come: mido's sockets and JACK, to a sound of the right pitch."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import mido
import mido.sockets
import numpy as np
import pytest

from ddsp_edge import evaluation
from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.midi.ports import MidiPorts
from ddsp_edge.settings import Settings

RATE = 48_000
VIOLIN = find_model("violin")


@contextmanager
def instrument(card: str, **midi: object) -> Iterator[tuple[LiveEngine, MidiPorts]]:
    with LiveEngine(
        CardSettings(card, "none"), "synth", Settings(reverb_wet=0.0, body=0.0, expression=0)
    ) as engine:
        ports = MidiPorts(engine.midi, engine.publish, **midi)
        ports.start()
        try:
            engine.play(VIOLIN).result(20)
            yield engine, ports
        finally:
            ports.stop()


def heard_hz(sound: np.ndarray) -> float:
    """Of the loudest half second."""
    until = np.concatenate([[0.0], np.cumsum(np.abs(sound[:, 0]), dtype=np.float64)])
    loud = (until[RATE // 2 :] - until[: -(RATE // 2)]).argmax()
    track = evaluation.track_f0(sound[loud : loud + RATE // 2, 0], RATE)
    return float(np.median(track.f0_hz[track.f0_hz > 0]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_from_another_machine_and_the_plug_is_pulled(jack_card, studio):
    with instrument("jk", api="none", network=f"127.0.0.1:{free_port()}") as (engine, ports):
        assert ports.network_address is not None
        with studio.recording() as recorded:
            keyboard = mido.sockets.connect(*ports.network_address)
            keyboard.send(mido.Message("note_on", note=74, velocity=100))
            time.sleep(1.0)
            assert engine.status()["notes"] == [74]
            keyboard.close()
            del keyboard  # its files keep the connection open
            time.sleep(1.0)
            assert engine.status()["notes"] == []  # it leaves no note behind
    assert abs(1200 * np.log2(heard_hz(recorded[0]) / 587.33)) < 3
    assert np.abs(recorded[0][-RATE // 10 :]).max() < 1e-3


def test_through_jack(jack_card, studio):
    pytest.importorskip("rtmidi", reason="python-rtmidi is not installed")
    with instrument("jk", api="jack") as (engine, _):
        backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
        keyboard = backend.open_output("keys", virtual=True, client_name="keys")
        try:
            with studio.recording() as recorded:
                deadline = time.monotonic() + 10
                while not engine.status()["notes"]:  # until it has been found and plugged in
                    assert time.monotonic() < deadline
                    keyboard.send(mido.Message("note_on", note=69, velocity=100))
                    time.sleep(0.2)
                time.sleep(0.8)
                keyboard.send(mido.Message("note_off", note=69))
                time.sleep(0.7)
                assert engine.status()["notes"] == []
        finally:
            keyboard.close()
    assert abs(1200 * np.log2(heard_hz(recorded[0]) / 440)) < 3
