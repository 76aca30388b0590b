"""MIDI files of the field: what is no music is passed over, what is music is played."""

import contextlib
import io
import os
import random
import struct
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import mutate

from ddsp_edge.errors import UserError
from ddsp_edge.midi import file as midi_file
from ddsp_edge.midi.file import is_midi_data, read_midi
from ddsp_edge.midi.smf import NoHeaderError, parse

CASES = Path(__file__).with_name("cases")
TUNE = [(0.0, 60), (0.5, 64), (1.0, 67), (1.5, 72)]


def chunk(name, data):
    return name + struct.pack(">I", len(data)) + data


def header(kind=0, tracks=1, division=480):
    return chunk(b"MThd", struct.pack(">hhh", kind, tracks, division))


END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x3c\x64\x60\x80\x3c\x00"  # key 60 for 0x60 ticks, a tenth of a second


def track(*events, end=END):
    return chunk(b"MTrk", b"".join(events) + end)


@pytest.fixture
def read(tmp_path):
    def from_bytes(data):
        path = tmp_path / "odd.mid"
        path.write_bytes(data)
        return read_midi(path)

    return from_bytes


def starts(found):
    """(seconds, key) of every note-on."""
    return [
        (round(time_s, 6), each.note)
        for time_s, each in found.messages
        if each.type == "note_on" and each.velocity
    ]


@pytest.mark.parametrize("path", sorted(CASES.glob("m*.mid")), ids=lambda path: path.stem)
def test_cases_of_the_field_play_their_notes(path):
    found = read_midi(path)
    expected = TUNE + [(time_s + 2, key) for time_s, key in TUNE] * ("format2" in path.name)
    assert starts(found) == expected
    assert found.messages[-1][0] == expected[-1][0] + 0.5
    assert bool(found.remarks) == ("tempo0" in path.name)


def test_a_tempo_of_0_keeps_the_one_before_and_says_so(read):
    slow, zero = b"\x00\xff\x51\x03\x0f\x42\x40", b"\x00\xff\x51\x03\x00\x00\x00"
    found = read(header() + track(slow, zero, b"\x83\x60\x90\x3c\x64"))
    assert starts(found) == [(1.0, 60)]
    assert found.remarks == ("a tempo of 0 is passed over; it stays at 60 beats a minute",)


@pytest.mark.parametrize("tempo", [1, 999])
def test_a_tempo_that_nobody_can_play_is_passed_over_too(read, tempo):
    found = read(header() + track(b"\x00\xff\x51\x03" + tempo.to_bytes(3, "big"), NOTE))
    assert found.messages[-1][0] == pytest.approx(0.1)
    assert found.remarks[0].startswith(f"a tempo of {tempo} microseconds a beat is passed over")


@pytest.mark.parametrize(
    "meta",
    [
        b"\x00\xff\x59\x02\x08\x00",  # a key signature of eight sharps
        b"\x00\xff\x59\x01\x00",  # half of one
        b"\x00\xff\x59\x00",
        b"\x00\xff\x58\x01\x04",  # half a time signature
        b"\x00\xff\x58\x04\x04\xff\x18\x08",
        b"\x00\xff\x54\x02\x00\x00",  # a short SMPTE offset
        b"\x00\xff\x54\x05\xff\xff\xff\xff\xff",
        b"\x00\xff\x00\x01\x07",  # a sequence number of one byte
        b"\x00\xff\x20\x00",  # a channel prefix without a channel
        b"\x00\xff\x51\x01\x07",  # a tempo of one byte
        b"\x00\xff\x51\x00",
        b"\x00\xff\x03\x02\xff\xfe",  # a name that is no text
        b"\x00\xff\x60\x03abc",  # a type that no standard has
        b"\x00\xff\x90\x03abc",  # one that no standard can have
        b"\x00\xf0\x03\x7e\x7f\xf7",
        b"\x00\xf0\x02\x7e\x7f\x00\xf7\x01\xf7",  # a packet and its continuation
        b"\x00\xf7\x00",
        b"\x00\xf2\x01\x02",  # a song position: not for files
        b"\x00\xf8",  # a clock
        b"\x00\xf6",
    ],
    ids=lambda meta: meta.hex(),
)
def test_what_is_no_music_is_passed_over(read, meta):
    # Before, between and after: running status goes on behind it.
    events = meta, b"\x00\x90\x3c\x64", meta, b"\x60\x3c\x00", meta, b"\x00\x40\x64"
    found = read(header() + track(*events))
    assert starts(found) == [(0.0, 60), (0.1, 64)]
    assert not found.remarks


