"""Standard MIDI Files, byte by byte: tracks of messages and tempos, as much as is there.

The reader is tolerant: files in the field have wrong track lengths, chunks and meta events that
no standard knows, missing ends, and damage. What it had to pass over it says in ``remarks``, in
words for a person. It never raises on the content of a track; only a file without a header is
refused.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import mido

DEFAULT_TEMPO = 500_000  #: microseconds per beat: 120 beats a minute
DEFAULT_DIVISION = 480  #: ticks per beat
_END_OF_TRACK, _TEMPO, _TIME_SIGNATURE = 0x2F, 0x51, 0x58
_LARGEST_DENOMINATOR = 6  # as a power of two
#: High nibble of the status to the message and its data bytes.
_MESSAGES = {
    0x8: ("note_off", ("note", "velocity")),
    0x9: ("note_on", ("note", "velocity")),
    0xA: ("polytouch", ("note", "value")),
    0xB: ("control_change", ("control", "value")),
    0xC: ("program_change", ("program",)),
    0xD: ("aftertouch", ("value",)),
    0xE: ("pitchwheel", ("low", "high")),
}
#: Data bytes of the system messages that have no place in a file and are passed over.
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}


@dataclass
class Track:
    """One track: channel messages and tempos (microseconds per beat), each at its tick."""

    messages: list[tuple[int, mido.Message]] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    #: Quarter notes in a bar, from its tick on.
    bars: list[tuple[int, float]] = field(default_factory=list)
    end_tick: int = 0  #: of the end-of-track event, or of the last event where there is none


@dataclass
class StandardMidiFile:
    """The tracks of a file as its bytes state them; times are in ticks."""

    kind: int  #: format 0, 1 or 2
    ticks_per_beat: int  #: 0 where ``seconds_per_tick`` holds instead
    seconds_per_tick: float  #: of SMPTE time, else 0
    tracks: list[Track]
    remarks: list[str]  #: what was passed over or mended, a sentence's worth each


class NoHeaderError(ValueError):
    """Raised where the bytes have no header of a MIDI file."""


class _DamageError(Exception):
    """Raised where a track is damaged and cannot be read any further."""


def parse(data: bytes) -> StandardMidiFile:
    """Read all tracks of a file. Raises NoHeaderError where no header chunk is found."""
    data = _unwrapped(data)
    start = data.find(b"MThd")
    if start < 0:
        raise NoHeaderError("it has no MIDI header")
    if len(data) < start + 14:
        raise NoHeaderError("it ends within its header")
    length, kind, declared, division = struct.unpack_from(">IHHH", data, start + 4)
    remarks: list[str] = []
    end = start + 8 + length
    if length < 6 or not _is_chunk(data, end):  # a wrong length: the fields are there all the same
        end = start + 14
    if length == 0 and data.startswith(b"MTrk", start + 8):
        kind, declared, division, end = 1, 0, 0, start + 8
    if kind > 2:
        remarks.append(f"its format is {kind}, which is unknown; all tracks are played together")
        kind = 1
    ticks_per_beat, seconds_per_tick = _division(division, remarks)
    tracks = []
    for number, chunk in enumerate(_track_chunks(data, end), 1):
        tracks.append(_TrackReader(data, chunk, number, remarks).read())
    if len(tracks) < declared:
        remarks.append(f"it has {len(tracks)} of the {declared} tracks that its header announces")
    return StandardMidiFile(kind, ticks_per_beat, seconds_per_tick, tracks, remarks)


def _unwrapped(data: bytes) -> bytes:
    """The content of a RIFF MIDI file's data chunk; any other bytes as they are."""
    if not (data.startswith(b"RIFF") and data[8:12] == b"RMID"):
        return data
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if data.startswith(b"data", at):
            # An interrupted writer leaves the length 0.
            return data[at + 8 : at + 8 + length] if length else data[at + 8 :]
        at += 8 + length + length % 2
    return data


def _division(division: int, remarks: list[str]) -> tuple[int, float]:
    """Ticks per beat and seconds per tick of the header's field; one of them is 0."""
    if not division & 0x8000:
        if division:
            return division, 0.0
    else:
        frames, ticks = 256 - (division >> 8), division & 0xFF
        if ticks:
            per_second = 30_000 / 1001 if frames == 29 else float(frames)
            return 0, 1.0 / (per_second * ticks)
    remarks.append(f"its header gives no unit of time; {DEFAULT_DIVISION} ticks a beat are taken")
    return DEFAULT_DIVISION, 0.0


def _is_chunk(data: bytes, at: int) -> bool:
    """Whether tracks, or other chunks that lead to one or to the end of the file, begin here."""
    while at + 8 <= len(data):
        name = data[at : at + 4]
        if name == b"MTrk":
            return True
        if not (name.isascii() and name.replace(b" ", b"").isalnum()):
            return False
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    return at == len(data)


@dataclass
class _Chunk:
    """Where a track begins and, as its header says, ends; ``next`` is where to look on."""

    begin: int
    end: int
    next: int = 0


