"""A MIDI file to feature frames."""

from __future__ import annotations

import bisect
import io
import math
from dataclasses import dataclass, field
from pathlib import Path

import mido

from ddsp_edge.errors import UserError
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.metadata import ModelInfo
from ddsp_edge.scaling import SILENCE_DB
from ddsp_edge.settings import Settings
from ddsp_edge.shaper import ONSET_RAMP_S
from ddsp_edge.synth.envelope import Envelope
from ddsp_edge.synth.midi_map import PERCUSSION_CHANNEL
from ddsp_edge.synth.state import NoteState

#: A large symphony has half a MiB; each MiB costs up to 4 s and 250 MB to parse.
MAX_BYTES = 4 * 1024 * 1024
MAX_SECONDS = 3600.0
#: Softest to loudest key stroke, unless the model knows less.
VELOCITY_RANGE_DB = 30.0
#: A grid frame this close to a note's own frame would say the same again.
CLOSE_S = 0.0002


@dataclass(frozen=True)
class Note:
    """One note of the score."""

    start_s: float
    end_s: float
    number: int  #: MIDI key
    velocity: int


@dataclass
class Performance:
    """A MIDI file as it is played by one monophonic instrument."""

    frames: list[FeatureFrame]
    notes: list[Note]
    duration_s: float  #: to the end of the last release
    bends: list[tuple[float, float]] = field(default_factory=list)  #: (time_s, semitones)
    skipped: int = 0  #: messages for the drums

    def pitch_hz(self, note: Note, time_s: float) -> float:
        """What the score asks of a note at a time: key and bend, without vibrato."""
        after = bisect.bisect_right(self.bends, time_s, key=lambda bend: bend[0])
        bend = self.bends[after - 1][1] if after else 0.0
        return 440.0 * 2.0 ** ((note.number + bend - 69) / 12)