def test_an_exclusive_message_without_its_length(read):
    found = read(header() + track(b"\x00\xf0\x7e\x7f\x09\x01\xf7", NOTE))
    assert starts(found) == [(0.0, 60)] and not found.remarks


def test_zeros_before_a_time(read):
    found = read(header() + track(b"\x80\x80\x80\x83\x60\x90\x3c\x64"))
    assert starts(found) == [(0.5, 60)]


def test_velocities_above_127_are_the_loudest(read):
    assert read(header() + track(b"\x00\x90\x3c\xff")).messages[0][1].velocity == 127


def test_data_bytes_without_a_status_are_passed_over_with_a_word(read):
    found = read(header() + track(b"\x00\x3c", NOTE))
    assert starts(found) == [(0.0, 60)]
    assert found.remarks == ("track 1 has data bytes without a status; they are passed over",)


@pytest.mark.parametrize("off_by", [-1000, -100, -20, -8, -4, -1, 1, 3, 4, 8, 30, 2**31])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_wrong_track_lengths_are_taken_as_they_come(read, off_by, which):
    names = b"\x00\xff\x03\x04MTrk"  # a name that looks like a track's beginning
    tracks = [
        track(names, b"\x00\x90" + bytes([key, 100]) + b"\x60\x80\x3c\x00") for key in range(50, 53)
    ]
    length = len(tracks[which]) - 8
    tracks[which] = b"MTrk" + struct.pack(">I", max(0, length + off_by)) + tracks[which][8:]
    found = read(header(1, 3) + b"".join(tracks))
    assert sorted(key for _, key in starts(found)) == [50, 51, 52]


def test_a_track_without_an_end_stops_where_the_next_one_begins(read):
    first = chunk(b"MTrk", NOTE)
    second = track(b"\x00\x91\x40\x64")
    for length in (len(first) - 8, 0x7FFFFFFF):
        data = header(1, 2) + b"MTrk" + struct.pack(">I", length) + first[8:] + second
        assert [key for _, key in starts(read(data))] == [60, 64]


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_file_that_was_cut_off_plays_what_is_there(read, cut):
    data = header() + track(NOTE, b"\x00\x90\x40\x64\x60\x80\x40\x00\x00\x90\x43\x64")
    found = read(data[:-cut])
    whole = [(0.0, 60), (0.1, 64), (0.2, 67)]
    assert starts(found) == whole[: len(starts(found))] and starts(found)
    assert len(found.remarks) == 1 and "track 1 ends" in found.remarks[0]


@pytest.mark.parametrize("where", ["before", "between", "after"])
@pytest.mark.parametrize("alien", [b"XFIH", b"CASM", b"ab12"])
def test_chunks_of_other_kinds_are_skipped(read, where, alien):
    tracks = [track(NOTE), track(b"\x00\x91\x40\x64")]
    tracks.insert(["before", "between", "after"].index(where), chunk(alien, b"\x00\x90\x10\x10"))
    found = read(header(1, 2) + b"".join(tracks))
    assert [key for _, key in starts(found)] == [60, 64]
    assert not found.remarks


@pytest.mark.parametrize("junk", [b"\x00", b"\x00" * 300, b"\x1a\r\n", b"no chunk, only text"])
def test_padding_and_junk_between_and_behind_the_tracks(read, junk):
    tracks = track(NOTE) + junk + track(b"\x00\x91\x40\x64") + junk
    assert [key for _, key in starts(read(header(1, 2) + tracks))] == [60, 64]


@pytest.mark.parametrize("length", [0, 5, 6, 10, 100_000])
def test_headers_of_other_lengths(read, length):
    extra = bytes(max(0, length - 6)) if length < 100 else b""
    data = b"MThd" + struct.pack(">Ihhh", length, 0, 1, 480) + extra + track(NOTE)
    assert starts(read(data)) == [(0.0, 60)]


def test_an_empty_header(read):
    found = read(b"MThd" + bytes(4) + track(NOTE))
    assert starts(found) == [(0.0, 60)]
    assert found.remarks == ("its header gives no unit of time; 480 ticks a beat are taken",)


