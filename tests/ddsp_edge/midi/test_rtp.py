"""RTP-MIDI on loopback: invited as a Mac does it, with packets lost, doubled, late and bad."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from midi_ear import Ear, until
from rtp_client import TOKEN, RtpClient, journal_of, midi_packet

from ddsp_edge.errors import UserError
from ddsp_edge.midi import rtp
from ddsp_edge.midi import rtp_packets as packets
from ddsp_edge.midi.ports import MidiPorts
from ddsp_edge.midi.rtp import RtpMidi


class Served:
    """Ports with RTP-MIDI on two free ports of loopback."""

    def __init__(self) -> None:
        self.ear = Ear()
        self.ports = MidiPorts(self.ear.deliver, self.ear.on_event, api="none")
        self.ports.start()
        self.rtp = RtpMidi(("127.0.0.1", 0), self.ports._plug_network, self.ports._unplug)

    def stop(self) -> None:
        self.rtp.stop()
        self.ports.stop()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.stop()


@pytest.fixture
def client(served: Served) -> Iterator[RtpClient]:
    with RtpClient(served.rtp.address) as made:
        made.join()
        yield made


def test_a_session_from_invitation_to_goodbye(served: Served) -> None:
    with RtpClient(served.rtp.address) as client:
        answer = client.invite(client.control)
        assert (answer.command, answer.token, answer.name) == (packets.ACCEPTED, TOKEN, "ddsp-edge")
        assert served.ports.ports() == []  # half a session is none
        assert client.invite(client.data).command == packets.ACCEPTED
        assert client.invite(client.data).command == packets.ACCEPTED  # our answer was lost
        assert served.ports.ports() == [{"port": "network A Mac", "kind": "network"}]
        client.play("90 3c 64", "b0 40 7f")
        client.play("f8", "91 40 50")
        assert until(lambda: served.ear.held() == {(0, 60), (1, 64)})
        client.end()
        assert until(lambda: served.ear.said("unplugged", "A Mac"))
        assert served.ear.held() == set()


def test_stopping_says_so_and_ends_what_is_held(served: Served, client: RtpClient) -> None:
    client.play("90 3c 64")
    assert until(lambda: served.ear.held() == {(0, 60)})
    served.rtp.stop()
    assert served.ear.held() == set()
    while (last := packets.read_command(client.control.recv(2048))) is None:
        pass  # feedback
    assert isinstance(last, packets.Exchange) and last.command == packets.END
    served.rtp = RtpMidi(("127.0.0.1", 0), served.ports._plug_network, served.ports._unplug)


def test_clocks_are_compared(client: RtpClient) -> None:
    client.send(client.data, packets.Clock(client.ssrc, 0, (123456, 0, 0)).packed())
    answer = packets.read_command(client.data.recv(2048))
    assert isinstance(answer, packets.Clock) and answer.count == 1 and answer.times[0] == 123456
    client.send(client.data, packets.Clock(client.ssrc, 0, (0, 0, 0)).packed())
    later = packets.read_command(client.data.recv(2048))
    assert isinstance(later, packets.Clock) and later.times[1] >= answer.times[1]


def test_what_came_is_told(served: Served, client: RtpClient) -> None:
    client.play("90 3c 64")
    data = client.control.recv(2048)
    assert data[2:4] == packets.FEEDBACK and data[8:10] == client.sequence.to_bytes(2, "big")


def test_a_lost_note_off_is_made_good_from_the_journal(served: Served, client: RtpClient) -> None:
    client.play("90 3c 64", "90 40 64")
    assert until(lambda: len(served.ear.held()) == 2)
    client.play("d0 00", journal=journal_of(0, {67: 90}, [60, 61]), lost=1)
    assert until(lambda: served.ear.held() == {(0, 64), (0, 67)})


def test_a_loss_without_a_journal_ends_all_notes(served: Served, client: RtpClient) -> None:
    client.play("90 3c 64", "90 40 64")
    assert until(lambda: len(served.ear.held()) == 2)
    client.play("90 43 64", lost=3)
    assert until(lambda: served.ear.held() == {(0, 67)})


@pytest.mark.parametrize(
    ("chapter", "heard"),
    [
        ((0x80, b"\x05\x81\x02"), ["control_change", "control_change", "program_change"]),
        ((0x80, b"\x05\x01\x02"), ["program_change"]),
        ((0x40, b"\x01\x07\x50\x40\x80"), ["control_change"]),
        ((0x20, b"\x00\x04\x00\x00"), []),
        ((0x10, b"\x00\x50"), ["pitchwheel"]),
        ((0x02, b"\x22"), ["aftertouch"]),
        ((0x01, b"\x00\x3c\x22"), []),
        ((0x32, b"\x00\x02\x00\x50\x22"), ["pitchwheel", "aftertouch"]),
    ],
)
def test_other_chapters(
    served: Served, client: RtpClient, chapter: tuple[int, bytes], heard: list[str]
) -> None:
    client.play("90 3c 64")
    client.play("80 3c 40", journal=journal_of(2, chapters=chapter), lost=1)
    assert until(lambda: not served.ear.held() and len(served.ear.messages) == 2 + len(heard))
    assert [message.type for message in served.ear.messages[1:-1]] == heard
    assert all(message.channel == 2 for message in served.ear.messages[1:-1])


def test_twice_or_overtaken_counts_once(served: Served, client: RtpClient) -> None:
    client.play("90 3c 64")
    client.sequence -= 1
    client.play("90 3c 64")  # the same number again
    client.sequence -= 3
    client.play("90 30 64")  # an older one
    client.sequence += 2
    client.play("90 40 64")
    assert until(lambda: (0, 64) in served.ear.held())
    assert [message.note for message in served.ear.messages] == [60, 64]


@pytest.mark.parametrize(
    ("body", "flags", "heard"),
    [
        ("90 3c 64 00 40 64", 0, 2),  # running status
        ("81 00 90 3c 64 00 90 40 64", 0x20, 2),  # the first has a delta time too
        ("90 3c 64 00 f8 00 40 64", 0, 3),  # clock leaves running status alone
        ("f0 01 02 f7 00 90 3c 64", 0, 1),  # system exclusive, whole
        ("f0 01 02 f0", 0, 0),  # its first piece
        ("f7 03 f7 00 90 3c 64 00", 0, 1),  # its last piece; a delta time at the end
        ("f3 01 00 f6", 0, 2),
        ("", 0, 0),
    ],
)
def test_midi_lists(body: str, flags: int, heard: int) -> None:
    packet = packets.read_midi(midi_packet(1, [], body=bytes.fromhex(body), flags=flags))
    assert len(packet.commands) == heard


@pytest.mark.parametrize(
    "body",
    ["3c 64", "90 3c", "90 3c 64 ff", "90 3c 64 00", "90 80 64", "90 3c 64 81 81 81 81 00"],
)
def test_lists_that_break_off(body: str) -> None:
    if body == "90 3c 64 00":  # a delta time may end a list
        assert len(packets.read_midi(midi_packet(1, [], body=bytes.fromhex(body))).commands) == 1
        return
    with pytest.raises(packets.Malformed):
        packets.read_midi(midi_packet(1, [], body=bytes.fromhex(body)))


def test_strangers_are_not_heard(served: Served, client: RtpClient) -> None:
    with RtpClient(served.rtp.address, name="Another") as other:
        other.play("90 30 64")  # the right sender's number, from another port
        assert other.invite(other.data).command == packets.REFUSED
    with RtpClient(served.rtp.address, ssrc=7) as uninvited:
        uninvited.play("90 31 64")
        assert uninvited.invite(uninvited.data).command == packets.REFUSED
    client.play("90 3c 64")
    assert until(lambda: served.ear.held() == {(0, 60)})
    assert len(served.ear.messages) == 1


def test_one_that_starts_again_takes_its_own_place(served: Served, client: RtpClient) -> None:
    client.play("90 3c 64")
    assert until(lambda: served.ear.held() == {(0, 60)})
    with RtpClient(served.rtp.address) as again:
        assert again.invite(again.control, token=1).command == packets.ACCEPTED
        assert served.ear.held() == set()
        assert again.invite(again.data, token=1).command == packets.ACCEPTED
        assert len(served.ports.ports()) == 1


def test_no_more_sessions_than_fit(served: Served) -> None:
    clients = [RtpClient(served.rtp.address, ssrc=100 + i) for i in range(rtp.MAX_SESSIONS + 1)]
    answers = [each.invite(each.control).command for each in clients]
    assert answers == [packets.ACCEPTED] * rtp.MAX_SESSIONS + [packets.REFUSED]
    for each in clients:
        each.__exit__()


def test_one_that_vanishes_is_noticed(
    served: Served, client: RtpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.play("90 3c 64")
    assert until(lambda: served.ear.held() == {(0, 60)})
    monkeypatch.setattr(rtp, "SILENT_S", 0.0)
    assert until(lambda: served.ear.said("unplugged"))
    assert served.ear.held() == set()


def test_a_flood_is_cut_and_the_session_lives(served: Served, client: RtpClient) -> None:
    many = ["90 3c 64", "80 3c 40"] * 100
    for _ in range(40):
        client.play(*many)
    assert until(lambda: len(served.ear.messages) >= rtp.BURST)

    def again() -> bool:  # what is dropped counts as lost
        client.play("90 40 64")
        return (0, 64) in served.ear.held()

    assert until(again)


def test_nonsense_on_both_ports(served: Served, client: RtpClient) -> None:
    @settings(max_examples=200)
    @given(
        st.sampled_from((b"", b"\xff\xffIN", b"\xff\xffCK", b"\x80\x61")), st.binary(max_size=80)
    )
    def hurl(head: bytes, data: bytes) -> None:
        for port in (client.control, client.data):
            client.send(port, head + data)

    hurl()
    client.send(client.data, b"")
    assert until(lambda: client.play("90 3c 64") or (0, 60) in served.ear.held())


@given(st.binary(max_size=200), st.integers(0, 15), st.booleans())
def test_any_packet_is_read_or_refused(data: bytes, low: int, whole: bool) -> None:
    from ddsp_edge.midi.rtp_journal import repair

    for read in (packets.read_command, packets.read_midi):
        with contextlib.suppress(packets.Malformed):
            read(b"\x80\x61" + data if read is packets.read_midi else b"\xff\xff" + data)
    journal = bytes([0x20 | low, 0, 0]) + data if whole else data
    try:
        found = repair(journal, [(0, 60), (3, 1)])
    except packets.Malformed:
        return
    assert all(message[0] >= 0x80 and max(message[1:]) < 0x80 for message in found)


def test_ports_that_are_taken_are_named(served: Served) -> None:
    host, number = served.rtp.address
    ports = MidiPorts(served.ear.deliver, served.ear.on_event, api="none", rtp=f"{host}:{number}")
    with pytest.raises(UserError, match=f"{number} and {number + 1}: Address already in use"):
        ports.start()
    ports.stop()
    with pytest.raises(UserError, match="nonsense"):
        MidiPorts(served.ear.deliver, served.ear.on_event, rtp="nonsense")


def test_ports_open_and_close_it(served: Served) -> None:
    free = RtpMidi(("127.0.0.1", 0), served.ports._plug_network, served.ports._unplug)
    host, number = free.address
    free.stop()
    ports = MidiPorts(served.ear.deliver, served.ear.on_event, api="none", rtp=f"{host}:{number}")
    ports.start()
    assert ports.rtp_address == (host, number)
    with RtpClient((host, number)) as client:
        client.join()
        client.play("90 3c 64")
        assert until(lambda: served.ear.held() == {(0, 60)})
        ports.stop()
    assert served.ear.held() == set() and ports.rtp_address is None
