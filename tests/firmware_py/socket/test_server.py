"""The control socket with real clients: served, bounded, never disturbed."""

import contextlib
import json
import os
import socket
import stat
import threading
import time
from concurrent.futures import Future

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_edge.api.client import ControlClient, NoEngine
from ddsp_edge.api.protocol import MAX_LINE_BYTES, RequestError
from ddsp_edge.errors import UserError
from firmware_py.socket import server as server_module
from firmware_py.socket.server import MAX_CLIENTS, MAX_WAITING, ControlServer


class Recorder:
    """Commands that note what they were asked; `models` waits until it is let go."""

    def __init__(self):
        self.asked = []
        self.waiting = []
        self.level = 0

    def status(self):
        return {"model": "violin", "cents": float("nan")}

    def set(self, values):
        self.asked.append(("set", values))
        return {"values": values}

    def preset(self, name):
        raise UserError(f"no preset is called {name!r}; did you mean 'solo'?")

    def panic(self):
        raise ZeroDivisionError("a bug")

    def models(self):
        future = Future()
        self.waiting.append(future)
        return future

    def stats(self):
        return {"text": "x" * 30_000}

    def watch(self):
        self.level += 1
        return {"loudness_db": self.level}, {"model": "violin"}


@pytest.fixture
def commands():
    return Recorder()


@pytest.fixture
def server(tmp_path, commands):
    made = ControlServer(tmp_path / "run" / "control.sock", commands)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def client(server):
    with ControlClient(server.path) as made:
        yield made


def raw(server):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(str(server.path))
    return connection


def lines(connection):
    return (json.loads(line) for line in connection.makefile("rb"))


def test_an_answer_has_the_version_the_id_and_the_result(server):
    with raw(server) as connection:
        connection.sendall(b'{"v": 1, "id": "a", "do": "status"}\n')
        assert next(lines(connection)) == {
            "v": 1,
            "id": "a",
            "ok": True,
            "result": {"model": "violin", "cents": None},
        }


def test_arguments_reach_the_engine(client, commands):
    assert client.call("set", values={"mix": 0.5}) == {"values": {"mix": 0.5}}
    assert commands.asked == [("set", {"mix": 0.5})]


def test_errors_are_data_and_the_connection_goes_on(client):
    with pytest.raises(RequestError) as refused:
        client.call("preset", name="sollo")
    assert refused.value.code == "refused"
    assert refused.value.remedy == "did you mean 'solo'?"
    with pytest.raises(RequestError) as bug:
        client.call("panic")
    assert bug.value.code == "internal" and "ZeroDivisionError" in bug.value.error
    assert client.call("status")["model"] == "violin"


def test_a_verb_that_waits_does_not_hold_up_the_others(server, client, commands):
    with ControlClient(server.path) as other:
        results = []
        thread = threading.Thread(target=lambda: results.append(other.call("models")))
        thread.start()
        while not commands.waiting:
            time.sleep(0.001)
        assert client.call("status")["model"] == "violin"
        commands.waiting[0].set_result({"models": []})
        thread.join()
        assert results == [{"models": []}]


def test_one_client_has_few_requests_under_way(server, commands):
    with raw(server) as connection:
        for i in range(MAX_WAITING + 1):
            connection.sendall(b'{"v":1,"id":%d,"do":"models"}\n' % i)
        refused = next(lines(connection))
        assert refused["id"] == MAX_WAITING and refused["code"] == "busy"
        for future in commands.waiting:
            future.set_result({})


def test_a_client_that_leaves_while_it_waits_is_forgotten(server, client, commands):
    with raw(server) as connection:
        connection.sendall(b'{"v":1,"do":"models"}\n')
        while not commands.waiting:
            time.sleep(0.001)
    commands.waiting[0].set_result({})
    assert client.call("status")["model"] == "violin"