def test_junk_before_the_header(read):
    assert starts(read(bytes(128) + header() + track(NOTE))) == [(0.0, 60)]  # MacBinary


@pytest.mark.parametrize("size", ["right", "zero", "long"])
def test_riff_midi_is_unwrapped(read, size):
    smf = header() + track(NOTE)
    length = {"right": len(smf), "zero": 0, "long": len(smf) + 99}[size]
    info = b"INFO" + b"\x03\x00\x00\x00abc\x00"
    body = b"RMID" + info + b"data" + struct.pack("<I", length) + smf
    data = b"RIFF" + struct.pack("<I", len(body)) + body
    assert is_midi_data(data[:12]) and not is_midi_data(b"RIFF\x00\x00\x00\x00WAVE")
    assert starts(read(data)) == [(0.0, 60)]


@pytest.mark.parametrize(
    ("division", "tick_s"),
    [(0xE728, 1 / 1000), (0xE850, 1 / 1920), (0xE364, 1001 / 3_000_000), (0xE204, 1 / 120)],
)
def test_smpte_time_has_no_tempo(read, division, tick_s):
    slow = b"\x00\xff\x51\x03\xff\xff\xff"
    data = b"MThd" + struct.pack(">IHHH", 6, 0, 1, division) + track(slow, b"\x64\x90\x3c\x64")
    assert read(data).messages[0][0] == pytest.approx(100 * tick_s)


@pytest.mark.parametrize("division", [0, 0xE700, 0x8000])
def test_a_header_without_a_unit_of_time_gets_one_and_says_so(read, division):
    data = b"MThd" + struct.pack(">IHHH", 6, 0, 1, division) + track(b"\x83\x60\x90\x3c\x64")
    found = read(data)
    assert starts(found) == [(0.5, 60)]
    assert "480 ticks a beat" in found.remarks[0]


def test_an_unknown_format_plays_its_tracks_together(read):
    found = read(header(7, 2) + track(NOTE) + track(NOTE))
    assert starts(found) == [(0.0, 60), (0.0, 60)]
    assert "format is 7" in found.remarks[0]


def test_patterns_of_format_2_follow_each_other_each_to_its_end(read):
    rest = b"\x83\x60\xff\x2f\x00"  # a beat of rest is a part of the pattern
    endless = b"\xff\xff\xff\x7f\xff\x2f\x00"  # months of it are not: a bar is taken
    data = header(2, 3) + track(NOTE, end=rest) + track(NOTE, end=endless) + track(NOTE)
    assert starts(read(data)) == [(0.0, 60), (0.6, 60), (2.7, 60)]


def test_the_music_ends_with_its_last_note(read):
    late = b"\xff\xff\xff\x7f\xb0\x07\x64"  # a controller, months later
    found = read(header() + track(NOTE, late, end=b"\xff\xff\xff\x7f\xff\x2f\x00"))
    assert found.messages[-1][0] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("rest", "end_s"),
    [
        (b"\x00", 0.6),  # half a second at least
        (b"\x87\x40", 1.1),  # as the file says
        (b"\xff\xff\xff\x7f", 10.1),  # and not for months
    ],
)
def test_notes_that_nothing_ends_sound_to_the_end_of_the_file(read, rest, end_s):
    held = b"\x00\x90\x40\x64"
    found = read(header() + track(NOTE, held, end=rest + b"\xff\x2f\x00"))
    time_s, last = found.messages[-1]
    assert (last.type, last.note, time_s) == ("note_off", 64, pytest.approx(end_s))
    assert not found.remarks


def test_all_notes_off_ends_notes(read):
    found = read(header() + track(b"\x00\x90\x40\x64", b"\x60\xb0\x7b\x00"))
    assert [each.type for _, each in found.messages] == ["note_on", "control_change"]


def test_tempos_of_all_tracks_hold_for_all(read):
    tempo = b"\x83\x60\xff\x51\x03\x0f\x42\x40"  # after a beat, half as fast
    data = header(1, 2) + track(tempo) + track(b"\x87\x40\x90\x3c\x64")
    assert starts(read(data)) == [(1.5, 60)]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b"just text, no music at all", "is not a MIDI file (it has no MIDI header)"),
        (b"MThd\x00\x00\x00\x06\x00", "is not a MIDI file (it ends within its header)"),
        (b"RIFF\x00\x00\x00\x00RMIDdata\x04\x00\x00\x00abcd", "it has no MIDI header"),
        (
            header(division=1)
            + track(b"\x00\xff\x51\x03\xff\xff\xff", b"\xff\xff\xff\x7f" + NOTE[1:]),
            "plays for",
        ),
    ],
)
def test_files_that_cannot_be_played(read, data, why):
    with pytest.raises(UserError) as caught:
        read(data)
    assert why in str(caught.value) and "odd.mid" in str(caught.value)


