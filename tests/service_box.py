"""The program on the board as a process, for tests; its sound card is the test's."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ddsp_edge.api.client import ControlClient, NoEngine

ROOT = Path(__file__).parents[1]
#: Long enough for a machine that does ten other things.
PATIENCE_S = 60.0


class Box:
    """A service with folders of its own; killed at the end whatever happens."""

    def __init__(self, folder, env, audio):
        self.folder, self.process = folder, None
        self.socket_path = folder / "run" / "control.sock"
        self.config = folder / "config.toml"
        self.state = folder / "state"
        self.env = os.environ | env
        for name in ("DDSP_EDGE_SOCKET", "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "NOTIFY_SOCKET"):
            self.env.pop(name, None)
        self.write(f"[audio]\n{audio}\n[midi]\napi = 'none'\n")

    def write(self, text):
        self.config.write_text(
            f"{text}\n[instrument]\nsource = 'synth'\nstate = '{self.state}'\n"
            f"[control]\nsocket = '{self.socket_path}'\n"
        )

    def start(self, **env):
        command = [sys.executable, "-m", "firmware_py", "--config", str(self.config)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env | env, stderr=log)
        return self

    def start_as_a_service(self):
        """As systemd starts it, which says the process's own number to it."""
        words = [sys.executable, "-m", "firmware_py", "--config", str(self.config)]
        command = ["sh", "-c", 'SYSTEMD_EXEC_PID=$$ exec "$@"', "sh", *words]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stderr=log)
        return self

    def log(self):
        return (self.folder / "log").read_text()

    def client(self):
        """Connected as soon as it answers."""
        client = ControlClient(self.socket_path, timeout_s=PATIENCE_S)
        ends = time.monotonic() + PATIENCE_S
        while True:
            try:
                client.call("hello")
                return client
            except NoEngine:
                assert self.process.poll() is None, self.log()
                assert time.monotonic() < ends, self.log()
                time.sleep(0.02)

    def end(self, number=signal.SIGTERM):
        """Returns (exit code, seconds that it took)."""
        begun = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        return code, time.monotonic() - begun


def until(condition, client, what="status"):
    """The answer for which the condition holds."""
    ends = time.monotonic() + PATIENCE_S
    while not condition(answer := client.call(what)):
        assert time.monotonic() < ends, answer
        time.sleep(0.02)
    return answer


def play(client, *data):
    client.call("midi", bytes=list(data))
