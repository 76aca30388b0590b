"""Sound card, tone, meters and round trip of the running program."""

import os
import signal
import subprocess
import time

import pytest
from service_box import play, until

from ddsp_edge.api.protocol import RequestError


def test_another_card_is_taken_while_it_plays_and_after_a_restart(box):
    with box.start().client() as client:
        text = box.config.read_text()
        play(client, 0x90, 60, 100)
        found = client.call("audio_devices")
        assert found["active"]["card"] == "jk" and found["chosen"] is None
        assert "jk" in found["others"] and found["configured"]["period"] == 128

        # What cannot be had is refused, and the card plays on.
        for wish, says in [({"card": "nosuch"}, "nosuch"), ({"rate": 44_100}, "44100")]:
            with pytest.raises(RequestError, match=says) as refused:
                client.call("audio_choose", **wish)
            assert "keeps playing" in str(refused.value)
            status = until(lambda s: s["card"]["state"] == "running", client)
            assert status["card"]["card"] == "jk" and status["card"]["rate_hz"] == 48_000
        for wish, says in [({"rate": 7}, "rate"), ({"input": "up"}, "input")]:
            with pytest.raises(RequestError, match=says):
                client.call("audio_choose", **wish)
        assert not (box.state / "audio.toml").exists()
        until(lambda s: s["output_dbfs"] > -40, client)  # the note goes on

        answer = client.call("audio_choose", card="default", rate=44_100, input="left")
        assert answer["chosen"] == {"card": "default", "rate": 44_100, "input": "left"}
        assert answer["active"]["rate_hz"] == 44_100 and answer["active"]["state"] == "running"
        until(lambda s: s["model"] and not s["loading"], client)
        play(client, 0x90, 64, 100)
        until(lambda s: s["output_dbfs"] > -40, client)
        before = client.call("stats")["stream"]["heartbeat"]
        until(lambda s: s["stream"]["heartbeat"] > before, client, "stats")
        box.end(signal.SIGKILL)
    assert box.config.read_text() == text
    with box.start().client() as client:
        status = until(lambda s: s["card"]["state"] == "running", client)
        assert (status["card"]["card"], status["card"]["rate_hz"]) == ("default", 44_100)
        answer = client.call("audio_choose", forget=True)
        assert answer["chosen"] is None and answer["active"]["card"] == "jk"
    assert "Traceback" not in box.log()


def test_the_engine_ends_for_systemd_to_start_it_again(box):
    with box.start().client() as client:
        assert client.call("hello")["restarts"] is False
        with pytest.raises(RequestError, match="nothing would start it"):
            client.call("restart")
        assert client.call("hello")["program"] == "ddsp-edge"
        box.end()
    with box.start_as_a_service().client() as client:
        assert client.call("hello")["restarts"] is True
        assert client.call("restart") == {}  # answered before it ends
        assert box.process.wait(60) == 0
    assert "SIGTERM: fading out" in box.log() and "Traceback" not in box.log()


def test_what_plays_without_a_mixer_has_no_level(box):
    with box.start().client() as client:
        assert client.call("audio_devices")["levels"] == []  # JACK is no card
        for direction, level, says in [
            ("playback", "60%", "no sound card with a playback level"),
            ("capture", "-6dB", "no sound card with a capture level"),
            ("up", "60%", "choose one of capture, playback"),
            ("playback", "loud", "write it as 60% or -6dB"),
        ]:
            with pytest.raises(RequestError, match=says):
                client.call("audio_level", direction=direction, level=level)
    assert "Traceback" not in box.log()


def test_a_torn_choice_is_said_and_the_config_holds(box):
    box.state.mkdir()
    (box.state / "audio.toml").write_text("card = ")
    with box.start().client() as client:
        status = client.call("status")
        assert status["card"]["card"] == "jk"
        assert any("audio.toml" in text for text in status["warnings"])


def test_a_tone_and_the_round_trip(box, jack_card):
    with box.start().client() as client:
        with pytest.raises(RequestError, match="choose 20 to 20000"):
            client.call("test_tone", hz=5)
        with pytest.raises(RequestError, match="choose one of left"):
            client.call("test_tone", side="up")
        client.call("tuner", on=True)  # muted: the tone is heard all the same
        answer = client.call("test_tone", hz=500, seconds=30, side="left")
        assert answer == {"hz": 500, "seconds": 30, "side": "left", "level_dbfs": -20.0}
        status = until(lambda s: s["output_sides_dbfs"][0] > -20.5, client)
        assert status["output_sides_dbfs"][0] < -19.5 and status["output_sides_dbfs"][1] < -60
        assert status["test_tone"] is True and status["output_sides_clip"] == [False, False]
        client.call("test_tone", seconds=0)
        until(lambda s: not s["test_tone"] and s["output_sides_dbfs"][0] < -60, client)
        client.call("tuner", on=False)

        with pytest.raises(RequestError, match="nothing came back"):
            client.call("latency", seconds=0.5, timeout_s=60)
        env = os.environ | jack_card.env
        for side in ("000", "001"):
            command = ["jack_connect", f"card-out:out_{side}", f"card-in:in_{side}"]
            subprocess.run(command, env=env, check=True, capture_output=True)
        time.sleep(0.2)
        found = client.call("latency", seconds=0.5, level=-20, timeout_s=60)
        assert found["round_trip_samples"] % jack_card.period == 0
        assert abs(found["fraction_samples"]) < 0.02 and abs(found["level_db"]) < 0.1
        assert found["snr_db"] > 40 and found["warning"] == ""
        assert client.call("status")["mute"] is False
        client.call("test_tone", seconds=5)  # comes back in
        until(lambda s: min(s["input_sides_dbfs"]) > -20.5, client)
        system = client.call("stats")["system"]
        assert system["disk"]["free_bytes"] > 0 and system["cpu"]["cores"] >= 1
    assert "Traceback" not in box.log()


def test_the_switch_of_the_midi_device_is_kept_over_the_config(box):
    with box.start().client() as client:
        told = client.call("usb_gadget")
        assert (told["configured"], told["active"]) == ("off", False)
        if not told["possible"]:  # as on every machine whose USB sockets are hosts
            with pytest.raises(RequestError, match="USB device controller"):
                client.call("usb_choose", on=True)
            assert not (box.state / "usb.toml").exists()
        box.state.mkdir(parents=True, exist_ok=True)
        (box.state / "usb.toml").write_text('gadget = "midi"\n')
        assert client.call("usb_gadget")["configured"] == "midi"
        assert client.call("usb_choose", on=False)["configured"] == "off"
        (box.state / "usb.toml").write_text("gadget = 5\n")  # damaged
        assert client.call("usb_choose", on=False)["configured"] == "off"
    box.end()
    assert "Traceback" not in box.log()
