"""``ddsp-edge live``: starts, plays, ends cleanly; says in one line what is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "ddsp_edge", "live", "--model", "cello"]


def run(*options: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *options], env=os.environ | env, capture_output=True, text=True, timeout=60
    )


def test_it_plays_for_so_long(jack_card):
    options = ("--source", "synth", "--card", "jk", "--midi", "none", "--seconds", "1")
    done = run(*options, env=jack_card.env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert any("Cello (synth) on jk: 48000 Hz" in line for line in lines)
    assert lines[-1].startswith("played 1.") and " 0 faults" in lines[-1]
    assert "\r" not in done.stdout  # nobody looks: no line that changes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_well(jack_card, number):
    command = [*COMMAND, "--card", "jk", "--capture", "jk", "--midi", "none"]
    process = subprocess.Popen(
        command, env=os.environ | jack_card.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if "Ctrl-C ends" in line:
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0 and err == "" and "played" in out


def test_what_is_wrong_is_said_in_one_line(jack_card):
    for options, said in {
        ("--card", "nowhere"): "nowhere",
        ("--card", "jk", "--rate", "1"): "rate 1: choose",
        ("--card", "jk", "--period", "3"): "period 3: choose",
        ("--card", "usb=1:2"): "not there",
        ("--card", "jk", "--seconds", "-1"): "--seconds -1",
        ("--card", "jk", "--set", "mix=2"): "mix=2",
        ("--card", "jk", "--source", "synth", "--midi", "none", "--runtime", "x"): "--runtime",
    }.items():
        done = run(*options, env=jack_card.env)
        assert done.returncode == 2 and said in done.stderr, (options, done.stderr)
        assert done.stderr.count("\n") == 1, done.stderr
