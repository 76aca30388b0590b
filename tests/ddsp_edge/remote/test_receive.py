"""The device's end, as a process of its own, fed by hand; cut off and killed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import threading
import time

import pytest
from bundle_versions import put_request as request
from extent import extent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import shipped_folder
from ddsp_edge.remote import signing
from ddsp_edge.remote.policy import Policy, load_policy
from ddsp_edge.remote.receive import DeploymentReceiver


def ask(device, *requests: bytes) -> list[dict]:
    """What the real command answers, without the steps."""
    done = subprocess.run(device.receive, input=b"".join(requests), capture_output=True)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [a for a in answers if "event" not in a]


def line(**message) -> bytes:
    return json.dumps(message).encode() + b"\n"


def test_put_list_info_rollback_remove(device, versions):
    put = ask(device, request(versions[0]), request(versions[1]))
    assert [a["ok"] and a["news"] for a in put] == [True, True]
    assert put[1] | {"runtime": "", "ok": 1} == {
        "ok": 1, "name": "toy-flute", "news": True, "signer": None, "runtime": "", "versions": 1,
    }  # fmt: skip
    listed, info, back, removed, empty = ask(
        device,
        line(do="list"),
        line(do="info", name="toy-flute"),
        line(do="rollback", name="toy-flute"),
        line(do="remove", name="toy-flute"),
        line(do="list"),
    )
    assert [m["name"] for m in listed["models"]] == ["toy-flute"]
    assert "version 1" in info["card"]
    assert back["versions"] == 0 and removed["ok"] and empty["models"] == []


def test_without_an_engine_it_is_installed_and_said(device, versions):
    (answer,) = ask(device, request(versions[0], activate=True))
    assert answer["ok"] and answer["plays"] is None and "no engine is running" in answer["note"]
    (status,) = ask(device, line(do="status"))
    assert status["ok"] and status["engine"] is None


def test_an_engine_that_says_no_is_told_of(device, versions):
    """One of an older program, which does not know the verb: by hand, there is none any more."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(device.socket))
        listener.listen()

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rwb") as stream:
                asked = json.loads(stream.readline())
                error = {"code": "verb", "error": f"unknown verb {asked['do']!r}"}
                stream.write(line(id=asked["id"], ok=False, **error))

        engine = threading.Thread(target=refuse)
        engine.start()
        (answer,) = ask(device, request(versions[0], activate=True))
        engine.join()
    assert not answer["ok"] and "toy-flute is installed, but" in answer["error"]
    assert "unknown verb" in answer["error"] and "update the device" in answer["error"]
    assert read_bundle(device.models / "toy-flute.zip").card.strip()[-1] == "0"


def test_what_is_no_request_is_said(device, versions):
    bad = [
        (line(do="dance"), "unknown to ddsp-edge"),
        (b"hello\n", "no message"),
        (b"[1]\n", "no message"),
        (b"[" * 100_000 + b"\n", "no message"),
        (b'{"do":"list"}', "cut off"),
        (line(do="info", name="../../etc/passwd"), "no name of a model"),
        (line(do="info"), "no name of a model"),
        (line(do="put", size="x", sha256="y"), "names no size"),
        (line(do="put", size=True, sha256="0" * 64), "names no size"),
        (line(do="logs", lines=10**9), "lines: 1 to"),
    ]
    for words, says in bad:
        answer = ask(device, words)[0]
        assert not answer["ok"] and says in answer["error"], (words[:60], answer)


def test_a_model_that_cannot_play_is_refused(device, versions):
    ask(device, request(versions[0]))
    broken = versions[1].read_bytes()
    broken = broken[:200] + bytes(50) + broken[250:]
    path = versions[1].with_name("broken.zip")
    path.write_bytes(broken)
    (answer,) = ask(device, request(path))
    assert not answer["ok"] and "\n" not in answer["error"]
    assert read_bundle(device.models / "toy-flute.zip").card.strip()[-1] == "0"


