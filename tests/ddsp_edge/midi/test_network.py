"""The network port on loopback: mido's own client plays it, nonsense does not hurt it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from midi_ear import Ear, until
from mido.sockets import connect

from ddsp_edge.errors import UserError
from ddsp_edge.midi import network
from ddsp_edge.midi.network import address_of
from ddsp_edge.midi.ports import MidiPorts


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def ports(ear: Ear) -> Iterator[MidiPorts]:
    ports = MidiPorts(ear.deliver, ear.on_event, api="none", network=_free_port())
    ports.start()
    yield ports
    ports.stop()


def _dial(ports: MidiPorts) -> socket.socket:
    assert ports.network_address is not None
    return socket.create_connection(ports.network_address)


def test_mido_plays_and_what_it_held_ends_when_it_hangs_up(ports: MidiPorts, ear: Ear) -> None:
    assert ports.network_address is not None
    host, number = ports.network_address
    assert host == "127.0.0.1"
    keyboard = connect(host, number)
    keyboard.send(mido.Message("note_on", note=60))
    keyboard.send(mido.Message("control_change", control=64, value=127))
    assert until(lambda: len(ear.messages) == 2)
    assert [port["kind"] for port in ports.ports()] == ["network"]
    keyboard.close()
    del keyboard  # mido hangs up only when its files are gone too
    assert until(lambda: ear.said("unplugged", "network 127.0.0.1:"))
    assert ear.held() == set()
    assert ear.messages[2].dict()["value"] == 0  # the pedal, before the note
    assert ports.ports() == []
    assert [event["released"] for event in ear.events] == [0, 1]


def test_stopping_ends_what_is_held(ports: MidiPorts, ear: Ear) -> None:
    with _dial(ports) as peer:
        peer.sendall(bytes.fromhex("90 3c 64"))
        assert until(lambda: ear.held() == {(0, 60)})
        ports.stop()
        assert ear.held() == set()
        assert ports.network_address is None


def test_two_at_a_time_and_one_that_goes_leaves_the_other_alone(ports: MidiPorts, ear: Ear) -> None:
    one, two = _dial(ports), _dial(ports)
    with two:
        with one:
            one.sendall(bytes.fromhex("90 3c 64"))
            two.sendall(bytes.fromhex("90 40 64"))
            assert until(lambda: len(ear.held()) == 2)
        assert until(lambda: ear.said("unplugged"))
        assert ear.held() == {(0, 64)}


def test_nonsense_then_a_note(ports: MidiPorts, ear: Ear) -> None:
    # One server for all examples: it must outlive each of them.
    @settings(max_examples=60)
    @given(st.binary(max_size=2000))
    def hurl(data: bytes) -> None:
        ear.messages.clear()
        with _dial(ports) as peer:
            peer.sendall(data)
            peer.sendall(bytes.fromhex("f7 92 3d 65"))
            assert until(lambda: mido.Message.from_bytes([0x92, 61, 101]) in ear.messages)

    hurl()
    assert until(lambda: ports.ports() == [])
    assert ear.held() == set()


def test_a_long_system_exclusive_message_is_a_sign_of_life(ports: MidiPorts, ear: Ear) -> None:
    with _dial(ports) as peer:
        peer.sendall(bytes.fromhex("fe 90 3c 64 f0"))
        assert until(lambda: ear.held() == {(0, 60)})
        source = ports._sources[0]
        source.heard_s -= 10.0
        peer.sendall(bytes(100))  # neither its beginning nor its end
        assert until(lambda: not source.gone_silent(time.monotonic(), 5.0))


def test_a_peer_that_vanishes_mid_message(ports: MidiPorts, ear: Ear) -> None:
    peer = _dial(ports)
    peer.sendall(bytes.fromhex("90 3c 64 90 3d"))
    assert until(lambda: ear.held() == {(0, 60)})
    # Reset instead of a farewell.
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes.fromhex("0100000000000000"))
    peer.close()
    assert until(lambda: ear.said("unplugged"))
    assert ear.held() == set()


def test_no_more_peers_than_it_has_room_for(ports: MidiPorts, ear: Ear) -> None:
    peers = [_dial(ports) for _ in range(network.MAX_PEERS)]
    assert until(lambda: ear.times_said("plugged") == network.MAX_PEERS)
    with _dial(ports) as late:
        assert late.recv(1) == b""  # shown the door
    peers.pop().close()
    assert until(lambda: ear.said("unplugged"))
    with _dial(ports) as next_one:
        next_one.sendall(bytes.fromhex("90 3c 64"))
        assert until(lambda: ear.held() == {(0, 60)})
    for peer in peers:
        peer.close()


def test_a_flood_is_slowed_down_and_nothing_of_it_is_lost(
    ports: MidiPorts, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "BURST", 100)
    notes = 3000
    with _dial(ports) as peer:
        peer.sendall(bytes.fromhex("90 3c 64") * notes)
        with _dial(ports) as other:  # who is patient is heard meanwhile
            other.sendall(bytes.fromhex("91 3c 64"))
            assert until(lambda: (1, 60) in ear.held())
            begun = len(ear.messages)
            assert until(lambda: len(ear.messages) == notes + 1)
    assert begun < notes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9080", ("127.0.0.1", 9080)),
        (9080, ("127.0.0.1", 9080)),
        ("0.0.0.0:9080", ("0.0.0.0", 9080)),
    ],
)
def test_addresses(text: str | int, expected: tuple[str, int]) -> None:
    assert address_of(text) == expected


@pytest.mark.parametrize("text", ["", "x", "0", "70000", "1.2.3.4:", "a:b:c", "host:http"])
def test_bad_addresses(text: str) -> None:
    with pytest.raises(UserError, match="write a port from 1 to 65535"):
        address_of(text)


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        ports = MidiPorts(lambda _: None, lambda _: None, api="none", network=number)
        with pytest.raises(UserError, match=f"127.0.0.1:{number}: Address already in use"):
            ports.start()
