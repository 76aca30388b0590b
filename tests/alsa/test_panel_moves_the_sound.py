"""The panel on real ALSA cards: another one is chosen there, and the sound moves to it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import alsaaudio
import numpy as np
import panel_box
from websockets.sync.client import ClientConnection, connect

WAIT_S = 60.0


def _call(phone: ClientConnection, verb: str, **arguments: Any) -> dict[str, Any]:
    phone.send(json.dumps({"id": verb, "do": verb, **arguments}))
    while (message := json.loads(phone.recv(WAIT_S))).get("id") != verb:
        pass
    assert isinstance(message, dict)
    return message


def _at_the_other_end() -> float:
    """The peak of half a second at the plug that the Loopback card's output goes to."""
    heard = alsaaudio.PCM(
        alsaaudio.PCM_CAPTURE,
        device="hw:CARD=Loopback,DEV=1",
        rate=48_000,
        channels=2,
        format=alsaaudio.PCM_FORMAT_FLOAT_LE,
        periodsize=1024,
        periods=4,
    )
    peak, until_s = 0.0, time.monotonic() + 0.5
    while time.monotonic() < until_s:
        count, data = heard.read()
        if count > 0:
            peak = max(peak, float(np.abs(np.frombuffer(data, np.float32)).max()))
    heard.close()
    return peak


def _play_until_heard(phone: ClientConnection) -> None:
    ends_s = time.monotonic() + WAIT_S
    while _at_the_other_end() < 0.01:
        assert time.monotonic() < ends_s
        _call(phone, "midi", bytes=[0x90, 69, 100])


def test_another_card_is_chosen_in_the_panel_and_the_sound_moves_there(tmp_path: Path) -> None:
    with panel_box.running(tmp_path, {}, card="id=Dummy") as box:
        token = box.pair()
        with connect(f"ws://127.0.0.1:{box.port}/ws", open_timeout=WAIT_S) as phone:
            phone.send(json.dumps({"token": token}))
            ends_s = time.monotonic() + WAIT_S
            while not _call(phone, "status")["ok"]:  # the panel connects to the engine meanwhile
                assert time.monotonic() < ends_s, box.logs()
                time.sleep(0.05)
            assert _call(phone, "midi", bytes=[0x90, 69, 100])["ok"]
            assert _call(phone, "status")["result"]["card"]["card"] == "hw:CARD=Dummy,DEV=0"
            assert _at_the_other_end() == 0.0

            told = _call(phone, "audio_choose", card="id=Loopback", period=1024)
            assert told["ok"], f"{told}\n{box.logs()}"
            assert told["result"]["active"]["state"] == "running"
            _play_until_heard(phone)

            # VirMIDI is a card that plays nothing: refused, and the sound stays.
            assert not _call(phone, "audio_choose", card="id=VirMIDI")["ok"]
            _play_until_heard(phone)

            told = _call(phone, "audio_choose", card="id=Dummy", period=128)
            assert told["ok"], f"{told}\n{box.logs()}"
            assert _call(phone, "midi", bytes=[0x90, 69, 100])["ok"]
            assert _at_the_other_end() == 0.0
            assert _call(phone, "status")["result"]["card"]["card"] == "hw:CARD=Dummy,DEV=0"
    assert "Traceback" not in box.logs()


def test_levels_are_set_in_the_panel_where_the_card_has_them(tmp_path: Path) -> None:
    with panel_box.running(tmp_path, {}, card="id=Dummy") as box:
        token = box.pair()
        with connect(f"ws://127.0.0.1:{box.port}/ws", open_timeout=WAIT_S) as phone:
            phone.send(json.dumps({"token": token}))
            ends_s = time.monotonic() + WAIT_S
            while not (found := _call(phone, "audio_devices"))["ok"]:
                assert time.monotonic() < ends_s, box.logs()
                time.sleep(0.05)
            rows = {row["direction"]: row for row in found["result"]["levels"]}
            assert {each: row["control"] for each, row in rows.items()} == {
                "playback": "Master",
                "capture": "Mic",
            }
            assert rows["capture"]["card"] == "id=Dummy" and rows["capture"]["db_range"] == [-45, 0]

            told = _call(phone, "audio_level", direction="playback", level="80%")
            rows = {row["direction"]: row for row in told["result"]["levels"]}
            assert (rows["playback"]["percent"], rows["playback"]["db"]) == (80, -9)
            assert alsaaudio.Mixer("Master", id=0, cardindex=0).getvolume() == [80, 80]
            assert _call(phone, "audio_level", direction="capture", level="-12dB")["ok"]
            mic = alsaaudio.Mixer("Mic", id=0, cardindex=0)
            assert mic.getvolume(alsaaudio.PCM_CAPTURE) == [73, 73] and mic.getrec() == [1, 1]

            for direction, level, says in (
                ("capture", "-60dB", "Mic goes from -45 to +0 dB"),
                ("capture", "loud", "write it as 60% or -6dB"),
                ("both", "60%", "choose one of capture, playback"),
            ):
                told = _call(phone, "audio_level", direction=direction, level=level)
                text = f"{told.get('error')}; {told.get('remedy')}"
                assert not told["ok"] and says in text and "\n" not in text, told

            told = _call(phone, "audio_choose", card="id=Loopback", period=1024)
            assert told["ok"], f"{told}\n{box.logs()}"
            assert _call(phone, "audio_devices")["result"]["levels"] == []
            told = _call(phone, "audio_level", direction="playback", level="60%")
            assert not told["ok"] and "Loopback" in told["error"], told
    assert "Traceback" not in box.logs()
