"""What is no file (a pipe, a device, a folder, a socket) is refused before it is read."""

import os
import signal
import socket
import subprocess
import sys

import extras_needed
import pytest

from ddsp_edge import cli
from ddsp_edge.demo import TUNE

#: INPUT stands for what is no file.
COMMANDS = [
    "render INPUT --model MODEL --out out.wav",
    "render INPUT --out out.wav",
    "render INPUT --model MODEL --fit --out out.wav",
    "compare INPUT --no-picture",
    "compare --audio INPUT --no-picture",
    "analyze INPUT",
    "fit INPUT --model MODEL",
    "render TUNE --model INPUT --out out.wav",
    "render TUNE --model MODEL --morph-model INPUT --out out.wav",
    "render TUNE --band INPUT --out out.wav",
    "render TUNE --model MODEL --scale INPUT --out out.wav",
    "render TUNE --model MODEL --keyboard-map INPUT --out out.wav",
    "compare TUNE --model INPUT --no-picture",
    "models check INPUT",
    "models add INPUT",
    "models info INPUT",
    "models sweep INPUT",
    "models calibrate INPUT --out out.zip",
    "models export-vst INPUT",
    "models export-lv2 INPUT --out out.lv2",
    "sign INPUT",
    "deploy INPUT nobody@127.0.0.1",
    "live --model INPUT",
    "receive --policy INPUT",
]


def _fifo(path):
    os.mkfifo(path)


def _endless(path):
    path.symlink_to("/dev/zero")


def _socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)  # in the current folder: whole paths may be too long


@pytest.fixture
def no_waiting():
    """Nothing here may wait: a minute would be for ever."""

    def stop(*_):
        raise TimeoutError("it waits for what never comes")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("make", "suffix"),
    [(_fifo, ".wav"), (_fifo, ".mid"), (_endless, ".zip"), (_endless, ".toml"), (_socket, ".wav")],
)
def test_what_is_no_file_is_refused_in_one_line(
    make, suffix, no_waiting, tmp_path, tiny_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / f"odd{suffix}")
    named = {"INPUT": f"odd{suffix}", "MODEL": str(tiny_path), "TUNE": str(TUNE)}
    for command in COMMANDS:
        words = [named.get(word, word) for word in command.split()]
        assert cli.main(words) == 2, command
        heard = capfd.readouterr()
        if command.startswith("models check"):  # its answer is what it was asked for
            assert f"odd{suffix}" in heard.out and heard.err == ""
            continue
        said = heard.err
        assert said.startswith("ddsp-edge: error: ") and said.count("\n") == 1, (command, said)
    assert not list(tmp_path.glob("out.*"))


@pytest.mark.parametrize("command", ["train PLACE --name X", "compare --audio PLACE"])
def test_it_is_refused_before_what_is_slow_to_import(command, tmp_path):
    if command.startswith("train"):
        extras_needed.skip_without_trainer()
    program = (
        "import sys; from ddsp_edge import cli; code = cli.main(sys.argv[1:]); "
        "sys.exit(code if not {'torch', 'matplotlib'} & {*sys.modules} else 99)"
    )
    (tmp_path / "empty").mkdir()
    for place in ("/dev/zero", tmp_path / "empty", tmp_path / "none"):
        words = [str(place) if word == "PLACE" else word for word in command.split()]
        done = subprocess.run(
            [sys.executable, "-c", program, *words], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1 and str(place) in done.stderr
    assert not (tmp_path / "runs").exists() and not (tmp_path / "compare").exists()
