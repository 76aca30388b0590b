"""Benchmark of start-up time and resident memory, in fresh processes."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from ddsp_edge.bench.result import Result, against
from ddsp_edge.errors import UserError

GOAL_LOAD_S = 0.5  #: of a model (ddsp-edge demo's limit)
GOAL_SOUND_S = 0.3  #: process start to first sound
GOAL_MB = 45.0  #: resident, with one model
LONGEST_S = 60.0
#: An engine without a card, until a note sounds. argv: time.monotonic at the start.
SOUND = """
import sys, time
begun = time.monotonic()
import numpy as np
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
imported = time.monotonic()
with LiveEngine(None, source="synth") as engine:
    engine.play(find_model("violin")).result(30)
    ready = time.monotonic()
    import mido
    engine.midi(mido.Message("note_on", note=69))
    played = np.zeros((engine.rig.period, 2), np.float32)
    while not played.any():
        engine.rig.process(None, played)
    sounds = time.monotonic()
    lines = [l.split(":") for l in open("/proc/self/status") if l.startswith("VmRSS")]
import json
print(json.dumps({"sound_s": sounds - float(sys.argv[1]), "load_s": ready - imported,
                  "rss_mb": int(lines[0][1].split()[0]) / 1024}))
"""
#: Of the service: no keyboards, a card that is not there (its thread would pace nothing here).
CONFIG = """
[audio]
card = "none of these"
[midi]
api = "none"
[instrument]
source = "synth"
state = "{folder}/state"
[control]
socket = "{folder}/control.sock"
"""


def results(repeats: int = 5) -> list[Result]:
    """The best of ``repeats`` fresh processes, with byte code as an installation has it.

    Processor seconds repeat better than seconds where other work goes on.
    """
    with tempfile.TemporaryDirectory() as name:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": f"{name}/bytecode"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        found = _engine(environment, repeats)
        if find_spec("firmware_py") is not None:
            found += _service(environment, Path(name), repeats)
    return found


def _engine(environment: Mapping[str, str], repeats: int) -> list[Result]:
    runs, busy_s = [], []
    for _ in range(repeats + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-c", SOUND, str(time.monotonic())]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        runs.append(json.loads(done.stdout))
        busy_s.append(
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        )  # its end, too
    runs, busy_s = runs[1:], busy_s[1:]  # the first one compiled

    def best(name: str) -> float:
        return min(float(run[name]) for run in runs)

    return [
        against("engine, process start to the first sample", best("sound_s"), "s", "goal",
                GOAL_SOUND_S),
        Result("  of all that, and its end, a processor's time", min(busy_s), "s"),
        against("  of that, the model: read, checked, warmed", best("load_s"), "s", "goal",
                GOAL_LOAD_S),
        against("engine, resident memory, one model playing", best("rss_mb"), "MB", "goal",
                GOAL_MB),
    ]  # fmt: skip


def _service(environment: Mapping[str, str], folder: Path, repeats: int) -> list[Result]:
    runs = [_service_once(environment, folder / str(i)) for i in range(repeats + 1)][1:]
    ready_s, busy_s, rss_mb = (min(column) for column in zip(*runs, strict=True))
    return [
        against("service, process start until its model plays", ready_s, "s", "goal", GOAL_SOUND_S),
        Result("  of that, a processor's time", busy_s, "s"),
        against("service, resident memory, one model playing", rss_mb, "MB", "goal", GOAL_MB),
    ]


def _service_once(environment: Mapping[str, str], folder: Path) -> tuple[float, float, float]:
    """(seconds until it has told systemd that it plays, processor seconds by then, resident MB).
    Raises UserError where it does not come to that."""
    folder.mkdir()
    config = folder / "config.toml"
    config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.settimeout(LONGEST_S)
        begun = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "firmware_py", "--config", str(config)],
            env={**environment, "NOTIFY_SOCKET": str(folder / "notify")},
            stderr=subprocess.DEVNULL,
        )
        try:
            while b"READY=1" not in systemd.recv(4096):
                pass
            ready_s = time.monotonic() - begun
            stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
            user, system = stat.rpartition(")")[2].split()[11:13]
            time.sleep(0.5)  # the keyboards' part is imported after the first sound
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        except (OSError, TimeoutError) as error:
            raise UserError(f"bench: the service does not start ({error})") from None
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(LONGEST_S)
    resident_kb = int(status.partition("VmRSS:")[2].split()[0])
    return ready_s, (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"), resident_kb / 1024
