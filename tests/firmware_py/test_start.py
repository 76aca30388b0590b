"""What the service's start does without: modules that cost time and memory."""

import json
import os
import subprocess
import sys

import pytest

#: Runs the service to the moment at which it tells systemd that its model plays; prints what is
#: imported by then.
START = """
import json, os, sys
from pathlib import Path
from firmware_py import signals
signals.block()
from firmware_py import service
from firmware_py.config import read_config

def ready(self):
    print(json.dumps([sorted(sys.modules), box._engine.status()["model"]]), flush=True)
    os._exit(0)

service.SystemdNotifier.ready = ready
box = service.Service(read_config(Path(sys.argv[1])))
box.run()
"""
#: Needed by nobody, by few, or after the first sound.
ABSENT = (
    "ai_edge_litert",  # the shipped models play in C, their verdicts are kept
    "tflite_runtime",
    "mido",  # imports importlib.metadata and email
    "importlib.metadata",
    "subprocess",
    "packaging",
    "soundfile",
    "soxr",
    "scipy",
    "matplotlib",
    "rtmidi",
    "gpiozero",
    "ddsp_edge.bench",
    "ddsp_edge.cli",
    "ddsp_edge.decoding.agreement",
    "ddsp_edge.effect.autofit",
    "ddsp_edge.library.sandbox",  # for models that did not come with the program
    "ddsp_edge.midi.network",
    "ddsp_edge.midi.ports",
    "ddsp_edge.offline",
    "ddsp_edge.training",
    "firmware_py.panel",
)


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """(modules, model) of a service at the moment at which it is ready."""
    folder = tmp_path_factory.mktemp("start")
    config = folder / "config.toml"
    config.write_text(
        "[audio]\ncard = 'none of these'\n[midi]\napi = 'alsa'\n[instrument]\nsource = 'synth'\n"
        f"state = '{folder}/state'\n[control]\nsocket = '{folder}/control.sock'\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "NOTIFY_SOCKET"}
    done = subprocess.run(
        [sys.executable, "-c", START, str(config)],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    modules, model = json.loads(done.stdout)
    return set(modules), model


def test_a_model_plays_by_then(started):
    modules, model = started
    assert model and "native.rig" in modules


@pytest.mark.parametrize("name", ABSENT)
def test_is_not_imported_before_the_first_sound(started, name):
    modules, _ = started
    assert name not in modules
