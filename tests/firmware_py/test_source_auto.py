"""A keyboard plays as soon as it is touched, a pedal when it is played (source "auto")."""

import signal

from service_box import play, until


def auto(box, midi="api = 'none'", audio="card = 'jk'", controls=""):
    box.config.write_text(
        f"[audio]\n{audio}\n[midi]\n{midi}\n[instrument]\nstate = '{box.state}'\n"
        f"[control]\nsocket = '{box.socket_path}'\n{controls}"
    )
    return box


def test_the_default_plays_a_keyboard_and_the_note_that_woke_it_sounds(box):
    with auto(box).start().client() as client:
        status = until(lambda s: s["card"]["state"] == "running", client)
        assert (status["source"], status["source_mode"]) == ("effect", "auto")
        play(client, 0xB0, 64, 127)
        play(client, 0x90, 60, 100)
        play(client, 0x90, 64, 100)
        status = until(lambda s: s["source"] == "synth", client)
        assert status["source_mode"] == "auto" and status["edited"] is False
        until(lambda s: sorted(s["notes"]) == [60, 64] and s["output_dbfs"] > -40, client)
        play(client, 0x80, 60, 0)
        play(client, 0x80, 64, 0)
        until(lambda s: sorted(s["notes"]) == [60, 64], client)  # the pedal came along
        client.call("panic")
        until(lambda s: s["notes"] == [], client)
        box.end(signal.SIGKILL)
    with box.start().client() as client:  # what was last followed is not what is remembered
        assert client.call("status")["source_mode"] == "auto"


def test_a_card_without_an_input_begins_with_the_keyboard(box):
    with auto(box, audio="card = 'jk'\ncapture = 'none'").start().client() as client:
        status = until(lambda s: s["card"]["state"] == "running" and s["source"] == "synth", client)
        assert status["card"]["capture"] is False and status["source_mode"] == "auto"
        play(client, 0x90, 60, 100)
        until(lambda s: s["notes"] == [60] and s["output_dbfs"] > -40, client)


def test_a_source_that_was_chosen_stays(box):
    with auto(box).start().client() as client:
        assert client.call("model", source="effect")["source_mode"] == "effect"
        for _ in range(5):
            play(client, 0x90, 60, 100)
            assert client.call("status")["source"] == "effect"
        client.call("preset_save", name="Pedal")
        assert client.call("model", source="auto")["source_mode"] == "auto"
        assert client.call("status")["edited"] is True
        play(client, 0x90, 62, 100)
        until(lambda s: s["source"] == "synth" and 62 in s["notes"], client)
        assert client.call("preset", name="Pedal")["source"] == "effect"
        client.call("model", source="auto")
        client.call("preset_save", name="Both")
        rows = {row["name"]: row["source"] for row in client.call("presets")["presets"]}
        assert rows == {"Pedal": "effect", "Both": "auto"}


def test_one_setting_says_the_channel(box):
    controls = "[[controls.mappings]]\ncontrol = 'cc 20'\nset = 'mix'\n"
    midi = "api = 'none'\nchannel = 3"
    with auto(box, midi, controls=controls).start().client() as client:
        assert client.call("status")["settings"]["channel"] == 3
        play(client, 0xB0, 20, 0)  # channel 1: neither a control ...
        play(client, 0x90, 60, 100)  # ... nor a note
        play(client, 0x92, 64, 100)
        status = until(lambda s: s["notes"] == [64], client)
        assert status["settings"]["mix"] == 1.0
        play(client, 0xB2, 20, 0)
        until(lambda s: s["settings"]["mix"] == 0.0, client)
        client.call("preset_save", name="Mine")
        assert client.call("status")["edited"] is False
        assert "channel" not in (box.state / "presets" / "Mine.toml").read_text()
        client.call("set", values={"channel": 5})
        assert client.call("status")["edited"] is True
        client.call("preset", name="Mine")
        assert client.call("status")["settings"]["channel"] == 3


def test_a_foot_and_a_phone_tap_one_tempo(box):
    controls = "[[controls.mappings]]\ncontrol = 'note 40'\ndo = 'tap'\n"
    with auto(box, controls=controls).start().client() as client:
        until(lambda s: s["card"]["state"] == "running", client)
        before = client.call("status")["settings"]["vibrato_rate"]
        assert client.call("tap")["tempo_hz"] is None  # one tap is no tempo yet
        signal.sigtimedwait([], 0.3)
        play(client, 0x90, 40, 100)  # the second is the foot's
        until(lambda s: s["settings"]["vibrato_rate"] != before, client)