def test_too_large_a_file_and_no_file(tmp_path):
    path = tmp_path / "large.mid"
    path.write_bytes(header() + bytes(midi_file.MAX_BYTES))
    with pytest.raises(UserError, match=r"large\.mid: is larger than 4 MiB"):
        read_midi(path)
    with pytest.raises(UserError, match="no such file"):
        read_midi(tmp_path / "none.mid")
    with pytest.raises(UserError, match="is a folder"):
        read_midi(tmp_path)
    os.mkfifo(tmp_path / "pipe.mid")
    with pytest.raises(UserError, match="is not a file"):
        read_midi(tmp_path / "pipe.mid")


def lawful(file):
    """What holds of every file that is read."""
    for each in file.tracks:
        ticks = [tick for tick, _ in each.messages]
        assert ticks == sorted(ticks)
        for _, message in each.messages:
            mido.Message.from_bytes(message.bytes())  # raises for a value out of range
    assert len(file.remarks) < 5 + 2 * len(file.tracks)
    assert all(len(remark) < 200 for remark in file.remarks)


@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_never_raise_anything_else(data, with_header):
    try:
        lawful(parse(header() + chunk(b"MTrk", data) if with_header else data))
    except NoHeaderError:
        assert not with_header


def test_damaged_copies_of_real_files_are_read(tmp_path):
    rng = random.Random(3)
    sources = [path.read_bytes() for path in sorted(CASES.glob("*.mid"))]
    for turn in range(3000):
        with contextlib.suppress(NoHeaderError):
            lawful(parse(mutate(sources[turn % len(sources)], rng)))


values = st.integers(0, 127)
channels = st.integers(0, 15)
messages = st.one_of(
    st.builds(
        lambda n, v, c: mido.Message("note_on", note=n, velocity=v, channel=c),
        values,
        values,
        channels,
    ),
    st.builds(
        lambda n, v, c: mido.Message("note_off", note=n, velocity=v, channel=c),
        values,
        values,
        channels,
    ),
    st.builds(lambda n, v: mido.Message("control_change", control=n, value=v), values, values),
    st.builds(lambda p: mido.Message("pitchwheel", pitch=p), st.integers(-8192, 8191)),
    st.builds(lambda v: mido.Message("aftertouch", value=v), values),
    st.builds(lambda n, v: mido.Message("polytouch", note=n, value=v), values, values),
    st.builds(lambda p: mido.Message("program_change", program=p), values),
    st.builds(lambda t: mido.MetaMessage("set_tempo", tempo=t), st.integers(1000, 2**24 - 1)),
    st.builds(lambda t: mido.MetaMessage("text", text=t), st.text("abc", max_size=5)),
    st.builds(lambda d: mido.Message("sysex", data=d), st.lists(values, max_size=4)),
)
timed = st.builds(lambda m, t: m.copy(time=t), messages, st.integers(0, 3000))


@given(st.lists(st.lists(timed, max_size=12), min_size=1, max_size=3), st.integers(1, 960))
def test_whole_files_are_read_as_mido_reads_them(tracks, division):
    file = mido.MidiFile(
        ticks_per_beat=division, type=1, tracks=[mido.MidiTrack(t) for t in tracks]
    )
    stream = io.BytesIO()
    file.save(file=stream)
    expected, now = [], 0.0
    for each in file:
        now += each.time
        if not each.is_meta and each.type != "sysex":
            expected.append((now, each))
    read = parse(stream.getvalue())
    track = midi_file._one_timeline(read)
    tempo_map = midi_file._TempoMap(read, track)
    found = [(tempo_map.seconds(tick), message) for tick, message in track.messages]
    assert not read.remarks
    assert [message for _, message in found] == [message.copy(time=0) for _, message in expected]
    assert [time_s for time_s, _ in found] == pytest.approx([time_s for time_s, _ in expected])
