"""/ws: the control socket's lines for browsers that have a token, and for them only."""

import asyncio
import contextlib
import json
import logging
import socket
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as ws_connect

from ddsp_edge.api.verbs import VERBS
from firmware_py.panel import engine_link, ws_proxy
from firmware_py.panel.ws_proxy import (
    MAX_BROWSERS,
    MAX_STRANGERS,
    Browser,
)
from firmware_py.socket.server import ControlServer

WAIT_S = 20.0


class Socket:
    """A browser's, with what it heard but was not asked for."""

    def __init__(self, connection, token):
        self.connection, self.events, self.last_id = connection, [], 0
        self.send(json.dumps({"token": token}))

    def send(self, text):
        self.connection.send(text)

    def next(self):
        return json.loads(self.connection.recv(WAIT_S))

    def until(self, wanted):
        """The first event that ``wanted`` says yes to."""
        while True:
            message = self.events.pop(0) if self.events else self.next()
            if wanted(message):
                return message

    def call(self, verb, **arguments):
        self.last_id += 1
        self.send(json.dumps({"id": self.last_id, "do": verb, **arguments}))
        while True:
            message = self.next()
            if message.get("id") == self.last_id:
                return message
            self.events.append(message)

    def closed(self):
        """The code with which it is closed, sooner or later."""
        try:
            while True:
                self.next()
        except ConnectionClosed as closed:
            return closed.rcvd and closed.rcvd.code


@pytest.fixture
def connect(served):
    with contextlib.ExitStack() as stack:
        yield lambda: Socket(stack.enter_context(served.connect()), served.token)


@pytest.fixture
def browser(connect):
    made = connect()
    made.until(is_event("state"))
    return made


def is_event(kind):
    return lambda message: message.get("event") == kind


def test_the_engines_state_and_meters_come_at_once(connect):
    made = connect()
    assert made.next()["event"] == "engine"
    assert made.until(is_event("state"))["model"] == "violin"
    assert made.until(is_event("meters"))["loudness_db"] == -20.0


def test_a_request_is_answered_with_its_id(browser, served):
    told = browser.call("set", values={"mix": 0.5})
    assert told["ok"] and told["result"] == {"values": {"mix": 0.5}}
    assert served.engine.asked == [("set", {"mix": 0.5})]
    told = browser.call("model", name="violin", source="synth")
    assert told["ok"] and served.engine.asked[-1] == ("model", "violin", None, "synth")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"do": "preset", "name": "sollo"}, "refused"),
        ({"do": "panic"}, "internal"),
        ({"do": "explode"}, "verb"),
        ({"do": "set"}, "argument"),
        ({"do": "set", "values": {"a": 1}, "x": 1}, "argument"),
        ({"do": "status", "v": 2}, "request"),
        ({"do": "model", "path": "/etc/passwd"}, "refused"),
        ({"do": "model", "name": "/etc/passwd"}, "refused"),
        ({"do": "model", "name": "../x.zip"}, "refused"),
        ({"do": "model", "name": "x.TFLITE"}, "refused"),
        ({"do": "program_set", "bank": 0, "program": 0, "model": "../x"}, "refused"),
        ({"do": "part_set", "part": 1, "values": {"model": "/etc/passwd"}}, "refused"),
        ({"do": "part_add", "values": {"model": "../x.zip"}}, "refused"),
        ({"do": "subscribe", "rate_hz": -1}, "argument"),
        ({"do": {}}, "verb"),
        ({}, "verb"),
    ],
)
def test_what_is_wrong_is_said_and_the_socket_goes_on(browser, served, request_, code):
    browser.send(json.dumps({"id": "x", **request_}))
    told = browser.until(lambda m: m.get("id") == "x")
    assert not told["ok"] and told["code"] == code and set(told) >= {"error", "remedy"}
    assert not [asked for asked in served.engine.asked if asked[0] == "model"]
    assert browser.call("status")["ok"]


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "1", "null", "[" * 3000, '{"id": []}', '{"id": 1e99}', "\0", "{}" * 2]
)
def test_what_is_no_request_is_answered(browser, text):
    browser.send(text)
    assert browser.until(lambda m: m.get("ok") is False)["code"] in ("request", "verb")
    browser.send(b"\xff")
    assert browser.until(lambda m: m.get("ok") is False)["code"] == "request"
    assert browser.call("status")["ok"]


def test_every_verb_is_either_relayed_or_known_here(browser):
    for verb in VERBS:
        told = browser.call(verb)
        assert told["ok"] or told["code"] in ("argument", "internal", "refused"), (verb, told)


