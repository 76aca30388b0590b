"""``-``: a real pipe at either end."""

import io
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from ddsp_edge.demo import TUNE


def run(*words, stdin=b""):
    command = [sys.executable, "-m", "ddsp_edge", *map(str, words)]
    return subprocess.run(command, input=stdin, capture_output=True)


@pytest.fixture
def tone():
    t = np.arange(24_000) / 48_000
    stream = io.BytesIO()
    soundfile.write(stream, 0.3 * np.sin(2 * np.pi * 440 * t), 48_000, format="FLAC")
    return stream.getvalue()


def test_through_a_pipe_it_is_the_same_as_from_file_to_file(tone, tiny_path, tmp_path):
    (tmp_path / "tone.flac").write_bytes(tone)
    piped = run("render", "-", "--model", tiny_path, stdin=tone)
    assert piped.returncode == 0 and b"x real time" in piped.stderr
    filed = run("render", tmp_path / "tone.flac", "--model", tiny_path, "--out", tmp_path / "a.wav")
    assert filed.returncode == 0
    assert piped.stdout == (tmp_path / "a.wav").read_bytes()


def test_midi_comes_by_pipe_and_sound_goes_by_one(tiny_path, tmp_path):
    out = tmp_path / "tune.wav"
    done = run("render", "-", "--model", tiny_path, "--out", out, stdin=TUNE.read_bytes())
    assert done.returncode == 0 and done.stdout.count(b"\n") >= 1
    done = run("render", TUNE, "--model", tiny_path, "--out", "-")
    assert done.stdout == out.read_bytes()


@pytest.mark.parametrize("stdin", [b"", b"this is no sound"])
def test_nothing_is_sent_on_where_the_input_is_bad(stdin, tiny_path):
    done = run("render", "-", "--model", tiny_path, stdin=stdin)
    assert done.returncode == 2 and done.stdout == b""
    assert len(done.stderr.splitlines()) == 1


def test_json_and_sound_do_not_share_the_standard_output(tone, tiny_path):
    done = run("render", "-", "--model", tiny_path, "--json", stdin=tone)
    assert done.returncode == 2 and b"--json" in done.stderr


def test_an_endless_input_that_is_no_sound_ends_at_once(tiny_path, tmp_path):
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(
            [sys.executable, "-m", "ddsp_edge", "render", "-", "--model", str(tiny_path)],
            stdin=endless,
            capture_output=True,
            env={**os.environ, "TMPDIR": str(tmp_path)},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 22, 1 << 22)),
        )
    assert done.returncode == 2 and done.stdout == b""
    assert b"nothing in it is sound" in done.stderr and done.stderr.count(b"\n") == 1


def test_a_long_recording_comes_by_pipe(tiny_path, tmp_path):
    stream = io.BytesIO()
    sound = 0.1 * np.sin(np.arange(400_000) / 9)
    soundfile.write(stream, sound, 48_000, format="AIFF", subtype="FLOAT")
    assert len(stream.getvalue()) > 1 << 20
    out = tmp_path / "out.wav"
    done = run("render", "-", "--model", tiny_path, "--out", out, stdin=stream.getvalue())
    assert done.returncode == 0, done.stderr
