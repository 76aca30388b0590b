"""A model deployed through ssh while a note sounds: the recording has no gap and no click."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from sounds import shaped

from ddsp_edge import cli
from ddsp_edge.bundle import write_bundle
from ddsp_edge.control_client import ControlClient, NoEngine
from ddsp_edge.evaluation import lone_clicks
from ddsp_edge.library import find_model

PATIENCE_S = 30.0
RATE = 48_000
SECONDS = 6


@pytest.fixture
def engine(pedal, jack_card, tmp_path):
    """The real service on the paced card, with the device's models."""
    config = tmp_path / "config.toml"
    config.write_text(
        f"[audio]\ncard = 'jk'\n[midi]\napi = 'none'\n[instrument]\nsource = 'synth'\n"
        f"model = 'cello'\nstate = '{tmp_path}/state'\nmodels = '{pedal.models}'\n"
        f"[control]\nsocket = '{pedal.socket}'\n"
    )
    command = [sys.executable, "-m", "firmware_py", "--config", str(config)]
    with (tmp_path / "engine.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log)
    client, ends = ControlClient(pedal.socket, PATIENCE_S), time.monotonic() + PATIENCE_S
    try:
        while True:
            try:
                if client.call("status")["model"]:
                    break
            except NoEngine:
                pass
            assert process.poll() is None and time.monotonic() < ends
            time.sleep(0.05)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait()


def test_the_sound_goes_on(engine, jack_card, tmp_path, capsys):
    if shutil.which("arecord") is None:
        pytest.skip("no arecord (Debian: alsa-utils)")
    violin = find_model("violin")
    path = tmp_path / "new.zip"
    info = replace(violin.info, name="Stage Violin")
    preview = b"OggS" + np.random.default_rng(1).bytes(2_000_000)  # so that it has 2 MB
    write_bundle(path, replace(violin, info=info, preview=preview, preview_name="preview.ogg"))
    engine.call("set", values={"reverb_wet": 0.0})
    engine.call("midi", bytes=[0x90, 60, 100])
    time.sleep(0.5)
    before = engine.call("stats"), jack_card.overloads()
    raw = tmp_path / "heard.raw"
    words = ["arecord", "-q", "-D", "recorder", "-t", "raw", "-f", "FLOAT_LE", "-c", "2"]
    with subprocess.Popen([*words, "-r", str(RATE), "-d", str(SECONDS), str(raw)]) as recorder:
        time.sleep(0.5)
        assert cli.main(["deploy", str(path), "pedal", "--json"]) == 0
        assert recorder.wait(SECONDS + PATIENCE_S) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["plays"] == "stage-violin" and answer["news"]
    print(f"{path.stat().st_size / 1e6:.1f} MB deployed in {answer['seconds']:.2f} s")
    assert engine.call("status")["model"] == "stage-violin"
    after = engine.call("stats"), jack_card.overloads()
    xruns = [s["stream"]["xruns"] for s, _ in (before, after)]
    assert xruns[1] - xruns[0] <= after[1] - before[1]
    sound = np.fromfile(raw, np.float32).reshape(-1, 2)[:, 0]
    sound = sound[np.flatnonzero(sound)[0] :]
    levels = np.sqrt(np.mean(sound[: len(sound) // 960 * 960].reshape(-1, 960) ** 2, axis=1))
    assert levels.min() > 0.1 * np.median(levels)  # 20 ms at a time: never a gap
    if after[1] == before[1]:  # where the driver itself was late there is a cut
        # The recording begins and ends within a held note: those two cuts are no clicks of ours.
        assert lone_clicks(shaped(sound), RATE) == 0