def _track_chunks(data: bytes, at: int) -> Iterator[_Chunk]:
    """Each track chunk; whoever reads it says in ``next`` where it ended."""
    while at + 8 <= len(data):
        if not data.startswith(b"MTrk", at):
            following = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
            if _is_chunk(data, at) and following < len(data):
                at = following  # a chunk of another kind
                continue
            at = data.find(b"MTrk", at)
            if at < 0 or at + 8 > len(data):
                return
        begin = at + 8
        chunk = _Chunk(begin, begin + int.from_bytes(data[at + 4 : begin], "big"))
        yield chunk
        at = chunk.next


class _TrackReader:
    """Reads one track, by its declared length where that leads to a chunk or the file's end."""

    def __init__(self, data: bytes, chunk: _Chunk, number: int, remarks: list[str]) -> None:
        self._data, self._chunk, self._number, self._remarks = data, chunk, number, remarks
        self._trusted = _is_chunk(data, chunk.end)
        self._limit = chunk.end if self._trusted else len(data)
        self._at, self._tick, self._running = chunk.begin, 0, 0
        self._track = Track()
        self._ended = False

    def read(self) -> Track:
        """All events up to the end of the track, or to where it cannot be read any further."""
        begun = self._at
        try:
            while self._at < self._limit and not self._ended:
                begun = self._at
                if not self._trusted and self._data.startswith(b"MTrk", self._at):
                    break  # the next track, within the length that this one claims
                self._event()
        except _DamageError as damage:
            self._remarks.append(f"track {self._number} {damage}; what comes before is played")
            self._at = max(self._at, begun + 1)
        else:
            if not self._ended and self._at > begun and not self._trusted:
                self._remarks.append(f"track {self._number} ends without an end-of-track event")
        self._chunk.next = self._following()
        self._track.end_tick = self._tick
        return self._track

    def _following(self) -> int:
        if _is_chunk(self._data, self._at):
            return self._at
        if self._trusted:
            return self._chunk.end
        following = self._data.find(b"MTrk", min(self._at, self._limit))
        return following if following >= 0 else len(self._data)

    def _byte(self) -> int:
        if self._at >= self._limit:
            raise _DamageError("ends too soon")
        self._at += 1
        return self._data[self._at - 1]

    def _number_of_bytes(self) -> int:
        """Read a variable-length quantity of 28 bits, with zeros before it or not.

        Raises _DamageError.
        """
        value = 0
        while value < 1 << 21:  # the four bytes of the standard; some writers put 0x80 before
            byte = self._byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise _DamageError(f"is damaged at byte {self._at}")

    def _event(self) -> None:
        # Kept apart until the event is whole: a torn last one must not move the end.
        tick = self._tick + self._number_of_bytes()
        status = self._byte()
        if status < 0x80:  # running status: this is the first data byte already
            self._at -= 1
            if not self._running:
                self._at += 1
                self._note_once("has data bytes without a status; they are passed over")
                return
            status = self._running
        if status == 0xFF:
            self._meta(tick)
        elif status in (0xF0, 0xF7):
            self._exclusive(self._number_of_bytes())
        elif status > 0xF0:
            self._skip(_SYSTEM_BYTES.get(status, 0))
        else:
            self._running = status
            self._message(status, tick)
        self._tick = tick

    def _exclusive(self, length: int) -> None:
        if self._at + length > self._limit:
            end = self._data.find(b"\xf7", self._at, self._limit)
            if end >= 0:  # without a length, as it went over the cable
                length = end + 1 - self._at
        self._skip(length)

    def _message(self, status: int, tick: int) -> None:
        name, fields = _MESSAGES[status >> 4]
        # Some writers store velocities above 127: the loudest is meant.
        values = {key: min(self._byte(), 127) for key in fields}
        if name == "pitchwheel":
            values = {"pitch": (values["high"] << 7 | values["low"]) - 8192}
        message = mido.Message(name, skip_checks=True, channel=status & 0x0F, **values)
        self._track.messages.append((tick, message))

    def _meta(self, tick: int) -> None:
        kind, length = self._byte(), self._number_of_bytes()
        begin = self._at
        if kind == _END_OF_TRACK:
            self._ended = True
            self._at = min(begin + length, self._limit)
            return
        self._skip(length)
        if kind == _TEMPO and length >= 3:
            self._track.tempos.append((tick, int.from_bytes(self._data[begin : begin + 3], "big")))
        elif kind == _TIME_SIGNATURE and length >= 2:
            beats, power = self._data[begin : begin + 2]
            if beats and power <= _LARGEST_DENOMINATOR:
                self._track.bars.append((tick, beats * 4.0 / 2**power))

    def _skip(self, count: int) -> None:
        if self._at + count > self._limit:
            raise _DamageError("ends too soon")
        self._at += count

    def _note_once(self, remark: str) -> None:
        remark = f"track {self._number} {remark}"
        if remark not in self._remarks:
            self._remarks.append(remark)