def test_signatures(device, versions, keys, trusted):
    device.obey(require_signature=True, trusted_keys=str(trusted))
    (unsigned,) = ask(device, request(versions[0]))
    assert "signed bundles only" in unsigned["error"]
    good = signing.sign(versions[0], keys[0])
    (taken,) = ask(device, request(versions[0], good))
    assert taken["ok"] and taken["signer"] == "luthier@workshop"
    (stolen,) = ask(device, request(versions[1], good))
    assert "does not fit" in stolen["error"]
    (foreign,) = ask(device, request(versions[1], signing.sign(versions[1], keys[1])))
    assert "does not trust" in foreign["error"]
    (newer,) = ask(device, request(versions[1], signing.sign(versions[1], keys[0])))
    assert newer["ok"]
    (replayed,) = ask(device, request(versions[0], good))
    assert "--allow-downgrade" in replayed["error"]
    (asked,) = ask(device, request(versions[0], good, allow_downgrade=True))
    assert asked["ok"]
    device.obey(require_signature=True, trusted_keys=str(trusted), allow_downgrade=False)
    ask(device, request(versions[1], signing.sign(versions[1], keys[0])))
    (never,) = ask(device, request(versions[0], good, allow_downgrade=True))
    assert not never["ok"]
    (back,) = ask(device, line(do="rollback", name="toy-flute"))
    assert not back["ok"] and "allow_downgrade = false" in back["error"]
    ask(device, line(do="remove", name="toy-flute"))
    (again,) = ask(device, request(versions[0], good))
    assert "--allow-downgrade" in again["error"]


def test_policy_files(tmp_path, monkeypatch):
    path = tmp_path / "deploy.toml"
    monkeypatch.setenv("DDSP_EDGE_DEPLOY", str(path))
    with pytest.raises(UserError, match=r"deploy\.toml"):
        load_policy()
    path.write_text("require_signatures = true\n")
    with pytest.raises(UserError, match="did you mean 'require_signature'"):
        load_policy()
    path.write_text('require_signature = "yes"\n')
    with pytest.raises(UserError, match="require_signature"):
        load_policy()
    path.write_text('require_signature = true\nmodels = "/srv/models"\n')
    assert load_policy().require_signature and str(load_policy().models) == "/srv/models"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400), begin=st.sampled_from([b"", b"{", b'{"do":"put","size":3,']))
def test_any_bytes_are_answered(tmp_path, data, begin):
    import io

    sink = io.BytesIO()
    policy = Policy(models=tmp_path / "models", socket=tmp_path / "none")
    assert DeploymentReceiver(policy, io.BytesIO(begin + data), sink).run() in (0, 2)
    for answer in sink.getvalue().splitlines():
        assert json.loads(answer).get("ok") is not True or b'"do"' in data


def test_cut_off_or_killed_anywhere_one_whole_model_stays(device, tmp_path):
    """25 times (CI: 100): the sender vanishes after some bytes, or the device loses power.

    A real model of realistic size, sent in small parts; each time the device then still has one
    whole model, and the same command again finishes.
    """
    from dataclasses import replace

    from ddsp_edge.bundles.bundle import write_bundle

    violin = read_bundle(shipped_folder() / "violin.zip")
    files = []
    for i in range(2):
        info = replace(violin.info, export_time=f"2026-01-0{i + 1}T00:00:00+00:00")
        files.append(tmp_path / f"v{i}.zip")
        write_bundle(files[i], replace(violin, info=info, card=f"# version {i}\n"))
    ask(device, request(files[0]))
    started = time.monotonic()
    ask(device, request(files[1], allow_downgrade=True))
    whole_s = time.monotonic() - started  # on this machine, now
    ask(device, request(files[0], allow_downgrade=True))
    target = device.models / "violin.zip"
    rng = random.Random(6)
    seen, finished = set(), 0
    for _ in range(extent(25, 100)):
        message = request(files[1], allow_downgrade=True)
        process = subprocess.Popen(
            device.receive,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        cut = rng.random() < 0.4
        until = rng.randrange(len(message)) if cut else len(message)
        try:
            process.stdin.write(message[:until])
            process.stdin.flush()
            if cut:
                process.stdin.close()
                process.wait()
            else:
                time.sleep(rng.uniform(0.0, 1.5 * whole_s))
        except BrokenPipeError:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        version = read_bundle(target).card.strip()[-1]
        seen.add(version)
        finished += version == "1"
        if version == "1":  # back to where it was, for the next cut
            (back,) = ask(device, request(files[0], allow_downgrade=True))
            assert back["ok"]
    assert seen == {"0", "1"}, "no cut came after the step that counts, or none before"
    (last,) = ask(device, request(files[1]))
    assert last["ok"] and read_bundle(target).card.strip()[-1] == "1"
    assert not list((device.models / ".staging").iterdir())