def read_midi(path: Path | str) -> tuple[list[tuple[float, mido.Message]], int]:
    """(seconds, message) in order, all channels but the drums, and how many were skipped.

    Raises UserError.
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
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
        if file.type == 2:
            raise UserError(f"{path}: is a MIDI file of type 2; export it as type 0 or 1")
        if file.ticks_per_beat <= 0:
            raise UserError(f"{path}: counts time in SMPTE frames; export it in beats")
        messages, now, skipped = [], 0.0, 0
        for message in file:
            now += message.time
            if message.is_meta or message.type == "sysex":
                continue
            if getattr(message, "channel", 0) == PERCUSSION_CHANNEL:
                skipped += 1
            else:
                messages.append((now, message))
    except UserError:
        raise
    except Exception as error:  # mido raises whatever its parsing stumbles over
        ended = isinstance(error, EOFError)
        reason = "it ends too soon" if ended else str(error).split("\n")[0] or type(error).__name__
        raise UserError(f"{path}: is not a MIDI file that can be read ({reason})") from None
    if not math.isfinite(now) or now > MAX_SECONDS:
        raise UserError(f"{path}: plays for {now:.0f} s, at most {MAX_SECONDS:.0f} are rendered")
    return messages, skipped


def synth_frames(path: Path | str, info: ModelInfo, settings: Settings) -> Performance:
    """Play the file. Frames on the model's grid, and one more at the very start of each note.

    Raises UserError for a file that cannot be read or has no notes.
    """
    messages, skipped = read_midi(path)
    if not any(m.type == "note_on" and m.velocity > 0 for _, m in messages):
        hint = "; its notes are all on the drums' channel 10" if skipped else ""
        raise UserError(f"{path}: holds no notes{hint}")
    player = _Player(info, settings)
    for time_s, message in messages:
        player.run_to(time_s)
        player.receive(time_s, message)
    player.finish(messages[-1][0])
    duration = player.frames[-1].time_s + info.hop_s
    return Performance(player.frames, _notes(messages), duration, player.bends, skipped)


class _Player:
    """Walks through time; the state between messages is constant but for the envelope."""

    def __init__(self, info: ModelInfo, settings: Settings) -> None:
        self.frames: list[FeatureFrame] = []
        self.bends: list[tuple[float, float]] = []
        self._hop_s, self._settings = info.hop_s, settings
        self._loudest = info.max_loudness_db
        self._range_db = min(VELOCITY_RANGE_DB, info.max_loudness_db - info.min_loudness_db)
        self._envelope = Envelope(settings)
        self._next = 0  # index of the next grid frame
        self._rise_s = self._last_onset_s = -1.0  # before the file
        self._now = 0.0
        self._struck = False
        self._state = NoteState(self._attack, self._release, self._envelope.stop)

    def _attack(self, legato: bool) -> None:
        self._rise_s = self._envelope.attack(self._now, legato)
        self._struck = True

    def _release(self) -> None:
        self._envelope.release(self._now)

    def receive(self, time_s: float, message: mido.Message) -> None:
        self._now, self._struck = time_s, False
        self._state.receive(message)
        if self._state.bend != (self.bends[-1][1] if self.bends else 0.0):
            self.bends.append((time_s, self._state.bend))
        if self._struck:
            if self.frames and self.frames[-1].onset and self.frames[-1].time_s == time_s:
                self.frames.pop()  # a chord: its last note sounds
            self._onset_frame(time_s)

    def run_to(self, time_s: float) -> None:
        """Frames that are due before ``time_s``: the grid's, and a rise after a dip."""
        while True:
            on_grid = self._next * self._hop_s
            if self._last_onset_s < self._rise_s <= on_grid and self._rise_s < time_s:
                self._onset_frame(self._rise_s)
            elif on_grid < time_s:
                self._next += 1
                if on_grid >= max(self._rise_s, self._last_onset_s + CLOSE_S):
                    self._add(on_grid, self._hop_s)
            else:
                return

    def _onset_frame(self, time_s: float) -> None:
        self._last_onset_s = time_s
        ahead_s = ONSET_RAMP_S
        if time_s >= self._rise_s:
            # It holds until the next grid frame: say what should be there by then.
            following = math.ceil((time_s + CLOSE_S) / self._hop_s) * self._hop_s
            ahead_s = max(ahead_s, following - time_s)
        self._add(time_s, ahead_s, onset=True)

    def finish(self, last_s: float) -> None:
        """Let go of what is still held, and fade out."""
        self.run_to(last_s + self._hop_s)
        self._now = self._next * self._hop_s
        self._release()
        limit = self._now + 10 * self._settings.release + 1.0
        while not self._envelope.silent and self._next * self._hop_s < limit:
            self.run_to((self._next + 0.5) * self._hop_s)
        self.run_to((self._next + 0.5) * self._hop_s)

    def _add(self, time_s: float, ahead_s: float, onset: bool = False) -> None:
        # A frame is reached at the end of its ramp: say what should be there then.
        reached = time_s + ahead_s
        level = self._envelope.level(reached)
        state = self._state
        loudness = SILENCE_DB
        if level > 0.0:
            stroke = self._loudest - self._range_db * (1 - state.velocity / 127)
            loudness = stroke + state.level_db + 20.0 * math.log10(level)
        self.frames.append(
            FeatureFrame(
                time_s,
                440.0 * 2.0 ** ((state.pitch(reached) - 69.0) / 12.0),
                max(SILENCE_DB, min(loudness, 0.0)),
                onset=onset,
            )
        )


def _notes(messages: list[tuple[float, mido.Message]]) -> list[Note]:
    """Each note-on with its own note-off, as the score has them."""
    notes: list[Note] = []
    open_notes: dict[int, tuple[float, int]] = {}

    def close(number: int, end_s: float) -> None:
        if number in open_notes:
            start_s, velocity = open_notes.pop(number)
            notes.append(Note(start_s, end_s, number, velocity))

    for time_s, message in messages:
        if message.type in ("note_on", "note_off"):
            close(message.note, time_s)
            if message.type == "note_on" and message.velocity > 0:
                open_notes[message.note] = (time_s, message.velocity)
    for number in list(open_notes):
        close(number, messages[-1][0])
    return sorted(notes, key=lambda n: (n.start_s, n.number))
