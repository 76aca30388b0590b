"""The program itself, as a process, on a paced sound card."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from service_box import PATIENCE_S, ROOT, play, until

from ddsp_edge.api.client import ControlClient
from ddsp_edge.api.protocol import RequestError


def test_it_plays_what_the_socket_asks_and_ends_by_sigterm(box):
    with box.start().client() as client:
        assert client.call("status")["model"] == "violin"
        play(client, 0x90, 69, 100)
        status = until(lambda s: s["output_dbfs"] > -40, client)
        assert status["notes"] == [69] and status["card"]["state"] == "running"
        client.call("panic")
        until(lambda s: s["notes"] == [] and s["output_dbfs"] < -60, client)
        before = client.call("stats")["stream"]["heartbeat"]
        until(lambda s: s["stream"]["heartbeat"] > before, client, "stats")
    code, _ = box.end()
    assert code == 0, box.log()
    assert not box.socket_path.exists()
    assert "Traceback" not in box.log()


def test_a_preset_comes_back_after_kill_9(box):
    with box.start().client() as client:
        client.call("model", name="cello")
        client.call("set", values={"reverb_wet": 0.4, "voices": 4})
        assert client.call("preset_save", name="Warm")["preset"] == "Warm"
        client.call("set", values={"reverb_wet": 0.1})
        assert client.call("status")["edited"] is True
        box.end(signal.SIGKILL)
    assert box.socket_path.exists()  # nobody could take it away
    with box.start().client() as client:
        status = client.call("status")
        assert (status["preset"], status["model"]) == ("Warm", "cello")
        assert status["settings"]["reverb_wet"] == 0.4 and status["settings"]["voices"] == 4
        assert status["edited"] is False and status["warnings"] == []


def test_a_model_without_a_preset_comes_back_too(box):
    with box.start().client() as client:
        client.call("model", name="cello", source="effect")
        box.end(signal.SIGKILL)
    with box.start().client() as client:
        status = client.call("status")
        assert (status["preset"], status["model"], status["source"]) == (None, "cello", "effect")


def test_presets_and_programs_are_kept_and_played(box):
    with box.start().client() as client:
        for name, model in (("A", "violin"), ("B", "cello"), ("C", "violin")):
            client.call("model", name=model)
            client.call("preset_save", name=name)
        assert client.call("preset_next")["preset"] == "A"  # round and round
        assert client.call("preset_previous")["preset"] == "C"
        client.call("preset_order", names=["B", "C"])
        listed = client.call("presets")
        assert [row["name"] for row in listed["presets"]] == ["B", "C", "A"]
        assert client.call("preset", name="b")["model"] == "cello"
        client.call("preset_rename", name="B", to="Low")
        assert client.call("status")["preset"] == "Low"
        play(client, 0xC0, 2)  # program change: the third preset
        until(lambda s: s["preset"] == "A", client)
        client.call("program_set", bank=0, program=2, preset="Low")
        play(client, 0xC0, 2)
        until(lambda s: s["preset"] == "Low", client)
        client.call("setlist_set", name="Tonight", names=["C", "A"])
        client.call("setlist", name="Tonight")
        assert client.call("preset_next")["preset"] == "C"
        client.call("preset_remove", name="C")
        assert client.call("status")["preset"] is None
        for bad in ({"name": "nobody"}, {"name": "../../etc/passwd"}):
            with pytest.raises(RequestError) as error:
                client.call("preset", **bad)
            assert error.value.code == "refused"
        assert client.call("status")["model"] == "violin"


def test_a_broken_preset_falls_back_and_says_so(box):
    presets = box.state / "presets"
    presets.mkdir(parents=True)
    (box.state / "last.toml").write_text('preset = "Solo"\n')
    (presets / "Solo.toml").write_text('model = "no-such-model"\n')
    with box.start().client() as client:
        status = client.call("status")
        assert status["model"] == "violin"
        assert any("no-such-model" in text for text in status["warnings"])
        box.end()
    (presets / "Solo.toml").write_text('model = "cello"\n')  # mended: it is not forgotten
    with box.start().client() as client:
        status = client.call("status")
        assert (status["preset"], status["model"], status["warnings"]) == ("Solo", "cello", [])


def test_a_torn_state_file_is_said_and_lived_with(box):
    box.state.mkdir()
    (box.state / "last.toml").write_bytes(b"preset = \xff")
    with box.start().client() as client:
        status = client.call("status")
        assert status["model"] == "violin" and "last.toml" in status["warnings"][0]


def test_a_new_file_of_the_model_that_plays_is_taken_by_reload(box):
    shipped = ROOT / "ddsp_edge" / "models"
    models = box.state / "models"
    models.mkdir(parents=True)
    (models / "mine.zip").write_bytes((shipped / "violin.zip").read_bytes())
    with box.start().client() as client:
        assert client.call("model", path=str(models / "mine.zip"))["model"] == "mine"
        assert client.call("status")["model_name"] == "Violin"
        (models / "mine.zip").write_bytes((shipped / "cello.zip").read_bytes())
        client.call("reload")
        assert client.call("status")["model_name"] == "Cello"
        (models / "mine.zip").write_bytes(b"PK broken")
        with pytest.raises(RequestError):
            client.call("reload")
        assert client.call("status")["model_name"] == "Cello"


def test_two_clients_see_each_others_changes(box):
    with box.start().client() as one, ControlClient(box.socket_path) as two:
        two.call("subscribe", rate_hz=30)
        events = two.events(timeout_s=PATIENCE_S)
        one.call("set", values={"mix": 0.25})
        changed = (e for e in events if e["event"] == "state" and e["settings"]["mix"] == 0.25)
        assert next(changed)["model"] == "violin"
        assert {"output_dbfs", "note", "notes"} <= next(
            e for e in events if e["event"] == "meters"
        ).keys()
        one.call("model", name="cello")
        assert next(e for e in events if e["event"] == "model")["model"] == "Cello"


def test_no_card_is_waited_for(make_box):
    box = make_box(audio="card = 'hw:NoSuchCard'").start()
    with box.client() as client:
        status = client.call("status")
        assert status["card"]["state"] == "waiting" and "NoSuchCard" in status["card"]["detail"]
        for name in ("cello", "violin") * 3:  # more than there are places in the rig
            assert client.call("model", name=name)["model"].lower() == name
    assert box.end()[0] == 0


def test_the_end_does_not_wait_for_what_hangs(make_box):
    """Without a card several models in a row wait for room; that must not hold up the end."""
    box = make_box(audio="card = 'hw:NoSuchCard'").start()
    with box.client() as client, socket.socket(socket.AF_UNIX) as other:
        other.connect(str(box.socket_path))
        for name in (b"cello", b"violin") * 3:
            other.sendall(b'{"v":1,"do":"model","name":"%s"}\n' % name)
        client.call("hello")
        time.sleep(0.5)  # as many as can be are loaded
        assert client.call("status")["card"]["state"] == "waiting"
        assert box.end()[0] == 0
    assert "Traceback" not in box.log()


@pytest.fixture
def systemd(tmp_path):
    """What systemd hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(str(tmp_path / "notify"))
        inbox.settimeout(PATIENCE_S)
        yield inbox


