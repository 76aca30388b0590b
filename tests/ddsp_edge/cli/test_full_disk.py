"""A full disk under whatever a command writes: one line that names the place, and no remains."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile

import extras_needed
import numpy as np
import pytest
import soundfile

from ddsp_edge import cli
from ddsp_edge.demo import TUNE
from ddsp_edge.system.atomic_files import PARTIAL

RATE = 48_000


@pytest.fixture
def disk(tmp_path):
    """A folder on a file system of its own, which is full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder]
    if not shutil.which("mount") or subprocess.run(mount).returncode != 0:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        (folder / "mine").mkdir()
        with (folder / "filler").open("wb", buffering=0) as filler:
            filler.write(bytes(60000))  # a page is left, so that small files can be begun
        yield folder / "mine"
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def tone(tmp_path):
    """Twelve seconds with a clear pitch, longer than what the pipes hold."""
    t = np.arange(12 * RATE) / RATE
    path = tmp_path / "recordings" / "tone.wav"
    path.parent.mkdir()
    soundfile.write(path, sum(np.sin(2 * np.pi * 330 * k * t) / k for k in (1, 2, 3)) * 0.3, RATE)
    return path


@pytest.fixture
def refused(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)

    def run(*words, full="No space left on device"):
        assert cli.main([str(word) for word in words]) == 2, words
        said = capfd.readouterr().err
        assert said.splitlines()[-1].startswith("ddsp-edge: error: "), said
        assert full in said and "Traceback" not in said
        return said.splitlines()[-1]

    return run


@pytest.fixture
def temporary_folder(disk, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    return disk


def test_what_is_written(refused, disk, tone, tiny_path):
    for words in (
        ["render", TUNE, "--model", tiny_path, "--out", disk / "o.wav"],
        ["render", tone, "--model", tiny_path, "--out", disk / "o.flac"],
        ["render", tone, "--model", tiny_path, "--out", "o.wav", "--picture", disk / "o.png"],
        ["analyze", tone, "--out", disk / "o.csv"],
        ["models", "export-lv2", "violin", "--out", disk / "o.lv2"],
        ["demo", "--no-play", "--no-picture", "--out", disk],
        ["compare", "--audio", tone, "--no-picture", "--out", disk],
    ):
        assert str(disk) in refused(*words)
        assert not [each for each in disk.rglob("*") if each.name.startswith(PARTIAL)], words
        assert not list(disk.rglob("*.wav")), words


def test_models_that_are_installed(refused, disk, tiny_path, monkeypatch):
    monkeypatch.setenv("DDSP_EDGE_MODELS", str(disk))
    with contextlib.suppress(OSError), (disk.parent / "filler").open("ab", buffering=0) as filler:
        filler.write(bytes(65536))
    said = refused("models", "add", tiny_path)
    assert str(disk) in said
    assert not list(disk.glob("*.zip"))


def test_a_pipe_s_temporary_file(refused, temporary_folder, tone, tiny_path, monkeypatch):
    with tone.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        said = refused("render", "-", "--model", tiny_path)
    assert f"-: {temporary_folder} has no room for it" in said and "TMPDIR" in said
    assert not list(temporary_folder.iterdir())


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
def test_ffmpeg_has_no_room(refused, temporary_folder, tone, tiny_path, tmp_path):
    made = subprocess.run(["ffmpeg", "-v", "error", "-i", tone, tmp_path / "tone.m4a"])
    if made.returncode != 0:
        pytest.skip("this ffmpeg writes no .m4a")
    said = refused("render", "tone.m4a", "--model", tiny_path)
    assert f"tone.m4a: {temporary_folder} has no room for it" in said
    assert not list(temporary_folder.iterdir())


def test_the_standard_output(tone, tiny_path, tmp_path):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ddsp_edge", "render", tone, "--model", tiny_path, "--out", "-"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "error: -: cannot be written (No space left on device)" in done.stderr


def test_training(refused, disk, tone):
    extras_needed.skip_without_trainer()
    words = ["train", tone.parent, "--name", "Toy", "--lowest", "150", "--highest", "900"]
    words += ["--least-minutes", "0", "--work", disk / "run", "--threads", "1"]
    os.mkfifo(tone.with_name("pipe.wav"))  # nothing waits for it
    assert str(disk) in refused(*words)
