"""Our MIDI output over JACK."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from live_pump import RATE, pumped
from midi_ear import until
from tiny_decoder import tiny_bundle

from ddsp_edge.midi.output import MOST_WAITING, MidiOutput
from ddsp_edge.settings import Settings

rtmidi = pytest.importorskip("rtmidi", reason="MIDI ports need the extra `live`")
NOTE = (0x90, 60, 100)


@pytest.fixture(autouse=True)
def at_the_server(jack_card: object) -> None:
    """The session's JACK server is this process's."""


class Listener:
    """A synthesizer's input port."""

    def __init__(self, name: str) -> None:
        self._port = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name=name)

    def virtual(self) -> None:
        self._port.open_virtual_port("in")

    def connect(self, name: str) -> bool:
        """Connect to an output; False where there is none of that name yet."""
        names = self._port.get_ports()
        if name not in names:
            return False
        self._port.open_port(names.index(name), "in")
        return True

    def received(self) -> list[list[int]]:
        found: list[list[int]] = []
        while (message := self._port.get_message()) is not None:
            found.append(message[0])
        return found

    def close(self) -> None:
        self._port.close_port()
        self._port.delete()


def test_others_can_connect_to_our_port() -> None:
    output, listener = MidiOutput("jack"), Listener("synth")
    heard: list[Any] = []
    try:
        output.send([(0x80, 1, 64)])  # opens it
        assert until(lambda: listener.connect("ddsp-edge-out:heard"))
        output.send([NOTE, (0xD0, 90)])
        assert until(lambda: bool(heard.extend(listener.received()) or len(heard) >= 2))
        assert heard[-2:] == [list(NOTE), [0xD0, 90]]
    finally:
        output.stop()
        listener.close()


def test_a_tone_at_the_input_is_a_note_at_another_program() -> None:
    """The engine itself, from what it hears to JACK."""
    output, listener = MidiOutput("jack"), Listener("synth")
    t = np.arange(RATE // 2) / RATE
    tone = sum(np.sin(2 * np.pi * 220 * k * t) / k for k in range(1, 9)).astype(np.float32)
    heard: list[Any] = []

    def notes() -> list[tuple[int, int]]:
        heard.extend(listener.received())
        return [(m[0], m[1]) for m in heard if m[0] in (0x80, 0x90)]

    try:
        with pumped(tiny_bundle(), settings=Settings(midi_out="on")) as pump:
            pump.engine.send_heard(output.send)
            # The port is there before anything is played.
            assert until(lambda: listener.connect("ddsp-edge-out:heard"))
            pump.run(0.1 * tone)
            assert until(lambda: notes() == [(0x90, 57)])
        assert until(lambda: notes() == [(0x90, 57), (0x80, 57)])
    finally:
        output.stop()
        listener.close()


def test_it_connects_to_what_a_pattern_names_and_to_nothing_else() -> None:
    wanted, other = Listener("wanted"), Listener("other")
    wanted.virtual()
    other.virtual()
    output = MidiOutput("jack", to=["want*"])
    heard: list[Any] = []
    try:

        def arrived() -> bool:
            output.send([NOTE])
            heard.extend(wanted.received())
            return bool(heard)

        assert until(arrived)
        assert heard[0] == list(NOTE) and other.received() == []
    finally:
        output.stop()
        wanted.close()
        other.close()


def test_what_was_lost_is_followed_by_the_end_of_all_notes() -> None:
    output = MidiOutput("jack")
    output._start = lambda: None  # type: ignore[method-assign]  # nobody takes them yet
    for _ in range(MOST_WAITING + 10):
        output.send([NOTE])
    del output._start
    for _ in range(MOST_WAITING):
        assert output._next() == [NOTE]
    assert output._next() == [(0xB0 | channel, 123, 0) for channel in range(16)]


def test_without_a_server_it_says_so_once_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "ddsp-edge-no-such-server")
    said: list[str] = []
    output = MidiOutput("jack", on_problem=said.append)
    output.send([NOTE])
    assert until(lambda: bool(said))
    output.send([NOTE])
    output.stop()
    assert len(said) == 1 and said[0].startswith("MIDI output over jack cannot be opened: ")


def test_none_sends_nothing_and_starts_nothing() -> None:
    output = MidiOutput("none")
    output.send([NOTE])
    assert output._thread is None
    output.stop()