def test_a_cancelled_request_is_answered(server, commands):
    with raw(server) as connection:
        connection.sendall(b'{"v":1,"id":1,"do":"models"}\n')
        while not commands.waiting:
            time.sleep(0.001)
        commands.waiting[0].cancel()
        assert next(lines(connection))["error"] == "not carried out"


def test_events_reach_subscribers_and_nobody_else(server, client, commands):
    with ControlClient(server.path) as other:
        other.call("status")
        assert client.call("subscribe", rate_hz=30)["rate_hz"] == 30
        events = client.events(timeout_s=10)
        assert [next(events)["event"] for _ in range(3)] == ["state", "meters", "meters"]
        server.publish({"event": "card", "present": False})
        assert next(e for e in events if e["event"] == "card")["present"] is False
        client.call("unsubscribe")
        assert list(other.events(timeout_s=0.1)) == []


def test_a_changed_state_is_sent_again(client, commands, monkeypatch):
    client.call("subscribe", rate_hz=30)
    events = client.events(timeout_s=10)
    assert next(e for e in events if e["event"] == "state")["model"] == "violin"
    monkeypatch.setattr(commands, "watch", lambda: ({}, {"model": "cello"}))
    assert next(e for e in events if e["event"] == "state")["model"] == "cello"


def test_no_meters_at_rate_0(server, client):
    client.call("subscribe", rate_hz=0)
    server.publish({"event": "fault"})
    assert [e["event"] for e in client.events(timeout_s=0.2)] == ["fault"]


@pytest.mark.parametrize("rate_hz", [-1, 31, 1e6])
def test_the_rate_of_events_is_bounded(client, rate_hz):
    with pytest.raises(RequestError, match="0 to 30"):
        client.call("subscribe", rate_hz=rate_hz)


def test_a_bug_in_the_meters_does_not_end_the_server(client, commands, monkeypatch, caplog):
    monkeypatch.setattr(commands, "watch", lambda: 1 / 0)
    client.call("subscribe", rate_hz=30)
    time.sleep(0.1)
    assert client.call("status")["model"] == "violin"
    assert "ZeroDivisionError" in caplog.text


def test_a_line_too_long_is_refused_and_what_follows_is_answered(server):
    with raw(server) as connection:
        connection.sendall(b"x" * (3 * MAX_LINE_BYTES) + b"\n")
        connection.sendall(b'{"v":1,"id":2,"do":"status"}\n')
        answers = lines(connection)
        assert next(answers)["code"] == "request"
        assert next(answers)["id"] == 2


def test_a_client_that_never_reads_is_dropped_and_the_others_are_served(server, client):
    with raw(server) as connection:
        connection.settimeout(0.2)
        with contextlib.suppress(TimeoutError, ConnectionError):  # full, then hung up
            while True:
                connection.sendall(b'{"v":1,"do":"stats"}\n' * 20)
        assert client.call("status")["model"] == "violin"
        served = time.monotonic() + 60
        while len(server._peers) > 1 and time.monotonic() < served:
            time.sleep(0.05)
        assert len(server._peers) == 1


def read_all(connection):
    """Until either end hangs up."""
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


def test_a_flood_is_slowed_and_costs_the_others_nothing(server, client, commands):
    stop = threading.Event()

    def flood():
        with raw(server) as connection, contextlib.suppress(OSError):
            threading.Thread(target=read_all, args=(connection,), daemon=True).start()
            while not stop.is_set():
                connection.sendall(b'{"v":1,"do":"set","values":{"mix":1}}\n')

    thread = threading.Thread(target=flood, daemon=True)
    began = time.monotonic()
    thread.start()
    while not commands.asked:
        time.sleep(0.001)
    for _ in range(20):
        client.call("status")
    took = time.monotonic() - began
    stop.set()
    assert len(commands.asked) <= 25 + 250 * (took + 1.0)  # unbounded it would be tens of thousands
    thread.join()


