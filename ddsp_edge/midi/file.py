"""MIDI files as they are played: messages of all channels, in seconds from the start."""

from __future__ import annotations

import bisect
import heapq
from dataclasses import dataclass
from pathlib import Path

import mido

from ddsp_edge.errors import UserError
from ddsp_edge.midi.beat import Beat, beats_of
from ddsp_edge.midi.smf import DEFAULT_TEMPO, NoHeaderError, StandardMidiFile, Track, parse
from ddsp_edge.system.input_file import check_input

#: A large symphony has half a MiB.
MAX_BYTES = 4 * 1024 * 1024
MAX_SECONDS = 3600.0
#: Messages so long after the last note, in seconds, are still read: a pedal may hold its sound.
MAX_TAIL_S = 60.0
#: The longest rest, in beats, that the end of a pattern of a format 2 file may add.
MAX_PATTERN_REST = 4
#: Fewer microseconds a beat are no tempo, but damage or a forgotten value.
FASTEST_TEMPO = 1000
#: Notes that nothing ends sound to the end of the file, so many seconds after the last event
#: that starts or ends a note.
MIN_HELD_S, MAX_HELD_S = 0.5, 10.0
#: How many bytes :func:`is_midi_data` looks at.
MAGIC_BYTES = 12


@dataclass(frozen=True)
class MidiFile:
    """The contents of a Standard MIDI File, in seconds."""

    messages: list[tuple[float, mido.Message]]  #: (seconds, channel message), in order of time
    remarks: tuple[str, ...] = ()  #: what was passed over or mended, for the user
    #: Where the beat is, from each change of tempo or bar on; none where time is in SMPTE frames.
    beats: tuple[Beat, ...] = ()


def is_midi_data(start: bytes) -> bool:
    """Whether a file that begins with these bytes (``MAGIC_BYTES`` of them) is a MIDI file."""
    return start.startswith(b"MThd") or (start.startswith(b"RIFF") and start[8:12] == b"RMID")


def read_midi(path: Path | str) -> MidiFile:
    """Read a Standard MIDI File of format 0, 1 or 2, also one inside RIFF.

    Tracks of formats 0 and 1 play together, those of format 2 one after the other. What is
    damaged or unknown is passed over and told in ``remarks``. Notes that nothing ends are ended
    with the file. What comes more than a minute after the last note is left out. Raises UserError
    for a file that cannot be read, is larger than 4 MiB, is no MIDI file or plays longer than an
    hour.
    """
    path = check_input(path)
    try:
        data = b""
        if path.stat().st_size:  # files of the kernel that wait have none
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > MAX_BYTES:
        raise UserError(f"{path}: is larger than {MAX_BYTES // 2**20} MiB, no tune is; split it")
    if not data:
        raise UserError(f"{path}: is empty; export it again")
    try:
        file = parse(data)
    except NoHeaderError as error:
        raise UserError(f"{path}: is not a MIDI file ({error}); export it as .mid") from None
    remarks = list(file.remarks)
    timeline = _one_timeline(file)
    tempo_map = _TempoMap(file, timeline)
    remarks += tempo_map.remarks
    messages = [(tempo_map.seconds(tick), message) for tick, message in timeline.messages]
    messages = _with_ends(messages, tempo_map.seconds(timeline.end_tick))
    last_s = max((time_s for time_s, message in messages if is_note(message)), default=0.0)
    if last_s > MAX_SECONDS:
        raise UserError(
            f"{path}: plays for {last_s:.0f} s, at most {MAX_SECONDS:.0f} are rendered; "
            "cut it, or look for a rest that is too long"
        )
    kept = [(time_s, each) for time_s, each in messages if time_s <= last_s + MAX_TAIL_S]
    beats = [beat for beat in tempo_map.beats(timeline) if beat.at_s <= last_s]
    return MidiFile(kept, tuple(remarks), tuple(beats))


def is_note(message: mido.Message) -> bool:
    """Return whether a message starts or ends a note."""
    return message.type in ("note_on", "note_off")


