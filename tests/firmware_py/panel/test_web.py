"""The web server and the program around it: silent connections end, mistakes are one line."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time

import httpx
import pytest

from firmware_py.panel import web


def test_a_connection_on_which_nothing_is_asked_is_closed(served, monkeypatch):
    monkeypatch.setattr(web, "REQUEST_S", 0.2)
    for begun in (b"", b"GET / HTTP/1.1\r\nHost: loc"):
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as way:
            way.sendall(begun)
            assert way.recv(100) == b""


def test_a_websocket_is_not(served, monkeypatch):
    monkeypatch.setattr(web, "REQUEST_S", 0.2)
    with served.connect() as connection:
        connection.send(json.dumps({"token": served.token}))
        time.sleep(0.6)
        connection.send('{"id": 1, "do": "status"}')
        while json.loads(connection.recv(20)).get("id") != 1:
            pass


def test_one_address_cannot_have_all_connections(served, monkeypatch):
    monkeypatch.setattr(web, "is_own", lambda network: False)  # the box itself may
    with contextlib.ExitStack() as stack:

        def open_one():
            way = socket.create_connection(("127.0.0.1", served.port), timeout=20)
            return stack.enter_context(way)

        held = [open_one() for _ in range(web.MAX_OF_ONE)]
        assert open_one().recv(100) == b""
        held[0].close()
        for _ in range(100):  # until the box has seen it
            with contextlib.suppress(httpx.TransportError):
                if served.ask("GET", "/api/openapi.json").status_code == 200:
                    break
        else:
            raise AssertionError("the place is not given back")


@pytest.mark.parametrize(
    ("network", "own"), [("127.0.0.1", True), ("::/64", True), ("10.0.0.1", False)]
)
def test_the_box_itself_is_known(network, own):
    assert web.is_own(network) is own


def run(*words, env=None):
    command = [sys.executable, "-m", "firmware_py.panel", *map(str, words)]
    return subprocess.run(
        command, env=os.environ | (env or {}), capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def env(tmp_path):
    return {"DDSP_EDGE_PANEL_CODE": str(tmp_path / "code"), "STATE_DIRECTORY": str(tmp_path)}


def one_line(done):
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_port_that_is_taken(env):
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = run("--port", server.getsockname()[1], env=env)
    assert "choose another [panel] host or port" in one_line(done)


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host", "\u202e"])
def test_an_address_that_is_not_ours(env, host):
    assert "cannot be served there" in one_line(run("--host", host, env=env))


def test_a_config_with_a_mistake(tmp_path, env):
    path = tmp_path / "config.toml"
    path.write_text("[panel]\nprot = 80\n")
    assert "did you mean 'port'" in one_line(run("--config", path, env=env))


def test_without_what_it_needs(tmp_path, env):
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError(name='uvicorn')\n")
    done = run(env=env | {"PYTHONPATH": str(tmp_path)})
    assert "needs uvicorn" in one_line(done) and "ddsp-edge[panel]" in done.stderr