def test_places_are_bounded_and_the_one_silent_longest_makes_room(server, monkeypatch):
    clients = [raw(server) for _ in range(MAX_CLIENTS)]
    for connection in clients:
        connection.sendall(b'{"v":1,"do":"status"}\n')
        next(lines(connection))
    with ControlClient(server.path) as late, pytest.raises(RequestError) as refused:
        late.call("status")
    assert refused.value.code == "busy"
    monkeypatch.setattr(server_module, "IDLE_S", 0.0)
    with ControlClient(server.path) as late:
        assert late.call("status")["model"] == "violin"
    assert json.loads(clients[0].recv(4096))["code"] == "busy"
    for connection in clients:
        connection.close()


def test_half_a_line_and_silence_hold_up_nobody(server, client):
    with raw(server) as connection:
        connection.sendall(b'{"v":1,"do":')
        assert client.call("status")["model"] == "violin"
        connection.sendall(b'"status"}\n')
        assert next(lines(connection))["ok"] is True


request_like = st.fixed_dictionaries(
    {},
    optional={
        "v": st.sampled_from([1, 2, "1", None]),
        "id": st.one_of(st.none(), st.integers(), st.text(), st.lists(st.integers())),
        "do": st.one_of(
            st.sampled_from(["status", "set", "preset", "state", "__init__"]), st.text()
        ),
        "values": st.dictionaries(st.text(), st.floats() | st.text()),
        "name": st.text() | st.integers() | st.none(),
    },
).map(lambda message: json.dumps(message).encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.one_of(st.binary(max_size=200), request_like), max_size=8))
def test_any_bytes_are_answered_line_by_line_and_nobody_else_notices(server, data):
    sent = b"\n".join(data) + b"\n"
    with raw(server) as connection, ControlClient(server.path) as other:
        connection.sendall(sent + b'{"v":1,"id":"last","do":"status"}\n')
        answers = lines(connection)
        for _ in range(sent.count(b"\n")):
            message = next(answers)
            assert message["ok"] is True or message["code"] in (
                "request",
                "verb",
                "argument",
                "refused",
            )
        assert next(answers)["id"] == "last"
        assert other.call("status")["model"] == "violin"


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"1" * 60_000,
        b'{"v":1,"id":' + b"9" * 6000 + b"}",
        b"\xff\xfe",
    ],
)
def test_hostile_json_is_refused(server, line):
    with raw(server) as connection:
        connection.sendall(line + b"\n")
        assert next(lines(connection))["code"] == "request"


def test_the_socket_has_its_mode_and_is_gone_after_stop(tmp_path):
    path = tmp_path / "control.sock"
    made = ControlServer(path, Recorder(), mode=0o600)
    made.start()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    made.stop()
    assert not path.exists()


def test_a_dead_engines_socket_is_replaced_and_a_live_ones_is_not(tmp_path, server):
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(dead))
    made = ControlServer(dead, Recorder())
    made.start()
    with ControlClient(dead) as client:
        assert client.call("status")
    made.stop()
    with pytest.raises(UserError, match="another engine"):
        ControlServer(server.path, Recorder())
    with ControlClient(server.path) as client:
        assert client.call("status")


def test_a_file_is_not_displaced(tmp_path):
    path = tmp_path / "precious"
    path.write_text("mine")
    with pytest.raises(UserError, match="is no socket"):
        ControlServer(path, Recorder())
    assert path.read_text() == "mine"


def test_bad_places_and_groups_are_one_line(tmp_path):
    with pytest.raises(UserError, match="no group is called 'no-such-group'"):
        ControlServer(tmp_path / "a.sock", Recorder(), group="no-such-group")
    with pytest.raises(UserError, match="cannot be made"):
        ControlServer(tmp_path / ("x" * 120), Recorder())
    assert list(tmp_path.iterdir()) == []


def test_what_is_said_after_the_stop_is_not_an_error(tmp_path):
    made = ControlServer(tmp_path / "a.sock", Recorder())
    made.start()
    client = ControlClient(made.path)
    client.call("subscribe")
    made.stop()
    made.publish({"event": "late"})
    with pytest.raises(NoEngine):
        list(client.events())
