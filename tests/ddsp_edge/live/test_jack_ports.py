"""MIDI ports over JACK, with a server of one's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import mido
import pytest
from jack_server import JackServer, Unavailable
from midi_ear import Ear, until

from ddsp_edge.errors import UserError
from ddsp_edge.midi.ports import MidiPorts, list_ports

rtmidi = pytest.importorskip("rtmidi", reason="MIDI ports need the extra `live`")


@pytest.fixture(scope="module")
def jack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JackServer]:
    server = JackServer(tmp_path_factory.mktemp("jack"))
    try:
        server.start()
    except Unavailable as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def at_the_server(jack: JackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in jack.env.items():
        monkeypatch.setenv(name, value)


def _keyboard(name: str) -> Any:
    out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name=name)
    out.open_virtual_port("keys")
    return out


def _note(note: int) -> list[int]:
    return mido.Message("note_on", note=note).bytes()


def test_plugged_in_it_plays_and_pulled_out_nothing_hangs() -> None:
    ear = Ear()
    ports = MidiPorts(ear.deliver, ear.on_event, api="jack")
    ports.start()
    try:
        one, two = _keyboard("one"), _keyboard("two")
        assert until(lambda: ear.said("plugged", "one:keys") and ear.said("plugged", "two:keys"))
        assert set(list_ports("jack")) >= {"one:keys", "two:keys"}
        one.send_message(_note(60))
        two.send_message(_note(67))
        assert until(lambda: ear.held() == {(0, 60), (0, 67)})
        one.delete()
        assert until(lambda: ear.said("unplugged", "one:keys"))
        assert ear.held() == {(0, 67)}
    finally:
        ports.stop()
    assert ear.held() == set()
    two.delete()


def test_our_own_port_is_there_for_others() -> None:
    ear = Ear()
    ports = MidiPorts(ear.deliver, ear.on_event, api="jack")
    ports.start()
    out = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="program")
    number = next(i for i, name in enumerate(out.get_ports()) if name == "ddsp-edge:play")
    out.open_port(number)
    out.send_message(_note(62))
    assert until(lambda: ear.held() == {(0, 62)})
    ports.stop()
    assert ear.held() == set()
    out.delete()


def test_without_a_server_it_says_so_and_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "ddsp-edge-no-such-server")
    ear = Ear()
    ports = MidiPorts(ear.deliver, ear.on_event, api="jack")
    ports.start()
    assert ear.said("missing")
    assert ports.problem == "MIDI over jack cannot be opened: no JACK server runs here"
    assert ports.ports() == []
    ports.stop()
    with pytest.raises(UserError, match="no JACK server runs here"):
        list_ports("jack")


def test_an_interface_that_is_none_of_ours() -> None:
    with pytest.raises(UserError, match="choose alsa, jack, none"):
        MidiPorts(lambda _: None, lambda _: None, api="coremidi")


def test_a_port_that_is_switched_off_is_shown_but_not_heard_until_it_is_on_again() -> None:
    ear = Ear()
    ports = MidiPorts(ear.deliver, ear.on_event, api="jack", ignore=["three:*"], off=["two:keys"])
    ports.start()
    keyboards = [_keyboard(name) for name in ("one", "two", "three")]

    def rows() -> dict[str, tuple[bool, str]]:
        return {r["port"]: (r["heard"], r["ignored_by"]) for r in ports.everything()}

    try:
        wanted = {"one:keys": (True, ""), "two:keys": (False, "panel")}
        wanted["three:keys"] = (False, "config")
        assert until(lambda: wanted.items() <= rows().items())
        keyboards[0].send_message(_note(60))
        keyboards[1].send_message(_note(67))
        assert until(lambda: ear.held() == {(0, 60)})
        ports.switch_off(["one:keys"])  # what it holds is let go
        wanted = {"one:keys": (False, "panel"), "two:keys": (True, "")}
        assert until(lambda: wanted.items() <= rows().items() and ear.held() == set())
        keyboards[0].send_message(_note(60))
        keyboards[1].send_message(_note(67))
        assert until(lambda: ear.held() == {(0, 67)})
    finally:
        ports.stop()
    for keyboard in keyboards:
        keyboard.delete()


@pytest.mark.parametrize("others", [[0xF8], [0xF0, 0x7E, 0x01, 0xF7]], ids=["clock", "sysex"])
def test_a_keyboard_that_senses_once_and_then_sends_other_bytes_is_there(others: list[int]) -> None:
    ear = Ear()
    ports = MidiPorts(ear.deliver, ear.on_event, api="jack")
    ports.start()
    keyboard = _keyboard("clocked")
    try:
        assert until(lambda: ear.said("plugged", "clocked:keys"))
        keyboard.send_message([0xFE])
        keyboard.send_message(_note(60))
        assert until(lambda: ear.held() == {(0, 60)})
        for _ in range(60):  # 1.2 s, more than twice as long as silence may last
            keyboard.send_message(others)
            time.sleep(0.02)
        assert ear.held() == {(0, 60)}
        assert until(lambda: ear.said("silent", "clocked:keys"))  # now it is silent
        assert ear.held() == set()
        heard = {message.type for message in ear.messages} - {"clock"}  # which is followed
        assert heard == {"note_on", "note_off"}
    finally:
        ports.stop()
        keyboard.delete()
