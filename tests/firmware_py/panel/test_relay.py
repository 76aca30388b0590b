"""/ws: the control socket's lines for browsers that have a token, and for them only."""

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.websockets import WebSocketDisconnect

from ddsp_edge.control_protocol import RequestError
from ddsp_edge.control_verbs import VERBS
from firmware_py.control_server import ControlServer
from firmware_py.panel import relay
from firmware_py.panel.relay import MAX_BROWSERS, Browser, refuse_paths

WS = "ws://localhost:8765/ws"


class Socket:
    """A browser's, with what it heard but was not asked for."""

    def __init__(self, session):
        self.session, self.events, self.last_id = session, [], 0

    def next(self):
        return json.loads(self.session.receive_text())

    def until(self, wanted):
        """The first event that ``wanted`` says yes to."""
        while True:
            if self.events:
                message = self.events.pop(0)
            else:
                message = self.next()
            if wanted(message):
                return message

    def call(self, verb, **arguments):
        self.last_id += 1
        self.session.send_text(json.dumps({"id": self.last_id, "do": verb, **arguments}))
        while True:
            message = self.next()
            if message.get("id") == self.last_id:
                return message
            self.events.append(message)


@pytest.fixture
def connect(box):
    sessions = []

    def one(token=None):
        session = box.client.websocket_connect(WS, headers={"Origin": "http://localhost:8765"})
        sessions.append(session)
        session.__enter__()
        session.send_text(json.dumps({"token": token or box.token}))
        return Socket(session)

    yield one
    for session in sessions:
        session.__exit__(None, None, None)


@pytest.fixture
def browser(connect):
    made = connect()
    assert made.next()["event"] == "engine"
    made.until(lambda m: m == {"event": "engine", "up": True} or m["event"] == "state")
    return made


def is_event(kind):
    return lambda message: message.get("event") == kind


def test_the_engines_state_and_meters_come_at_once(connect):
    made = connect()
    assert made.next()["event"] == "engine"
    assert made.until(is_event("state"))["model"] == "violin"
    assert made.until(is_event("meters"))["loudness_db"] == -20.0


def test_a_request_is_answered_with_its_id(browser, box):
    told = browser.call("set", values={"mix": 0.5})
    assert told["ok"] and told["result"] == {"values": {"mix": 0.5}}
    assert box.engine.asked == [("set", {"mix": 0.5})]
    told = browser.call("model", name="violin", source="synth")
    assert told["ok"] and box.engine.asked[-1] == ("model", "violin", None, "synth")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"do": "preset", "name": "sollo"}, "refused"),
        ({"do": "panic"}, "internal"),
        ({"do": "shutdown"}, "verb"),
        ({"do": "set"}, "argument"),
        ({"do": "set", "values": {"a": 1}, "x": 1}, "argument"),
        ({"do": "status", "v": 2}, "request"),
        ({"do": "model", "path": "/etc/passwd"}, "refused"),
        ({"do": "model", "name": "/etc/passwd"}, "refused"),
        ({"do": "model", "name": "../x.zip"}, "refused"),
        ({"do": "model", "name": "x.TFLITE"}, "refused"),
        ({"do": "program_set", "bank": 0, "program": 0, "model": "../x"}, "refused"),
        ({"do": "subscribe", "rate_hz": -1}, "argument"),
        ({"do": {}}, "verb"),
        ({}, "verb"),
    ],
)
def test_what_is_wrong_is_said_and_the_socket_goes_on(browser, box, request_, code):
    browser.session.send_text(json.dumps({"id": "x", **request_}))
    told = browser.until(lambda m: m.get("id") == "x")
    assert not told["ok"] and told["code"] == code and set(told) >= {"error", "remedy"}
    assert not [asked for asked in box.engine.asked if asked[0] == "model"]
    assert browser.call("status")["ok"]


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "1", "null", "[" * 3000, '{"id": []}', '{"id": 1e99}', "\0", "{}" * 2]
)
def test_what_is_no_request_is_answered(browser, text):
    browser.session.send_text(text)
    assert browser.until(lambda m: m.get("ok") is False)["code"] in ("request", "verb")
    browser.session.send_bytes(b"\xff")
    assert browser.until(lambda m: m.get("ok") is False)["code"] == "request"
    assert browser.call("status")["ok"]


def test_every_verb_is_either_relayed_or_known_here(browser):
    for verb in VERBS:
        told = browser.call(verb)
        assert told["ok"] or told["code"] in ("argument", "internal", "refused"), (verb, told)