@pytest.mark.parametrize("first", ['{"token": "wrong"}', '{"token": 1}', "{}", "x", "", "[1]"])
def test_only_with_a_token(served, first):
    with served.connect() as connection:
        connection.send(first)
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(WAIT_S)
        assert closed.value.rcvd.code == 4401


def test_who_says_nothing_is_sent_away(served, monkeypatch):
    monkeypatch.setattr(ws_proxy, "HELLO_S", 0.05)
    with served.connect() as connection:
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(WAIT_S)
        assert closed.value.rcvd.code == 4401


def test_silent_strangers_do_not_keep_a_phone_out(served, connect):
    """Whoever is in the network may connect; only who knows the token stays."""
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(served.connect()) for _ in range(MAX_STRANGERS)]
        paired = connect()
        assert paired.next()["event"] == "engine"
        with pytest.raises(ConnectionClosed) as closed:
            silent[0].recv(WAIT_S)
        assert closed.value.rcvd.code == 4429
        paired.until(is_event("state"))


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost"])
def test_another_sites_page_is_refused(served, origin):
    with pytest.raises(InvalidStatus) as refused:
        ws_connect(f"ws://{served.host}/ws", origin=origin, open_timeout=WAIT_S)
    assert refused.value.response.status_code == 403


def test_another_host_is_refused(served):
    with (
        socket.create_connection(("127.0.0.1", served.port)) as way,
        pytest.raises(InvalidStatus) as refused,
    ):
        ws_connect(f"ws://evil.example:{served.port}/ws", sock=way, open_timeout=WAIT_S)
    assert refused.value.response.status_code == 403


def test_a_message_that_is_too_large_ends_the_connection(browser):
    browser.send("x" * (64 * 1024 + 1))
    assert browser.closed() == 1009


def test_a_token_that_is_taken_back_ends_the_connection(browser, served):
    assert served.ask("DELETE", "/api/pair").status_code == 204
    assert browser.closed() == 4401


def test_so_many_browsers_and_no_more(connect, served):
    made = [connect() for _ in range(MAX_BROWSERS)]
    for each in made:
        assert each.next()["event"] == "engine"
    with served.connect() as late:
        with pytest.raises(ConnectionClosed) as closed:
            late.recv(WAIT_S)
        assert closed.value.rcvd.code == 4429
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


def test_the_engine_goes_and_comes_back(browser, served):
    served.server.stop()
    assert browser.until(is_event("engine")) == {"event": "engine", "up": False}
    told = browser.call("status")
    assert told["code"] == "engine" and told["remedy"]
    served.server = ControlServer(served.server.path, served.engine)
    served.server.start()
    assert browser.until(is_event("engine")) == {"event": "engine", "up": True}
    assert browser.call("status")["ok"]
    browser.until(is_event("meters"))


def test_an_engine_that_stands_still_is_lost_unless_it_does_what_takes_long(
    browser, served, monkeypatch
):
    monkeypatch.setattr(engine_link, "QUIET_S", 1.5)
    served.engine.stands_s = 4.0
    assert browser.call("audio_choose", rate=48_000)["result"] == {"active": {"rate": 48_000}}
    assert not [each for each in browser.events if each["event"] == "engine" and not each["up"]]
    assert browser.call("settings")["code"] == "engine"
    browser.until(lambda each: each.get("event") == "engine" and not each["up"])
    served.engine.stands_s = 0.0


def test_a_browser_that_takes_nothing_holds_up_nobody(connect, served, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(ws_proxy, "SEND_S", 0.5)
    quick = connect()
    quick.until(is_event("meters"))
    with contextlib.ExitStack() as stack:
        way = stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
        way.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        options = {"max_queue": 1, "ping_interval": None, "close_timeout": 0.1}
        slow = stack.enter_context(ws_connect(f"ws://{served.host}/ws", sock=way, **options))
        slow.send(json.dumps({"token": served.token}))
        asked = 0  # it never reads the 60 kB of each answer
        while "reads nothing" not in caplog.text and asked < 1000:
            with contextlib.suppress(ConnectionClosed):
                slow.send('{"id": 1, "do": "stats"}')
            quick.until(is_event("meters"))
            asked += 1
        assert asked < 1000
        assert quick.call("status")["ok"]


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
    browser.send(json.dumps({**message}))
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
    for i in range(ws_proxy.MAX_UNSENT + 1):
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
