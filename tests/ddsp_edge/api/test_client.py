"""The client where something is wrong at the other end."""

import socket
import threading
import time

import pytest

from ddsp_edge import cli
from ddsp_edge.api.client import ControlClient, NoEngine
from ddsp_edge.api.protocol import RequestError, decode, default_socket


@pytest.fixture
def other_end(tmp_path):
    """Answers each line with the next of ``says``; then it hangs up."""
    path = tmp_path / "other.sock"

    def start(*says):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()

        def serve():
            connection, _ = listener.accept()
            with connection, listener, connection.makefile("rb") as lines:
                for each in says:
                    lines.readline()
                    connection.sendall(each)

        threading.Thread(target=serve, daemon=True).start()
        return path

    return start


@pytest.mark.parametrize("words", [["status"], ["panic"], ["set", "mix=1"], ["watch"], ["tuner"]])
def test_no_engine_is_exit_code_2_and_says_how_to_start_it(words, tmp_path, capsys):
    assert cli.main([*words, "--socket", str(tmp_path / "none.sock")]) == 2
    said = capsys.readouterr().err.strip()
    assert f"no engine is listening at {tmp_path}/none.sock; start it with: " in said
    assert len(said.splitlines()) == 1


def test_an_engine_that_does_not_answer_is_not_waited_for(tmp_path):
    path = tmp_path / "deaf.sock"
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(path))
        deaf.listen()
        client = ControlClient(path, timeout_s=0.1)
        with pytest.raises(NoEngine, match="does not answer"):
            client.call("status")


def test_a_full_queue_is_busy_and_tried_again(tmp_path):
    path = tmp_path / "full.sock"
    with socket.socket(socket.AF_UNIX) as full, socket.socket(socket.AF_UNIX) as first:
        full.bind(str(path))
        full.listen(0)
        first.connect(str(path))
        with pytest.raises(NoEngine, match="is busy"):
            ControlClient(path, timeout_s=0.1).call("status")

        def make_room():
            time.sleep(0.2)
            full.accept()

        threading.Thread(target=make_room, daemon=True).start()
        client = ControlClient(path, timeout_s=0.1)
        with pytest.raises(NoEngine, match="does not answer"):  # it was let in
            client.call("status")


@pytest.mark.parametrize("version", ["true", "1.0", "2", '"1"', "null", "[1]"])
def test_only_the_number_1_is_our_version(version):
    assert decode(b'{"v": 1, "do": "status"}')["v"] == 1
    with pytest.raises(RequestError, match="is not supported"):
        decode(b'{"v": %s, "do": "status"}' % version.encode())


@pytest.mark.parametrize(
    "line",
    [
        b'{"v": 1, "v": 1, "do": "status"}',
        b'{"v": 1, "do": "bypass", "on": true, "on": false}',
        b'{"v": 1, "do": "set", "values": {"mix": 1, "mix": 0}}',
        b'{"v": 1, "do": "status", "d\\u006f": "panic"}',
    ],
)
def test_a_key_that_is_given_twice_is_refused(line):
    with pytest.raises(RequestError, match="a key is given twice"):
        decode(line)


def test_events_between_are_kept_in_their_order(other_end):
    path = other_end(b'{"event":"a"}\n{"event":"b"}\n{"id":1,"ok":true,"result":{"x":1}}\n')
    with ControlClient(path) as client:
        assert client.call("status") == {"x": 1}
        events = client.events()
        assert [next(events)["event"], next(events)["event"]] == ["a", "b"]
        with pytest.raises(NoEngine, match="hung up"):
            next(events)


@pytest.mark.parametrize("nonsense", [b"HTTP/1.1 400\n", b"[]\n", b"\xff\n", b"5\n"])
def test_another_program_is_recognised(other_end, nonsense):
    with ControlClient(other_end(nonsense)) as client, pytest.raises(NoEngine, match="--socket"):
        client.call("status")


def test_a_refusal_has_error_and_remedy(other_end):
    path = other_end(b'{"id":1,"ok":false,"code":"refused","error":"no","remedy":"yes"}\n')
    with ControlClient(path) as client, pytest.raises(RequestError) as refused:
        client.call("status")
    assert (refused.value.code, str(refused.value)) == ("refused", "no; yes")


def test_a_file_is_no_socket(tmp_path):
    (tmp_path / "file").write_text("")
    with ControlClient(tmp_path / "file") as client, pytest.raises(NoEngine):
        client.call("status")


def test_the_socket_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("DDSP_EDGE_SOCKET", "/a.sock")
    assert str(default_socket()) == "/a.sock"
    monkeypatch.delenv("DDSP_EDGE_SOCKET")
    monkeypatch.setattr("ddsp_edge.api.protocol.SERVICE_SOCKET", tmp_path / "none")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert str(default_socket()) == "/run/user/1000/ddsp-edge/control.sock"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert default_socket() == tmp_path / "none"