@pytest.mark.parametrize("first", ['{"token": "wrong"}', '{"token": 1}', "{}", "x", "", "[1]"])
def test_only_with_a_token(box, first):
    with box.client.websocket_connect(WS) as session:
        session.send_text(first)
        with pytest.raises(WebSocketDisconnect) as closed:
            session.receive_text()
        assert closed.value.code == 4401


def test_who_says_nothing_is_sent_away(box, monkeypatch):
    monkeypatch.setattr(relay, "HELLO_S", 0.05)
    with box.client.websocket_connect(WS) as session:
        with pytest.raises(WebSocketDisconnect) as closed:
            session.receive_text()
        assert closed.value.code == 4401


def test_a_token_that_is_taken_back_ends_the_connection(browser, box):
    assert box.ask("DELETE", "/api/pair").status_code == 204
    with pytest.raises(WebSocketDisconnect) as closed:
        while True:
            browser.next()
    assert closed.value.code == 4401


def test_so_many_browsers_and_no_more(connect):
    made = [connect() for _ in range(MAX_BROWSERS)]
    for each in made:
        assert each.next()["event"] == "engine"
    with pytest.raises(WebSocketDisconnect) as closed:
        connect().next()
    assert closed.value.code == 4429
    assert made[0].call("status")["ok"]


def test_each_browser_has_its_own_events(connect):
    one, other = connect(), connect()
    for each in (one, other):
        each.until(is_event("meters"))
    assert one.call("unsubscribe")["ok"]
    one.events.clear()
    assert one.call("status")["ok"]  # what was on its way has come
    one.events.clear()
    for _ in range(3):
        other.until(is_event("meters"))
    assert one.call("status")["ok"] and not [e for e in one.events if e["event"] == "meters"]
    assert one.call("subscribe", rate_hz=5)["result"] == {"rate_hz": 5}
    one.until(is_event("state"))
    one.until(is_event("meters"))


def test_the_engine_goes_and_comes_back(browser, box):
    box.server.stop()
    assert browser.until(is_event("engine")) == {"event": "engine", "up": False}
    told = browser.call("status")
    assert told["code"] == "engine" and told["remedy"]
    box.server = ControlServer(box.socket, box.engine)
    box.server.start()
    assert browser.until(is_event("engine")) == {"event": "engine", "up": True}
    assert browser.call("status")["ok"]
    browser.until(is_event("meters"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["do", "id", "v", "values", "name", "path", "rate_hz", "on", "bytes"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-3, 300)
            | st.floats()
            | st.text(max_size=8)
            | st.sampled_from(sorted(VERBS)),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
            max_leaves=6,
        ),
    )
)
def test_any_object_is_answered(browser, message):
    browser.session.send_text(json.dumps({**message}))
    told = browser.until(lambda m: "ok" in m)
    assert told["ok"] in (True, False)


# ---- one browser alone


class Slow:
    """A socket that takes nothing until it is told."""

    def __init__(self):
        self.sent = []

    async def send_text(self, line):
        self.sent.append(line)


def test_of_meters_only_the_newest_waits():
    import asyncio

    async def scene():
        socket = Slow()
        browser = Browser(socket, None)
        for i in range(100):
            browser.meters(f"m{i}", time.monotonic())
        browser.post("state")
        task = asyncio.create_task(browser.send_all())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert socket.sent == ["state", "m99"]
        task.cancel()

    asyncio.run(scene())


def test_who_lets_too_much_pile_up_is_dropped():
    browser = Browser(Slow(), None)
    for i in range(relay.MAX_UNSENT + 1):
        browser.post(str(i))
    assert browser.close_code == 4408


def test_a_rate_is_kept_to():
    browser = Browser(Slow(), None)
    browser.rate_hz = 5.0
    taken = 0
    for i in range(100):  # four seconds at 25 Hz
        browser.meters(str(i), i / 25.0)
        taken += browser._next() is not None
    assert 19 <= taken <= 21


@given(st.text(max_size=20), st.sampled_from(["model", "program_set"]))
def test_a_name_with_a_path_in_it_is_refused(name, verb):
    key = "name" if verb == "model" else "model"
    for bad in (f"/{name}", f"{name}/x", f".{name}", f"{name}.zip", f"{name}.tflite"):
        with pytest.raises(RequestError):
            refuse_paths(verb, {key: bad})
