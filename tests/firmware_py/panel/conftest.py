"""The panel's application with a control server whose commands are the test's."""

import asyncio
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from websockets.sync.client import connect as ws_connect

from ddsp_edge.errors import UserError
from firmware_py.panel import guard
from firmware_py.panel.access import Devices, Pairing
from firmware_py.panel.rates import Buckets
from firmware_py.panel.server import make_app
from firmware_py.panel.web import make_server
from firmware_py.socket.server import ControlServer


class Engine:
    """Commands of an engine that plays what it is told."""

    def __init__(self):
        self.asked, self.plays, self.reloads = [], "violin", 0
        self.stands_s = 0.0
        self.stored = {"solo": {"model": "violin", "settings": {"mix": 0.5}}}

    def hello(self):
        return {"program": "ddsp-edge"}

    def status(self):
        return {"model": self.plays}

    def stats(self):
        return {"text": "x" * 60_000}

    def set(self, values):
        self.asked.append(("set", values))
        return {"values": values}

    def model(self, name=None, path=None, source=None):
        self.asked.append(("model", name, path, source))
        return {"model": name}

    def preset(self, name):
        raise UserError(f"no preset is called {name!r}; did you mean 'solo'?")

    def preset_read(self, name):
        if name not in self.stored:
            raise UserError(f"no preset is called {name!r}; did you mean 'solo'?")
        return {"name": name, "preset": self.stored[name]}

    def preset_write(self, name, preset, replace=False):
        if name in self.stored and not replace:
            raise UserError(f"a preset is called {name!r} already; choose another name")
        self.stored[name] = preset
        return self.presets()

    def presets(self):
        rows = [{"name": name, "problem": ""} for name in self.stored]
        return {"presets": rows, "setlists": {}, "setlist": "", "preset": None}

    def programs(self):
        return {"chosen": []}

    def mappings(self):
        return {"mappings": []}

    def panic(self):
        raise ZeroDivisionError("a bug")

    def reload(self):
        self.reloads += 1
        return {"model": self.plays}

    def audio_choose(self, **wish):
        time.sleep(self.stands_s)  # in the server's thread: nothing else is said meanwhile
        return {"active": wish}

    def settings(self):
        time.sleep(self.stands_s)
        return {"settings": {}}

    def watch(self):
        return {"loudness_db": -20.0}, {"model": self.plays}


@dataclass
class Box:
    """Everything about one box."""

    client: TestClient
    devices: Devices
    pairing: Pairing
    token: str
    engine: Engine
    server: ControlServer
    folder: Any

    @property
    def auth(self):
        return {"Authorization": f"Bearer {self.token}"}

    def ask(self, method, path, **more):
        headers = {**self.auth, **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)


@pytest.fixture
def unlimited(monkeypatch):
    """No limit of requests a second."""
    monkeypatch.setattr(guard, "RATE_HZ", 1e6)
    monkeypatch.setattr(guard, "BURST", 1e6)
    assert Buckets(guard.RATE_HZ, guard.BURST).take("")


@dataclass
class Served:
    """A box whose panel is served for real."""

    port: int
    token: str
    devices: Devices
    engine: Engine
    server: ControlServer

    @property
    def host(self):
        return f"localhost:{self.port}"

    def ask(self, method, path):
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.request(method, f"http://{self.host}{path}", headers=headers, timeout=20)

    def connect(self):
        own = f"http://{self.host}"
        return ws_connect(f"ws://{self.host}/ws", origin=own, open_timeout=20, ping_interval=None)


@pytest.fixture
def served(tmp_path, models_folder, unlimited):
    engine = Engine()
    control = ControlServer(tmp_path / "control.sock", engine)
    control.start()
    devices = Devices(tmp_path / "panel" / "devices.json")
    pairing = Pairing(devices, tmp_path / "code.json")
    web = make_server(make_app(devices, pairing, control.path, models_folder))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=lambda: asyncio.run(web.serve([listener])))
        thread.start()
        made = Served(port, devices.add("test"), devices, engine, control)
        yield made
        web.should_exit = True
        thread.join(20)
    made.server.stop()


@pytest.fixture
def box(tmp_path, models_folder, unlimited):
    engine = Engine()
    server = ControlServer(tmp_path / "control.sock", engine)
    server.start()
    devices = Devices(tmp_path / "panel" / "devices.json")
    pairing = Pairing(devices, tmp_path / "code.json")
    app = make_app(devices, pairing, server.path, models_folder, ("stage.example", "testserver"))
    with TestClient(app, base_url="http://localhost:8765") as client:
        token = devices.add("test")
        made = Box(client, devices, pairing, token, engine, server, models_folder)
        yield made
    made.server.stop()