def hear(inbox, wanted):
    while not (said := inbox.recv(4096).decode()).startswith(wanted):
        pass
    return said


def test_systemd_hears_ready_the_heartbeat_and_the_end(box, systemd):
    box.start(NOTIFY_SOCKET=systemd.getsockname(), WATCHDOG_USEC="400000")
    assert "violin (synth); card running" in hear(systemd, "STATUS=")
    hear(systemd, "READY=1")
    for _ in range(3):
        hear(systemd, "WATCHDOG=1")
    box.process.send_signal(signal.SIGHUP)
    hear(systemd, "RELOADING=1")
    hear(systemd, "READY=1")
    box.process.send_signal(signal.SIGTERM)
    hear(systemd, "STOPPING=1")
    assert box.process.wait(PATIENCE_S) == 0


def test_sighup_reads_the_config_again(box):
    with box.start().client() as client:
        box.write("[audio]\ncard = 'jk'\n[midi]\napi = 'none'\nnetwrk = '1'")
        box.process.send_signal(signal.SIGHUP)
        status = until(lambda s: s["warnings"], client)
        assert "did you mean 'network'" in status["warnings"][0]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        box.write(f"[audio]\ncard = 'jk'\n[midi]\napi = 'none'\nnetwork = '{port}'\nchannel = 2")
        box.process.send_signal(signal.SIGHUP)
        # A change of channel ends what sounds: no note before it.
        until(lambda s: not s["warnings"] and s["settings"]["channel"] == 2, client)
        with connected(port) as keyboard:
            until(lambda s: s["midi_ports"], client)
            keyboard.sendall(bytes([0x90, 50, 64, 0x91, 60, 64]))  # the first: not our channel
            assert until(lambda s: s["notes"], client)["notes"] == [60]
        # Unplugged: its note does not hang.
        until(lambda s: not s["notes"] and not s["midi_ports"], client)
        box.write("[audio]\ncard = 'jk'\nperiod = 256\n[midi]\napi = 'none'")
        box.process.send_signal(signal.SIGHUP)
        assert "[audio]" in until(lambda s: s["warnings"], client)["warnings"][0]


