"""MIDI learn in the running program: by its socket, to the sound, over a restart."""

import signal
import subprocess
import sys

import pytest
from service_box import ROOT, play, until

from ddsp_edge.api.client import ControlClient
from ddsp_edge.api.protocol import RequestError


def learned(box, events, *messages, **lesson):
    """The events of a lesson; each message is sent when it listens."""
    states = []
    with ControlClient(box.socket_path, timeout_s=60.0) as client:
        answer = client.call("learn", **lesson)["learning"]
        assert answer["set"] == lesson.get("set") and answer["do"] == lesson.get("action")
        for message in messages:
            play(client, *message)
    for event in events.events():
        if event["event"] == "learn":
            states.append(event)
            if event["state"] in ("learned", "timeout", "failed", "cancelled"):
                return states
    raise AssertionError(states)


def test_a_controller_is_learned_moves_its_setting_and_comes_back(box):
    with box.start().client() as client, box.client() as events:
        events.call("subscribe", rate_hz=0)
        moves = [(0xB0, 11, value) for value in range(0, 128, 8)]
        told = learned(box, events, (0xF8,), (0xB0, 0, 5), *moves, set="morph", low=0.5)
        assert [each["state"] for each in told] == ["listening", "learned"]
        row = {"control": "cc 11", "set": "morph", "do": None, "range": [0.5, 1.0], "values": None}
        row |= {"curve": "linear", "kept": "device", "active": True}
        assert told[-1]["mapping"] == row
        assert client.call("mappings")["mappings"] == [row]
        play(client, 0xB0, 11, 127)
        until(lambda s: s["settings"]["morph"] == 1.0, client)
        play(client, 0xB0, 11, 0)
        until(lambda s: s["settings"]["morph"] == 0.5, client)

        # It is in use now: refused until it may be replaced.
        told = learned(box, events, *moves, set="mix", seconds=1)
        assert [each["state"] for each in told] == ["listening", "taken", "timeout"]
        assert told[1]["control"] == "cc 11" and "morph" in told[1]["text"]
        told = learned(box, events, (0x90, 40, 100), (0x80, 40, 0), action="bypass")
        assert told[-1]["mapping"]["control"] == "note 40"
        play(client, 0x90, 40, 90)
        assert until(lambda s: s["bypass"], client)["notes"] == []
        box.end(signal.SIGKILL)

    with box.start().client() as client:
        # The controls come up after the socket: the knob is moved until it is heard.
        until(lambda s: play(client, 0xB0, 11, 64) or 0.7 < s["settings"]["morph"] < 0.8, client)
        client.call("preset_save", name="Own")
        assert client.call("learn", set="mix", keep="preset")["learning"]["keep"] == "preset"
        for value in (0, 60, 100):
            play(client, 0xB0, 11, value)
        # Refused (it moves morph); so with replace.
        client.call("learn", set="mix", keep="preset", replace=True)
        for value in (0, 60, 100):
            play(client, 0xB0, 11, value)
        rows = until(lambda m: len(m["mappings"]) == 3, client, "mappings")["mappings"]
        kept = [(r["control"], r["set"], r["kept"], r["active"]) for r in rows]
        assert kept[0] == ("cc 11", "mix", "preset", True)
        assert ("cc 11", "morph", "device", False) in kept
        assert 'set = "mix"' in (box.state / "presets" / "Own.toml").read_text()
        play(client, 0xB0, 11, 0)
        until(lambda s: s["settings"]["mix"] == 0.0, client)
        assert len(client.call("mapping_remove", control="cc 11")["mappings"]) == 1
        with pytest.raises(RequestError, match="no such mapping"):
            client.call("mapping_remove", control="cc 11")
        assert client.call("learn", action="tap")["learning"]["do"] == "tap"
        assert client.call("status")["learning"]["left_s"] > 20
        assert client.call("learn_cancel") == {"learning": None}
        assert client.call("status")["learning"] is None
    assert "Traceback" not in box.log()


def test_the_command_line_learns(box):
    with box.start().client() as client:
        command = [sys.executable, "-m", "ddsp_edge", "learn", "reverb_wet"]
        command += ["--socket", str(box.socket_path)]
        learning = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        until(lambda s: s["learning"], client)
        for value in (0, 60, 127):
            play(client, 0xB0, 20, value)
        out, _ = learning.communicate(timeout=60)
        assert learning.returncode == 0 and out.strip() == "cc 20: reverb_wet"
        command[4:5] = ["--list"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert "cc 20" in listed.stdout and "(device)" in listed.stdout
