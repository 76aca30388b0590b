"""MIDI ports at the real ALSA sequencer: plugged in, it plays; pulled out, nothing hangs."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import pytest
import rtmidi
from midi_ear import Ear, until

from alsa import cards_to_pull
from ddsp_edge.midi import alsa_seq
from ddsp_edge.midi.ports import MidiPorts, list_ports


def note_on(note: int, channel: int = 0) -> list[int]:
    return mido.Message("note_on", note=note, channel=channel).bytes()


class Keyboard:
    """A port of another client. ``pull`` is the plug."""

    def __init__(self, name: str = "kbd") -> None:
        self._out: Any = rtmidi.MidiOut(rtapi=rtmidi.API_LINUX_ALSA, name=name)
        self._out.open_virtual_port("keys")

    def send(self, *messages: list[int]) -> None:
        for message in messages:
            self._out.send_message(message)

    def pull(self) -> None:
        self._out.delete()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def ports(ear: Ear) -> Iterator[MidiPorts]:
    ports = MidiPorts(ear.deliver, ear.on_event)
    ports.start()
    yield ports
    ports.stop()
    assert ear.held() == set()


def test_a_keyboard_plugged_in_plays_and_pulled_out_leaves_no_note(
    ports: MidiPorts, ear: Ear
) -> None:
    assert ear.said("ready")
    keyboard = Keyboard()
    assert until(lambda: ear.said("plugged", "kbd:keys"))
    keyboard.send(note_on(60), note_on(64), [0xB0, 64, 127], [0xE0, 0, 0])
    assert until(lambda: ear.held() == {(0, 60), (0, 64)})
    other = Keyboard("other")
    assert until(lambda: ear.said("plugged", "other:keys"))
    other.send(note_on(67))
    assert until(lambda: (0, 67) in ear.held())
    keyboard.pull()
    assert until(lambda: ear.said("unplugged", "kbd:keys"))
    assert ear.held() == {(0, 67)}
    assert [e["released"] for e in ear.events if e["state"] == "unplugged"] == [2]
    other.pull()
    assert until(lambda: ear.held() == set())


def test_a_card_pulled_out_while_a_note_is_held(ports: MidiPorts, ear: Ear) -> None:
    name = "VirMIDI 2-0"
    assert until(lambda: ear.said("plugged", name))
    with Path("/dev/snd/midiC2D0").open("wb", buffering=0) as keys:
        keys.write(bytes(note_on(60)))
        assert until(lambda: ear.held() == {(0, 60)})
    cards_to_pull.pull("VirMIDI")
    try:
        assert until(lambda: ear.times_said("unplugged", "VirMIDI") == 4)
        assert ear.held() == set()
    finally:
        cards_to_pull.put_back("VirMIDI")
    assert until(lambda: ear.times_said("plugged", name) == 2)
    with Path("/dev/snd/midiC2D0").open("wb", buffering=0) as keys:
        keys.write(bytes(note_on(61)))
        assert until(lambda: ear.held() == {(0, 61)})
    assert len({p["port"] for p in ports.ports() if name in p["port"]}) == 1


def test_a_plug_put_back_at_once_under_the_same_number(ports: MidiPorts, ear: Ear) -> None:
    for again in range(1, 4):
        keyboard = Keyboard()
        assert until(lambda again=again: ear.times_said("plugged", "kbd") == again)
        keyboard.send(note_on(60))
        assert until(lambda: (0, 60) in ear.held())
        keyboard.pull()  # and at once the next one, between two looks
    keyboard = Keyboard()
    assert until(lambda: ear.times_said("plugged", "kbd") == 4)
    keyboard.send(note_on(62))
    assert until(lambda: ear.held() == {(0, 62)})
    keyboard.pull()


def test_two_of_a_kind_have_two_names(ports: MidiPorts, ear: Ear) -> None:
    one = Keyboard()
    assert until(lambda: ear.said("plugged", "kbd"))
    two = Keyboard()
    assert until(lambda: ear.said("plugged", "kbd:keys #2"))
    one.pull()
    assert until(lambda: ear.said("unplugged", "kbd"))
    assert [p["port"] for p in ports.ports() if "kbd" in p["port"]] == ["kbd:keys #2"]
    three = Keyboard()  # it has the place of the first
    assert until(lambda: ear.times_said("plugged", "kbd") == 3)
    assert {p["port"] for p in ports.ports() if "kbd" in p["port"]} == {
        *("kbd:keys", "kbd:keys #2")
    }
    two.pull()
    three.pull()


def _play_port() -> tuple[Any, int]:
    out = rtmidi.MidiOut(rtapi=rtmidi.API_LINUX_ALSA, name="sequencer program")
    return out, next(i for i, n in enumerate(out.get_ports()) if n.startswith("ddsp-edge:play"))


def test_our_own_port_and_who_lets_go_of_it(ports: MidiPorts, ear: Ear) -> None:
    out, number = _play_port()
    out.open_port(number)
    out.send_message(note_on(60))
    assert until(lambda: ear.held() == {(0, 60)})
    # Longer than a look: the connection must have been seen.
    assert until(lambda: ports._heard_by_us != frozenset())
    out.delete()
    assert until(lambda: ear.said("silent", "ddsp-edge"))
    assert ear.held() == set()
    out, number = _play_port()
    out.open_port(number)
    out.send_message(note_on(62))
    assert until(lambda: ear.held() == {(0, 62)})
    out.delete()


def test_what_is_no_keyboard_is_left_alone(ports: MidiPorts, ear: Ear) -> None:
    ours = rtmidi.MidiOut(rtapi=rtmidi.API_LINUX_ALSA, name="ddsp-edge")
    ours.open_virtual_port("out")
    through = rtmidi.MidiOut(rtapi=rtmidi.API_LINUX_ALSA, name="Midi Through")
    through.open_virtual_port("Midi Through Port-0")
    keyboard = Keyboard()
    assert until(lambda: ear.said("plugged", "kbd"))
    listened = {p["port"] for p in ports.ports()}
    assert listened == {"ddsp-edge", "kbd:keys"} | {
        f"Virtual Raw MIDI 2-{n}:VirMIDI 2-{n}" for n in range(4)
    }
    assert set(list_ports()) == listened - {"ddsp-edge"}
    for each in (ours, through):
        each.delete()
    keyboard.pull()


def test_active_sensing_that_stops(ports: MidiPorts, ear: Ear) -> None:
    keyboard, other = Keyboard(), Keyboard("other")
    assert until(lambda: ear.said("plugged", "kbd") and ear.said("plugged", "other"))
    keyboard.send([0xFE], note_on(60))
    other.send(note_on(67))
    assert until(lambda: ear.said("silent", "kbd"))
    assert ear.held() == {(0, 67)}
    assert ear.times_said("silent") == 1
    keyboard.send(note_on(61))
    assert until(lambda: ear.held() == {(0, 67), (0, 61)})
    keyboard.pull()
    other.pull()


def test_sysex_is_left_out_and_nonsense_does_no_harm(ports: MidiPorts, ear: Ear) -> None:
    keyboard = Keyboard()
    assert until(lambda: ear.said("plugged", "kbd"))
    keyboard.send([0xF8], [0xF0, *([1] * 2000), 0xF7], [0xFA], [0xB3, 7, 9], note_on(60))
    with Path("/dev/snd/midiC2D1").open("wb", buffering=0) as raw:
        raw.write(bytes(range(256)) * 8)
        raw.write(bytes([0xFF, 0x91, 61, 100]))
    assert until(lambda: {(0, 60), (1, 61)} <= ear.held())
    kinds = {message.type for message in ear.messages}
    assert {"clock", "start", "control_change", "note_on"} <= kinds
    assert not kinds & {"quarter_frame", "sysex", "active_sensing"}
    keyboard.pull()


def test_opening_and_closing_while_messages_pour_in(ear: Ear) -> None:
    """rtmidi would hang here if its ports were closed carelessly: see MidiInput."""
    keyboard, stop = Keyboard(), threading.Event()

    def pour() -> None:
        while not stop.is_set():
            keyboard.send(note_on(60), [0x80, 60, 0])
            time.sleep(0)

    thread = threading.Thread(target=pour)
    thread.start()
    try:
        for _ in range(15):
            before = len(ear.messages)
            ports = MidiPorts(ear.deliver, ear.on_event)
            ports.start()
            assert until(lambda before=before: len(ear.messages) > before + 20)
            ports.stop()
            assert ear.held() == set()
            after = len(ear.messages)
            time.sleep(0.01)
            assert len(ear.messages) == after
    finally:
        stop.set()
        thread.join()
        keyboard.pull()


def test_a_listener_that_fails_ends_nothing() -> None:
    heard: list[mido.Message] = []

    def deliver(message: mido.Message) -> None:
        heard.append(message)
        raise ValueError("a fault of the listener")

    def on_event(event: dict[str, Any]) -> None:
        raise ValueError("another")

    ports = MidiPorts(deliver, on_event)
    ports.start()
    keyboard = Keyboard()
    assert until(lambda: any("kbd" in p["port"] for p in ports.ports()))
    keyboard.send(note_on(60), note_on(61))
    assert until(lambda: len(heard) == 2)
    keyboard.pull()
    assert until(lambda: not any("kbd" in p["port"] for p in ports.ports()))
    ports.stop()


def test_the_kernel_knows_of_no_client_of_ours_afterwards(ear: Ear) -> None:
    ports = MidiPorts(ear.deliver, ear.on_event)
    ports.start()
    during = alsa_seq.read()
    assert during is not None
    assert "ddsp-edge" in during.names.values()
    ports.stop()
    after = alsa_seq.read()
    assert after is not None
    assert not [name for name in after.names.values() if name.startswith("ddsp-edge")]


def test_devices_names_them(ear: Ear) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "ddsp_edge", "devices"], capture_output=True, text=True, check=True
    ).stdout
    assert "  Virtual Raw MIDI 2-3:VirMIDI 2-3\n" in said
