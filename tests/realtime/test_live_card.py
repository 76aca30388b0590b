"""A card that is not there, is lost, and comes back: the engine lives on."""

from __future__ import annotations

import time
from collections.abc import Callable

import mido
import pytest
from jack_server import JackServer

from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine

CELLO = find_model("cello")


def wait_for(what: Callable[[], object], seconds: float = 30.0) -> None:
    limit = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def own_server(jack_card, tmp_path, monkeypatch) -> JackServer:
    """A server that a test may kill."""
    server = JackServer(tmp_path)
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    yield server
    server.stop()


def test_a_card_that_is_pulled_is_taken_back_and_the_note_goes_on(own_server):
    own_server.start()
    events: list[dict] = []
    with LiveEngine(CardSettings("jk", "none"), "synth") as engine:
        engine.subscribe(events.append)
        engine.play(CELLO).result(20)
        engine.midi(mido.Message("note_on", note=50, velocity=100))
        wait_for(lambda: engine.status()["output_dbfs"] > -40)
        own_server.stop()
        wait_for(lambda: engine.status()["card"]["state"] != "running")
        # Everything else lives: keys are heard, settings move, models change.
        engine.midi(mido.Message("note_on", note=57, velocity=100))
        engine.midi(mido.Message("note_off", note=57))
        engine.set({"output_gain": -6})
        wait_for(lambda: engine.status()["notes"] == [50])
        own_server.start()
        wait_for(lambda: engine.status()["card"]["state"] == "running")
        wait_for(lambda: engine.status()["output_dbfs"] > -40)
        stats = engine.stats()
        assert stats["reopened"] == 1 and stats["control"]["errors"] == 0
        assert engine.status()["notes"] == [50]
    states = [event["state"] for event in events if event["event"] == "card"]
    # It may be told first that the card runs.
    assert "lost" in states[:2] and states[-1] == "running"


def test_a_card_of_another_period_gets_the_models_made_anew(own_server):
    own_server.period = 256
    own_server.start()
    with LiveEngine(CardSettings("jk", "none", period=128, periods=2), "synth") as engine:
        engine.play(CELLO).result(20)
        assert engine.status()["card"]["period"] == engine.rig.period
        engine.midi(mido.Message("note_on", note=50, velocity=100))
        wait_for(lambda: engine.status()["output_dbfs"] > -40)
        own_server.stop()
        wait_for(lambda: engine.status()["card"]["state"] != "running")
        own_server.period = 512
        own_server.start()
        wait_for(lambda: engine.status()["card"]["state"] == "running")
        wait_for(lambda: engine.status()["model"] == "Cello")
        assert engine.status()["card"]["period"] == engine.rig.period
        engine.midi(mido.Message("note_on", note=52, velocity=100))
        wait_for(lambda: engine.status()["output_dbfs"] > -40)
        assert engine.stats()["control"]["errors"] == 0


def test_no_card_is_an_error(own_server):
    engine = LiveEngine(CardSettings("jk", "none"), "synth")
    with pytest.raises(UserError, match="jk"):
        engine.start()
    engine.stop()  # it has ended already


def test_the_service_waits_for_its_card(own_server):
    engine = LiveEngine(CardSettings("jk", "none"), "synth")
    events: list[dict] = []
    engine.subscribe(events.append)
    engine.start(wait_for_card=True)
    try:
        engine.play(CELLO).result(20)
        wait_for(lambda: engine.status()["card"]["state"] == "waiting")
        own_server.start()
        wait_for(lambda: engine.status()["card"]["state"] == "running")
        engine.midi(mido.Message("note_on", note=50, velocity=100))
        wait_for(lambda: engine.status()["output_dbfs"] > -40)
    finally:
        engine.stop()
    assert next(e["state"] for e in events if e["event"] == "card") == "waiting"
