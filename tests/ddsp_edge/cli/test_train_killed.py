"""Killed three times (in CI) and told to stop once, a training ends in the same place."""

import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import extras_needed
import numpy as np
import pytest
import soundfile

from ddsp_edge.bundles.bundle import read_bundle

extras_needed.skip_without_trainer()

ROOT = Path(__file__).resolve().parents[3]
WORDS = ["--name", "Toy", "--single-notes", "--lowest", "150", "--highest", "900"]
WORDS += ["--warm-steps", "16", "--steps", "14", "--threads", "1", "--checkpoint-every", "0"]
WORDS += ["--least-minutes", "0", "--device", "cpu", "--size", "large", "--teacher", "none"]
WORDS += ["--allow-failed-sweep"]  # what has learnt so little may fail


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    rate = 48_000
    for i in range(30):
        t = np.arange(rate) / rate
        envelope = np.minimum(1, np.minimum(t / 0.05, (1.0 - t) / 0.1))
        f0_hz = 200.0 * 2 ** (i / 24)
        tone = sum(np.sin(2 * np.pi * k * f0_hz * t) / k for k in range(1, 8))
        soundfile.write(folder / f"{i:02d}.wav", 0.2 * envelope * tone, rate)
    return folder


def start(folder, work):
    command = [sys.executable, "-m", "ddsp_edge", "train", str(folder), *WORDS]
    command += ["--work", str(work), "--out", str(work.with_suffix(".zip"))]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def finish(process):
    out, _ = process.communicate(timeout=900)
    assert process.returncode == 0, out
    return out


def end_after(process, checkpoint, updates, number):
    """Send the signal when the checkpoint has been replaced so often, somewhere in a step."""
    seen, last = 0, checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
    while seen < updates:
        assert process.poll() is None, process.communicate()[0]
        now = checkpoint.stat().st_mtime_ns if checkpoint.exists() else last
        seen, last = seen + (now != last), now
        time.sleep(0.001)
    time.sleep(random.Random(updates).uniform(0, 0.05))
    process.send_signal(number)
    out, _ = process.communicate(timeout=300)
    return out


def test_it_ends_in_the_same_place(folder, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    finish(start(folder, whole))
    shutil.copytree(whole / "cache", cut / "cache")
    for updates in (4, 9, 8):
        process = start(folder, cut)
        end_after(process, cut / "checkpoint.pt", updates, signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
    process = start(folder, cut)
    end_after(process, cut / "checkpoint.pt", 3, signal.SIGTERM)
    assert process.returncode == 130
    out = finish(start(folder, cut))
    assert "going on from step" in out
    model = read_bundle(tmp_path / "cut.zip").model
    assert model == read_bundle(tmp_path / "whole.zip").model
    log = (cut / "log.jsonl").read_text().splitlines()
    assert len(log) == len((whole / "log.jsonl").read_text().splitlines())
