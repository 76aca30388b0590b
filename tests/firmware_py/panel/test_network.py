"""The panel's routes to the network service, which here is the test's own at the other end."""

import threading

import pytest

from ddsp_edge.network.client import ENVIRONMENT
from firmware_py.network.answers import NetworkSocket
from firmware_py.panel.network_routes import is_guest

STATE = {
    "possible": True,
    "reason": "",
    "host": "ddsp-edge-1a2b",
    "hotspot": {
        "name": "ddsp-edge-1a2b",
        "password": "abcd2345efgh",
        "address": "10.42.0.1",
        "open": True,
    },
}


class Service:
    """Says STATE and writes down what it is asked for."""

    def __init__(self):
        self.asked = []

    def state(self):
        return STATE

    def join(self, **wanted):
        self.asked.append(wanted)

    def look(self):
        self.asked.append("look")


@pytest.fixture
def service(tmp_path, monkeypatch):
    service = Service()
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "network.sock"))
    served = NetworkSocket(tmp_path / "network.sock", service)
    thread = threading.Thread(target=served.run)
    thread.start()
    yield service
    served.stop()
    thread.join(20)


def test_without_the_service_nothing_is_offered_and_the_reason_is_said(box, monkeypatch, tmp_path):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "none"))
    told = box.ask("GET", "/api/network").json()
    assert told == {"possible": False, "reason": "this box does not manage its networks"}
    answer = box.ask("POST", "/api/network", json={"do": "look"})
    assert answer.status_code == 409
    assert box.client.get("/api/pair/network").json() == {"hotspot": None}


def test_the_state_comes_with_codes(box, service):
    pytest.importorskip("segno", reason="segno is not installed (the extra panel)")
    told = box.ask("GET", "/api/network").json()
    assert told["page"]["address"] == "http://ddsp-edge-1a2b.local:8765/"
    assert told["hotspot"]["code"]["size"] == 29 and told["page"]["code"]["path"].startswith("M0 0")


def test_joining_is_passed_on(box, service):
    body = {"do": "join", "name": "Home", "password": "12345678"}
    assert box.ask("POST", "/api/network", json=body).status_code == 204
    assert box.ask("POST", "/api/network", json={"do": "look"}).status_code == 204
    assert service.asked == [{"name": "Home", "password": "12345678", "hidden": False}, "look"]


@pytest.mark.parametrize(
    "body",
    [{}, {"do": "state"}, {"do": "look", "x": 1}, {"do": "join"}, {"do": "join", "name": 5},
     {"do": "join", "name": "x", "hidden": 1}, {"do": "forget", "uuid": "x" * 201}, [], None],
)  # fmt: skip
def test_what_is_no_request_is_refused(box, service, body):
    assert box.ask("POST", "/api/network", json=body).status_code == 400
    assert service.asked == []


def test_only_the_hotspots_guests_see_its_password_unpaired(box, service):
    """The test's client is in no hotspot."""
    assert box.client.get("/api/pair/network").json() == {"hotspot": None}
    assert box.client.get("/api/network").status_code == 401
    assert is_guest("10.42.0.77", "10.42.0.1")
    for other in ("10.42.0.1", "10.42.1.7", "127.0.0.1", "::1", "testclient", ""):
        assert not is_guest(other, "10.42.0.1")