def _with_ends(
    messages: list[tuple[float, mido.Message]], end_s: float
) -> list[tuple[float, mido.Message]]:
    """Return the messages, and a note-off for each note that nothing ends, at ``end_s`` or so."""
    held: dict[tuple[int, int], mido.Message] = {}
    last_s = 0.0
    for time_s, message in messages:
        if is_note(message):
            last_s, key = time_s, (message.channel, message.note)
            if message.type == "note_on" and message.velocity:
                held[key] = message
            else:
                held.pop(key, None)
        elif message.is_cc(120) or message.is_cc(123):
            held = {key: each for key, each in held.items() if key[0] != message.channel}
    if not held:
        return messages
    end_s = min(max(end_s, last_s + MIN_HELD_S), last_s + MAX_HELD_S)
    ends = [(end_s, mido.Message("note_off", channel=channel, note=note)) for channel, note in held]
    return list(heapq.merge(messages, ends, key=lambda each: each[0]))


def _one_timeline(file: StandardMidiFile) -> Track:
    """Return all tracks merged into one, in the order in which they are played."""
    if file.kind == 2:
        whole, begin = Track(), 0
        rest = MAX_PATTERN_REST * (file.ticks_per_beat or 1)
        for track in file.tracks:
            whole.messages += [(begin + tick, each) for tick, each in track.messages]
            whole.tempos += [(begin + tick, each) for tick, each in track.tempos]
            whole.bars += [(begin + tick, bar) for tick, bar in track.bars]
            last = track.messages[-1][0] if track.messages else 0
            begin += min(track.end_tick, last + rest)
        whole.end_tick = begin
        return whole
    merged = heapq.merge(*(track.messages for track in file.tracks), key=lambda each: each[0])
    tempos = heapq.merge(*(track.tempos for track in file.tracks), key=lambda each: each[0])
    bars = heapq.merge(*(track.bars for track in file.tracks), key=lambda each: each[0])
    end_tick = max((track.end_tick for track in file.tracks), default=0)
    return Track(list(merged), list(tempos), list(bars), end_tick)


class _TempoMap:
    """From ticks to seconds, by the tempos of a track up to its end."""

    def __init__(self, file: StandardMidiFile, track: Track) -> None:
        self._file = file
        self.remarks: list[str] = []
        #: (tick, seconds, microseconds a beat) from which each tempo holds.
        self._changes: list[tuple[int, float, int]] = [(0, 0.0, DEFAULT_TEMPO)]
        last_tick = track.messages[-1][0] if track.messages else 0
        for tick, tempo in track.tempos if file.ticks_per_beat else ():
            if tick > max(last_tick, track.end_tick):
                break
            before = self._changes[-1][2]
            forgotten = tempo < FASTEST_TEMPO
            if forgotten and tick <= last_tick:
                what = f"a tempo of {tempo}{' microseconds a beat' if tempo else ''}"
                remark = f"{what} is passed over; it stays at {6e7 / before:g} beats a minute"
                if remark not in self.remarks:
                    self.remarks.append(remark)
            self._changes.append((tick, self.seconds(tick), before if forgotten else tempo))

    def seconds(self, tick: int) -> float:
        """Return the time of a tick of the file, in seconds."""
        file = self._file
        if not file.ticks_per_beat:
            return tick * file.seconds_per_tick
        after = bisect.bisect_right(self._changes, tick, key=lambda change: change[0])
        begin_tick, begin_s, tempo = self._changes[after - 1]
        return begin_s + (tick - begin_tick) * (tempo * 1e-6 / file.ticks_per_beat)

    def beats(self, track: Track) -> tuple[Beat, ...]:
        """Return where the beat is, from each change on."""
        if not self._file.ticks_per_beat:
            return ()
        bars = [(self.seconds(tick), bar) for tick, bar in track.bars]
        return beats_of([(time_s, 1e6 / tempo) for _, time_s, tempo in self._changes], bars)
