"""A model deployed through ssh while a note sounds, also when cut: no gap, no click is recorded."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bundle_versions import put_request
from sounds import shaped

from ddsp_edge import cli
from ddsp_edge.api.client import ControlClient, NoEngine
from ddsp_edge.bundles.bundle import read_bundle, write_bundle
from ddsp_edge.evaluation import lone_clicks
from ddsp_edge.library.catalog import find_model

PATIENCE_S = 30.0
RATE = 48_000
STEADY_S = 1.5  #: before and after what is done
CUTS = 8
ROOT = Path(__file__).resolve().parents[3]


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


class Recording:
    """What comes out of the card meanwhile, and the counts of the engine and the driver."""

    def __init__(self, engine, card, path):
        if shutil.which("arecord") is None:
            pytest.skip("no arecord (Debian: alsa-utils)")
        self._engine, self._card, self._path = engine, card, path

    def __enter__(self):
        self._engine.call("set", values={"reverb_wet": 0.0, "body": 0.0})
        self._engine.call("midi", bytes=[0x90, 60, 100])
        time.sleep(0.5)
        self._before = self._counts()
        words = ["arecord", "-q", "-D", "recorder", "-t", "raw", "-f", "FLOAT_LE", "-c", "2"]
        words += ["-r", str(RATE), str(self._path)]
        self._recorder = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        time.sleep(STEADY_S)
        return self

    def __exit__(self, *_):
        time.sleep(STEADY_S)
        assert self._recorder.poll() is None, "the recorder has ended by itself"
        self._recorder.terminate()
        self._recorder.wait()
        self._after = self._counts()
        sound = np.fromfile(self._path, np.float32).reshape(-1, 2)[:, 0]
        self.sound = sound[np.flatnonzero(sound)[0] :]

    def _counts(self):
        return self._engine.call("stats")["stream"]["xruns"], self._card.overloads()

    def check(self):
        """Never a gap, no click, no xrun of ours."""
        xruns, late = (b - a for a, b in zip(self._before, self._after, strict=True))
        assert xruns <= late
        whole = self.sound[: len(self.sound) // 960 * 960].reshape(-1, 960)
        levels = np.sqrt(np.mean(whole**2, axis=1))
        assert levels.min() > 0.1 * np.median(levels)  # 20 ms at a time
        if late == 0:  # where the driver itself was late there is a cut
            # It begins and ends within a held note: those two cuts are no clicks of ours.
            assert lone_clicks(shaped(self.sound), RATE) == 0


def change_s(sound):
    """How long one steady sound takes to become another, between 15 and 80 % of the way.

    By logarithmic spectra of 20 ms, every 2 ms.
    """
    windows = np.lib.stride_tricks.sliding_window_view(sound, RATE // 50)[:: RATE // 500]
    spectra = np.abs(np.fft.rfft(windows * np.hanning(RATE // 50), 4096))[:, :1000]
    levels = np.log10(spectra + 1e-4)
    begin, end = levels[:250].mean(axis=0), levels[-250:].mean(axis=0)
    way = (levels - begin) @ (end - begin) / np.sum((end - begin) ** 2)
    # Where it changes for good: a cut of a late driver is far from either sound, for a moment.
    half = int(np.argmax(np.cumsum(0.5 - way)))
    begun = np.flatnonzero(way[:half] < 0.15)[-1]
    return (half + np.flatnonzero(way[half:] > 0.8)[0] - begun) / 500


def test_the_sound_goes_on(engine, jack_card, tmp_path, capsys):
    violin = find_model("violin")
    path = tmp_path / "new.zip"
    info = replace(violin.info, name="Stage Violin")
    preview = b"OggS" + np.random.default_rng(1).bytes(2_000_000)  # so that it has 2 MB
    write_bundle(path, replace(violin, info=info, preview=preview, preview_name="preview.ogg"))
    engine.call("set", values={"expression": 0})  # two sounds that stand still are compared
    with Recording(engine, jack_card, tmp_path / "heard.raw") as heard:
        assert cli.main(["deploy", str(path), "pedal", "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["plays"] == "stage-violin" and answer["news"]
    assert engine.call("status")["model"] == "stage-violin"
    heard.check()
    took_s = change_s(heard.sound)
    print(f"{path.stat().st_size / 1e6:.1f} MB deployed in {answer['seconds']:.2f} s")
    print(f"the change took {1000 * took_s:.0f} ms")
    assert took_s < 0.06


def test_the_sound_goes_on_through_deploys_that_are_cut(engine, pedal, jack_card, tmp_path):
    """The sender with its connection, or the device's side, is killed earlier or later."""
    violin = find_model("violin")
    paths = [tmp_path / f"{day}.zip" for day in range(1, CUTS + 2)]
    for day, path in enumerate(paths, 1):
        info = replace(violin.info, name="Cut", export_time=f"2027-01-{day:02}T00:00:00+00:00")
        write_bundle(path, replace(violin, info=info))
    begun = time.monotonic()
    assert cli.main(["deploy", str(paths[0]), "pedal", "--no-activate"]) == 0
    whole_s = time.monotonic() - begun
    played = []
    with Recording(engine, jack_card, tmp_path / "heard.raw") as heard:
        for number, path in enumerate(paths[1:]):
            sender = [sys.executable, "-m", "ddsp_edge", "deploy", str(path), "pedal"]
            process = subprocess.Popen(
                sender if number % 2 else pedal.receive, cwd=ROOT, start_new_session=True,
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            if number % 2 == 0:
                with contextlib.suppress(BrokenPipeError):  # the one before is still leaving
                    process.stdin.write(put_request(path, activate=True))
                    process.stdin.flush()
            time.sleep((0.1 + 1.9 * number / CUTS) * whole_s)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            played.append(engine.call("status")["model"])
            for installed in pedal.models.glob("*.zip"):
                assert read_bundle(installed).info.name == "Cut"
    heard.check()
    assert (played[0], played[-1]) == ("cello", "cut")
    for _ in range(100):  # the device's side of the last one may still be leaving
        if cli.main(["deploy", str(paths[-1]), "pedal"]) == 0:
            break
        time.sleep(0.1)
    assert (pedal.models / "cut.zip").read_bytes() == paths[-1].read_bytes()