@contextlib.contextmanager
def connected(port):
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            keyboard = socket.create_connection(("127.0.0.1", port))
            break
        except OSError:
            assert time.monotonic() < ends
            time.sleep(0.05)
    yield keyboard
    keyboard.close()


def test_a_flood_on_the_socket_does_not_disturb_the_sound(box, jack_card):
    with box.start().client() as client:
        play(client, 0x90, 69, 100)
        until(lambda s: s["output_dbfs"] > -40, client)
        before, overloads = client.call("stats")["stream"]["xruns"], jack_card.overloads()
        stop = threading.Event()

        def flood(data):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as hostile:
                hostile.settimeout(1)
                hostile.connect(str(box.socket_path))
                while not stop.is_set():
                    hostile.sendall(data)

        data = [b'{"v":1,"do":"status"}\n' * 50, b"[" * 70_000, os.urandom(4096) + b"\n"]
        threads = [threading.Thread(target=flood, args=(each,)) for each in data]
        for thread in threads:
            thread.start()
        for _ in range(50):
            assert client.call("status")["notes"] == [69]
        stop.set()
        for thread in threads:
            thread.join()
        own = client.call("stats")["stream"]["xruns"] - before
        assert own <= jack_card.overloads() - overloads


@pytest.mark.parametrize(
    ("text", "says"),
    [("[audio]\nperod = 64\n", "did you mean 'period'"), ("[audio]\nrate = 1\n", "audio.rate")],
)
def test_a_bad_config_is_one_line_and_exit_code_2(tmp_path, text, says):
    (tmp_path / "config.toml").write_text(text)
    command = [sys.executable, "-m", "firmware_py", "--config", str(tmp_path / "config.toml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2 and len(lines) == 1
    assert says in lines[0] and "config.toml" in lines[0]


def test_a_second_engine_is_refused_and_the_first_plays_on(box):
    with box.start().client() as client:
        command = [sys.executable, "-m", "firmware_py", "--config", str(box.config)]
        done = subprocess.run(command, cwd=ROOT, env=box.env, capture_output=True, text=True)
        assert done.returncode == 2 and "another engine" in done.stderr
        assert client.call("status")["card"]["state"] == "running"


def test_the_command_line_speaks_to_it(box):
    box.start().client().close()

    def cli(*words):
        command = [sys.executable, "-m", "ddsp_edge", *words, "--socket", str(box.socket_path)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert "violin (synth)" in cli("status").stdout
    assert cli("set", "mix=0.5").stdout.strip() == "mix=0.5"
    assert "reverb_wet" in cli("set").stdout
    assert "did you mean 'mix'" in cli("set", "mixx=1").stderr
    assert cli("model", "cello").stdout.strip() == "cello (synth)"
    assert cli("preset", "save", "Low").stdout.strip() == "Low: cello (synth)"
    assert "> Low" in cli("preset", "list").stdout
    (box.state / "a.scl").write_text("! a.scl\nOctaves\n1\n2/1\n")
    assert cli("tuning", str(box.state / "a.scl")).stdout.strip() == "tuned: Octaves"
    assert json.loads(cli("tuning", "--json").stdout) == {"tuning": "Octaves"}
    assert "as the config says" in cli("tuning", "--off").stdout
    assert "b.scl: cannot be read" in cli("tuning", str(box.state / "b.scl")).stderr
    assert cli("bypass", "on").stdout.strip() == "bypass on"
    assert json.loads(cli("status", "--json").stdout)["bypass"] is True
    assert cli("freeze", "on").stdout.strip() == "freeze on"
    assert cli("tuner", "on").stdout.strip() == "tuner on"
    assert "stream.heartbeat" in cli("stats").stdout
    assert cli("panic").stdout.strip() == "silent"
    assert json.loads(cli("control", "hello").stdout)["protocol"] == 1
    refused = cli("autofit", "--seconds", "1")  # nobody listens in "synth"
    assert refused.returncode == 2 and len(refused.stderr.strip().splitlines()) >= 1
    assert box.end()[0] == 0
    gone = cli("status")
    assert gone.returncode == 2 and "no engine is listening" in gone.stderr


def test_what_a_kill_left_is_gone_after_the_next_start(box):
    presets = box.state / "presets"
    presets.mkdir(parents=True)
    for folder in (box.state, presets):
        (folder / ".ddsp-edge-abc123").write_text("half of it")
    with box.start().client() as client:
        client.call("preset_save", name="Solo")
    for folder in (box.state, presets):
        assert not list(folder.glob(".ddsp-edge-*"))
