"""`ddsp-edge update` through a real sshd to a box with two slots (tests/update_box.py)."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from receiving_box import ROOT, Device, sshd
from update_box import NEWER, OLDER, RUNS, UpdateBox, update_box, update_keys

from ddsp_edge.cli import main
from ddsp_edge.errors import UserError
from ddsp_edge.remote import update
from ddsp_edge.remote.connection import DeviceConnection
from ddsp_edge.remote.folder_import import import_folder, summary
from ddsp_edge.remote.policy import Policy

__all__ = ["update_box", "update_keys"]


@pytest.fixture
def box(
    update_box: UpdateBox, device: Device, keys, tmp_path: Path, monkeypatch
) -> Iterator[UpdateBox]:
    """The box behind sshd: `ssh pedal`."""
    places = f"DDSP_EDGE_SYSTEM={update_box.box.run} DDSP_EDGE_UPDATES={update_box.box.folder}"
    places += f" DDSP_EDGE_SYSTEM_RELEASE={update_box.box.release}"
    command = f"cd {ROOT} && exec env {places} {' '.join(device.receive)}"
    with sshd(tmp_path / "ssh", keys, command, monkeypatch):
        yield update_box


@contextlib.contextmanager
def systemd(box: UpdateBox, plays: bool = True) -> Iterator[None]:
    """What the units do: install when asked, restart, and the end of the trial."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            if box.box.request.exists():
                box.installer().run()
            if (box.folder / "restarted").exists():
                (box.folder / "restarted").unlink()
                box.restart()
                if box.box.slot() == "b" and plays:
                    box.boot_state("good")
                elif box.box.slot() == "b":
                    box.restart()
                box.note()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_without_a_file_it_says_what_runs(box: UpdateBox, capsys) -> None:
    assert main(["update", "pedal"]) == 0
    assert capsys.readouterr().out == f"pedal runs {RUNS}\n"


def test_a_new_version_is_sent_installed_started_and_kept(box: UpdateBox, capsys) -> None:
    file = box.bundle()
    with systemd(box):
        assert main(["update", "pedal", str(file)]) == 0
    assert capsys.readouterr().out.startswith(f"pedal runs {RUNS}")  # the file is a's here
    assert box.box.state()["slot"] == "b" and not box.box.state()["trial"]


def test_one_that_does_not_play_is_told_with_exit_code_1(box: UpdateBox, capsys) -> None:
    with systemd(box, plays=False):
        assert main(["update", "pedal", str(box.bundle()), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["slot"], told["failed"]) == ("a", NEWER)
    assert told["text"].startswith(f"The update to {NEWER} did not start and play")


def test_without_restart_the_next_start_tries_it(box: UpdateBox, capsys) -> None:
    with systemd(box):
        assert main(["update", "pedal", str(box.bundle()), "--no-restart"]) == 0
    assert "is installed; the next start tries it" in capsys.readouterr().out
    assert box.box.slot() == "a"


def test_back_to_the_system_before(box: UpdateBox) -> None:
    with systemd(box):
        assert main(["update", "pedal", str(box.bundle())]) == 0
        assert main(["update", "pedal", "--back", "--no-restart"]) == 0
    box.restart()
    assert box.box.slot() == "a"


def test_a_refusal_is_one_sentence_with_exit_code_2(box: UpdateBox, capsys) -> None:
    file = box.bundle(OLDER)
    with systemd(box):
        assert main(["update", "pedal", str(file)]) == 2
    error = capsys.readouterr().err
    assert f"Version {OLDER} is older than {RUNS}" in error and error.count("\n") == 1
    with systemd(box):
        assert main(["update", "pedal", str(file), "--allow-downgrade", "--no-restart"]) == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"PK\3\4", "is no update; `make update` makes"), (None, "cannot be read")],
)
def test_another_file_is_not_sent(tmp_path: Path, content, sentence: str, capsys) -> None:
    file = tmp_path / "song.raucb"
    if content:
        file.write_bytes(content)
    assert main(["update", "off", str(file)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_broken_connection_goes_on_where_it_was(
    box: UpdateBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender is killed in the middle; the second one sends only the rest."""
    monkeypatch.setattr(update, "PIECE", 50_000)
    file = update.look_at(box.bundle())
    sender = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\nfrom pathlib import Path\nfrom ddsp_edge.remote import update\n"
            "from ddsp_edge.remote.connection import DeviceConnection\n"
            "update.PIECE = 50_000\nwith DeviceConnection('pedal') as there:\n"
            "    total = [0]\n"
            "    def sent(n):\n"
            "        total[0] += n\n"
            "        if total[0] >= 150_000: print(flush=True); time.sleep(60)\n"
            "    update.send(update.look_at(Path(sys.argv[1])), there, sent=sent)\n",
            str(file.path),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert sender.stdout is not None
    sender.stdout.readline()
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    sender.stdout.close()
    for _ in range(100):  # the box's end notices
        if list(box.box.folder.glob(".upload-*")):
            break
        time.sleep(0.05)
    counts: list[int] = []
    with DeviceConnection("pedal") as connection:
        update.send(file, connection, restart=False, sent=counts.append)
    assert counts[0] >= 50_000  # not sent again
    assert sum(counts) == file.size
    assert box.box.upload.read_bytes() == file.path.read_bytes()


@pytest.mark.parametrize(
    "request_",
    [
        {"do": "update_data", "size": 10, "sha256": "0" * 64, "offset": 0, "length": 1 << 40},
        {"do": "update_data", "size": 10, "sha256": "0" * 64, "offset": 5, "length": 10},
        {"do": "update_data", "size": 10, "sha256": "../x", "offset": 0, "length": 10},
        {"do": "update_data", "size": "10", "sha256": "0" * 64, "offset": -1, "length": 10},
        {"do": "update_begin", "size": 1 << 39, "sha256": "0" * 64},
        {"do": "update_install", "size": 10, "sha256": "0" * 64},
    ],
)
def test_a_hostile_request_is_refused(box: UpdateBox, request_: dict[str, object]) -> None:
    details = dict(request_)
    verb = str(details.pop("do"))
    with DeviceConnection("pedal") as connection, pytest.raises(UserError):
        connection.call(verb, b"0123456789", **details)
    assert not box.box.request.exists()


def test_from_a_stick_it_waits_for_the_next_start(box: UpdateBox, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    box.bundle().rename(stick / "box.raucb")
    policy = Policy(models=tmp_path, socket=tmp_path / "none")
    with systemd(box):
        outcomes = import_folder(stick, policy, None)
    assert [(each.kind, each.result) for each in outcomes] == [("update", "copied")]
    assert summary(outcomes) == "1 update copied"
    assert f"Version {NEWER} is installed" in outcomes[0].detail
    (stick / "second.raucb").write_bytes(b"hsqs")
    with systemd(box):
        outcomes = import_folder(stick, policy, None)
    assert all("2 updates are there" in each.detail for each in outcomes)
