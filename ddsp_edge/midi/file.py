"""MIDI files as they are played: messages of all channels, in seconds from the start."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from pathlib import Path

import mido

from ddsp_edge.errors import UserError
from ddsp_edge.midi.smf import DEFAULT_TEMPO, NoHeaderError, StandardMidiFile, Track, parse

#: A large symphony has half a MiB.
MAX_BYTES = 4 * 1024 * 1024
MAX_SECONDS = 3600.0
#: Messages so long after the last note, in seconds, are still read: a pedal may hold its sound.
MAX_TAIL_S = 60.0
#: The longest rest, in beats, that the end of a pattern of a format 2 file may add.
MAX_PATTERN_REST = 4
#: How many bytes :func:`is_midi_data` looks at.
MAGIC_BYTES = 12


@dataclass(frozen=True)
class MidiFile:
    """The contents of a Standard MIDI File, in seconds."""

    messages: list[tuple[float, mido.Message]]  #: (seconds, channel message), in order of time
    remarks: tuple[str, ...] = ()  #: what was passed over or mended, for the user


def is_midi_data(start: bytes) -> bool:
    """Whether a file that begins with these bytes (``MAGIC_BYTES`` of them) is a MIDI file."""
    return start.startswith(b"MThd") or (start.startswith(b"RIFF") and start[8:12] == b"RMID")


def read_midi(path: Path | str) -> MidiFile:
    """Read a Standard MIDI File of format 0, 1 or 2, also one inside RIFF.

    Tracks of formats 0 and 1 play together, those of format 2 one after the other. What is
    damaged or unknown is passed over and told in ``remarks``. What comes more than a minute after
    the last note is left out. Raises UserError for a file that cannot be read, is larger than
    4 MiB, is no MIDI file or plays longer than an hour.
    """
    path = Path(path)
    try:
        if path.exists() and not path.is_file():  # a pipe would never end
            raise UserError(f"{path}: is not a file")
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
    messages = _to_seconds(file, _one_timeline(file), remarks)
    last_s = max((time_s for time_s, message in messages if is_note(message)), default=0.0)
    if last_s > MAX_SECONDS:
        raise UserError(
            f"{path}: plays for {last_s:.0f} s, at most {MAX_SECONDS:.0f} are rendered; "
            "cut it, or look for a rest that is too long"
        )
    kept = [(time_s, each) for time_s, each in messages if time_s <= last_s + MAX_TAIL_S]
    return MidiFile(kept, tuple(remarks))


def is_note(message: mido.Message) -> bool:
    """Return whether a message starts or ends a note."""
    return message.type in ("note_on", "note_off")


def _one_timeline(file: StandardMidiFile) -> Track:
    """Return all tracks merged into one, in the order in which they are played."""
    if file.kind == 2:
        whole, begin = Track(), 0
        rest = MAX_PATTERN_REST * (file.ticks_per_beat or 1)
        for track in file.tracks:
            whole.messages += [(begin + tick, each) for tick, each in track.messages]
            whole.tempos += [(begin + tick, each) for tick, each in track.tempos]
            last = track.messages[-1][0] if track.messages else 0
            begin += min(track.end_tick, last + rest)
        return whole
    merged = heapq.merge(*(track.messages for track in file.tracks), key=lambda each: each[0])
    tempos = heapq.merge(*(track.tempos for track in file.tracks), key=lambda each: each[0])
    return Track(list(merged), list(tempos))


def _to_seconds(
    file: StandardMidiFile, track: Track, remarks: list[str]
) -> list[tuple[float, mido.Message]]:
    if not file.ticks_per_beat:
        return [(tick * file.seconds_per_tick, message) for tick, message in track.messages]
    found, tempos = [], iter([*track.tempos, (None, 0)])
    tempo, begin_tick, begin_s = DEFAULT_TEMPO, 0, 0.0
    next_tick, next_tempo = next(tempos)

    def seconds(tick: int) -> float:
        return begin_s + (tick - begin_tick) * (tempo * 1e-6 / file.ticks_per_beat)

    for tick, message in track.messages:
        while next_tick is not None and next_tick <= tick:
            begin_s, begin_tick = seconds(next_tick), next_tick
            if next_tempo:
                tempo = next_tempo
            else:
                remark = f"a tempo of 0 is passed over; it stays at {6e7 / tempo:g} beats a minute"
                if remark not in remarks:
                    remarks.append(remark)
            next_tick, next_tempo = next(tempos)
        found.append((seconds(tick), message))
    return found
