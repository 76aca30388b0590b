"""The panel's application with a control server whose commands are the test's."""

from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the panel needs the extra `panel`")
pytest.importorskip("httpx", reason="the panel's tests need the extra `test`")

from starlette.testclient import TestClient

from ddsp_edge.errors import UserError
from firmware_py.control_server import ControlServer
from firmware_py.panel import guard
from firmware_py.panel.access import Devices, Pairing
from firmware_py.panel.rates import Buckets
from firmware_py.panel.server import make_app


class Engine:
    """Commands of an engine that plays what it is told."""

    def __init__(self):
        self.asked, self.plays, self.reloads = [], "violin", 0

    def hello(self):
        return {"program": "ddsp-edge"}

    def status(self):
        return {"model": self.plays}

    def set(self, values):
        self.asked.append(("set", values))
        return {"values": values}

    def model(self, name=None, path=None, source=None):
        self.asked.append(("model", name, path, source))
        return {"model": name}

    def preset(self, name):
        raise UserError(f"no preset is called {name!r}; did you mean 'solo'?")

    def panic(self):
        raise ZeroDivisionError("a bug")

    def reload(self):
        self.reloads += 1
        return {"model": self.plays}

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
    def socket(self):
        return self.server.path

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


@pytest.fixture
def box(tmp_path, models_folder, unlimited):
    engine, socket = Engine(), tmp_path / "control.sock"
    server = ControlServer(socket, engine)
    server.start()
    devices = Devices(tmp_path / "panel" / "devices.json")
    pairing = Pairing(devices, tmp_path / "code.json")
    app = make_app(devices, pairing, socket, models_folder, ("stage.example",))
    with TestClient(app, base_url="http://localhost:8765") as client:
        token = devices.add("test")
        made = Box(client, devices, pairing, token, engine, server, models_folder)
        yield made
    made.server.stop()
