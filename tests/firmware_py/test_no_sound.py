"""A sound server that stops is told: the card is open, yet nothing sounds."""

import signal
import time

import pytest
from jack_server import JackServer
from service_box import PATIENCE_S, until

from ddsp_edge.cli.status import _lines


@pytest.fixture
def server(jack_card, tmp_path):
    """A sound server of its own, which the test may stop."""
    server = JackServer(tmp_path)
    server.start()
    yield server
    server.process.send_signal(signal.SIGCONT)
    server.stop()


def test_a_stopped_sound_server_is_said_with_the_seconds(make_box, server):
    box = make_box(server.env).start()
    with box.client() as client:
        playing = until(lambda s: s["card"]["state"] == "running", client)
        assert playing["card"]["no_sound_s"] == 0.0
        assert not any("no sound" in line for line in _lines(playing))
        begun = time.monotonic()
        server.process.send_signal(signal.SIGSTOP)
        stopped = until(lambda s: s["card"].get("no_sound_s", 0.0) >= 2.0, client)
        assert stopped["card"]["no_sound_s"] <= time.monotonic() - begun + 0.2
        assert stopped["card"]["state"] == "running"
        assert any("but no sound for" in line for line in _lines(stopped))
        server.process.send_signal(signal.SIGCONT)
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            card = client.call("status")["card"]
            if card["state"] == "running" and card["no_sound_s"] == 0.0:
                break
            time.sleep(0.1)
        assert card["no_sound_s"] == 0.0 and card["state"] == "running"
