"""Through a real sshd: deploy, remote, several hosts, and everything that can be refused."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from bundle_versions import make_version

from ddsp_edge import cli
from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.cli.remote import ACTIONS
from ddsp_edge.remote.deploy import AT_ONCE

ROOT = Path(__file__).resolve().parents[3]


def run(capsys, *words) -> tuple[int, str, str]:
    code = cli.main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_model_goes_there_and_back_again(pedal, versions, capsys):
    code, out, _ = run(capsys, "deploy", versions[0], "pedal")
    assert code == 0 and out.startswith("Toy Flute is on pedal after ")
    assert "no engine is running" in out and len(out.splitlines()) == 1
    assert read_bundle(pedal.models / "toy-flute.zip").card.strip()[-1] == "0"
    code, out, _ = run(capsys, "deploy", versions[1], "pedal", "--no-activate", "--json")
    (row,) = json.loads(out)
    assert code == 0 and row["host"] == "pedal" and row["ok"] and row["versions"] == 1
    code, out, _ = run(capsys, "remote", "list", "pedal")
    assert code == 0 and "toy-flute" in out and "1 older" in out
    code, out, _ = run(capsys, "remote", "rollback", "toy-flute", "pedal", "--json")
    assert json.loads(out)[0]["versions"] == 0
    code, out, _ = run(capsys, "remote", "info", "toy-flute", "pedal")
    assert "version 0" in out
    code, out, _ = run(capsys, "remote", "remove", "toy-flute", "pedal")
    assert code == 0 and not (pedal.models / "toy-flute.zip").exists()
    code, out, _ = run(capsys, "remote", "status", "pedal")
    assert code == 0 and "no engine" in out


def test_several_hosts_and_one_that_is_off(pedal, versions, capsys):
    code, out, _ = run(capsys, "deploy", versions[0], "pedal", "off", "stranger", "--json")
    rows = {row["host"]: row for row in json.loads(out)}
    assert code == 1 and {host for host, row in rows.items() if row["ok"]} == {"pedal"}
    assert "Connection refused" in rows["off"]["error"]
    assert "Permission denied" in rows["stranger"]["error"]


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_speaks_json(pedal, versions, capsys, action):
    for path in versions[:2]:
        assert run(capsys, "deploy", path, "pedal")[0] == 0
    name = ["toy-flute"] if ACTIONS[action][1] else []
    code, out, _ = run(capsys, "remote", action, *name, "pedal", "off", "--json")
    good, bad = json.loads(out)
    assert code == 1 and bad.keys() == {"host", "ok", "error"} and not bad["ok"]
    assert good["host"] == "pedal"
    if action != "logs":  # there may be no journal here
        assert good["ok"], good


def test_eight_hosts_at_a_time(tmp_path, versions, capsys, monkeypatch):
    """An ssh that only counts how many of it run."""
    program = tmp_path / "ssh"
    program.write_text(
        f"#!/bin/sh\ncd {tmp_path} && : >running.$$ && ls -d running.* | wc -l >count.$$\n"
        "sleep 0.3; rm running.$$; exit 255\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("DDSP_EDGE_SSH", str(program))
    hosts = [f"pedal-{i}" for i in range(3 * AT_ONCE)]
    code, out, _ = run(capsys, "remote", "list", *hosts, "--json")
    assert code == 1 and [row["host"] for row in json.loads(out)] == hosts
    counts = [int(path.read_text()) for path in tmp_path.glob("count.*")]
    assert len(counts) == len(hosts) and 1 < max(counts) <= AT_ONCE


def test_ctrl_c_at_any_moment(pedal, versions):
    """The whole program of the sender and its ssh; the same command then finishes."""
    words = [sys.executable, "-m", "ddsp_edge", "deploy", str(versions[0]), "pedal"]
    codes = set()
    for tenths in range(1, 13):
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # What a shell starts in the background ignores Ctrl-C, and so would this.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        time.sleep(tenths / 10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate()
        codes.add(process.returncode)
        # Python itself may still have been starting: that is not the program's yet.
        assert not re.search(rb"cli/\w+\.py., line \d+, in main", said), said.decode()
        for path in pedal.models.glob("*.zip"):
            assert read_bundle(path).info.name == "Toy Flute"
    assert codes & {130, -signal.SIGINT}, "none was stopped in the middle"
    for _ in range(100):  # the device's side of the last one may still be leaving
        if cli.main(words[3:]) == 0:
            break
        time.sleep(0.1)
    assert read_bundle(pedal.models / "toy-flute.zip").card.strip()[-1] == "0"
    assert not list((pedal.models / ".staging").iterdir())


def test_an_unknown_host_key_is_refused_by_the_users_ssh(pedal, versions, capsys):
    code, _, err = run(capsys, "deploy", versions[0], "impostor")
    assert code == 1 and "Host key verification failed" in err
    assert not (pedal.models / "toy-flute.zip").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["ssh", "pedal", "touch {touched}"],
        ["ssh", "pedal", "sh", "-c", "'touch {touched}'"],
        ["ssh", "-tt", "pedal", "touch {touched}"],
        ["ssh", "-s", "pedal", "sftp"],
        ["ssh", "-o", "SendEnv=SSH_TOUCHED", "pedal", "receive; touch {touched}"],
        ["scp", "{bundle}", "pedal:{touched}"],
        ["sftp", "-b", "{batch}", "pedal"],
        ["ssh", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", "pedal"],
        ["ssh", "-W", "127.0.0.1:{port}", "pedal"],
    ],
)
def test_the_key_may_do_nothing_else(pedal, versions, tmp_path, words):
    """sshd starts `ddsp-edge receive`, which reads nothing here and says nothing, or refuses."""
    config = shlex.split(os.environ["DDSP_EDGE_SSH"])[1:]
    touched, batch = tmp_path / "touched", tmp_path / "batch"
    batch.write_text(f"put {versions[0]} {touched}\n")
    with socket.socket() as other:  # a service there that the key would lead to
        other.bind(("127.0.0.1", 0))
        other.listen()
        other.settimeout(0.2)
        port = other.getsockname()[1]
        words = [w.format(touched=touched, batch=batch, bundle=versions[0], port=port)
                 for w in words]  # fmt: skip
        command = [words[0], *config, *words[1:]]
        done = subprocess.run(command, input=b"", capture_output=True, timeout=60)
        with pytest.raises(TimeoutError):
            other.accept()
    assert not touched.exists() and done.stdout == b"", done.stdout
    assert done.returncode != 0 or "-R" not in words


def test_a_terminal_shows_how_far_it_is(pedal, versions):
    pytest.importorskip("tqdm", reason="the remote extra is not installed")
    main, terminal = pty.openpty()
    termios.tcsetwinsize(main, (24, 100))
    words = [sys.executable, "-m", "ddsp_edge", "deploy", str(versions[0]), "pedal"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=terminal) as process:
        os.close(terminal)
        drawn = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(main, 4096):
                drawn += part
        os.close(main)
        (line,) = process.stdout.read().splitlines()
    assert b"100%" in drawn and b"pedal: check" in drawn
    assert drawn.endswith(b" \r") and line.startswith(b"Toy Flute is on pedal")


def test_signed_on_the_way(pedal, versions, keys, trusted, capsys):
    pedal.obey(require_signature=True, trusted_keys=str(trusted))
    code, _, err = run(capsys, "deploy", versions[0], "pedal")
    assert code == 1 and "signed bundles only" in err
    code, out, _ = run(capsys, "deploy", versions[0], "pedal", "--sign", keys[0])
    assert code == 0 and "signed by luthier@workshop" in out
    renamed = versions[0].with_name("other.zip")
    make_version(renamed, 1, "Other")
    signature = versions[0].with_name(versions[0].name + ".sig")
    signature.rename(renamed.with_name("other.zip.sig"))
    code, _, err = run(capsys, "deploy", renamed, "pedal")
    assert code == 1 and "does not fit" in err


def test_a_ddsp_vst_file_becomes_a_bundle(pedal, tmp_path, capsys):
    import tiny_decoder

    path = tmp_path / "Trumpet.tflite"
    path.write_bytes(tiny_decoder.vst_file())
    code, _, err = run(capsys, "deploy", path, "pedal", "--json")
    assert code == 0, err
    assert read_bundle(pedal.models / "trumpet.zip").info.profile == "vst"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["deploy", "{none}", "pedal"], "cannot be read"),
        (["deploy", "{bundle}", "-oProxyCommand=touch x"], "no name of a host"),
        (["deploy", "{bundle}", "--", "-oProxyCommand=touch x"], "no name of a host"),
        (["remote", "dance", "pedal"], "there is no command 'remote dance'"),
        (["sign", "{none}"], "cannot be read"),
        (["sign", "{bundle}", "--key", "{none}"], "no such key"),
    ],
)
def test_bad_usage_is_one_line(words, says, versions, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    filled = [w.format(none=tmp_path / "none", bundle=versions[0]) for w in words]
    code, _, err = run(capsys, *filled)
    assert code in (1, 2) and says in err and len(err.splitlines()) == 1
    assert not (tmp_path / "x").exists()
