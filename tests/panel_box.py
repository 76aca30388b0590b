"""The panel for tests: the application in this process, or both programs, started for real."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ddsp_edge.api.client import ControlClient
from ddsp_edge.api.pairing_code import read_code
from ddsp_edge.errors import UserError

START_S = 30.0


def free_port() -> int:
    """Of this machine's own address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass
class Programs:
    """The engine and the panel as processes, with all that they write in ``folder``."""

    folder: Path
    env: dict[str, str]
    midi: str = "none"  #: [midi] api
    card: str = "jk"
    port: int = field(default_factory=free_port)
    engine: subprocess.Popen[bytes] | None = None
    panel: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.socket = self.folder / "control.sock"
        self.config = self.folder / "config.toml"
        self.code = self.folder / "code.json"
        self.config.write_text(
            f'[audio]\ncard = "{self.card}"\n[midi]\napi = "{self.midi}"\n'
            f'[instrument]\nsource = "synth"\nstate = "{self.folder}/state"\n'
            f'[control]\nsocket = "{self.socket}"\n[panel]\nport = {self.port}\n'
        )

    def _begin(self, module: str) -> subprocess.Popen[bytes]:
        env = os.environ | self.env | {"DDSP_EDGE_PANEL_CODE": str(self.code)}
        with (self.folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, "--config", str(self.config)],
                env=env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def start_engine(self) -> None:
        self.engine = self._begin("firmware_py")
        deadline = time.monotonic() + START_S
        while True:
            try:
                with ControlClient(self.socket) as client:
                    if client.call("status")["model"]:
                        return
            except UserError:
                pass
            assert self.engine.poll() is None and time.monotonic() < deadline, self.logs()
            time.sleep(0.1)

    def start_panel(self) -> None:
        self.panel = self._begin("firmware_py.panel")
        deadline = time.monotonic() + START_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert self.panel.poll() is None and time.monotonic() < deadline, self.logs()
            time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def pair(self) -> str:
        """A token."""
        deadline = time.monotonic() + START_S
        while True:  # it listens a moment before it has written its code
            try:
                code, _ = read_code(self.code)
                break
            except UserError:
                assert time.monotonic() < deadline, self.logs()
                time.sleep(0.1)
        status, data = self.ask("POST", "/api/pair", {"code": code})
        assert status == 200, data
        return str(data["token"])

    def ask(
        self, method: str, path: str, body: Any = None, token: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """Bytes are sent as they are, the rest as JSON."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["Content-Type"] = "application/octet-stream"
            if not isinstance(body, bytes):
                body, headers["Content-Type"] = json.dumps(body), "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        return answer.status, json.loads(data) if data else {}

    def download(self, path: str, token: str) -> bytes:
        """What is given as a file."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            data = answer.read()
        assert answer.status == 200, data
        return data

    def stop(self) -> None:
        for program in (self.panel, self.engine):
            if program is not None and program.poll() is None:
                program.send_signal(signal.SIGTERM)
                try:
                    program.wait(15)
                except subprocess.TimeoutExpired:
                    program.kill()
                    program.wait()


@contextlib.contextmanager
def running(
    folder: Path, env: dict[str, str], midi: str = "none", card: str = "jk"
) -> Iterator[Programs]:
    """Both, until the block ends."""
    programs = Programs(folder, env, midi, card)
    try:
        programs.start_engine()
        programs.start_panel()
        yield programs
    finally:
        programs.stop()
