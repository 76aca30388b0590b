"""A MIDI file to feature frames."""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import mido

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.errors import UserError
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.midi.file import is_note, read_midi
from ddsp_edge.settings import Settings
from ddsp_edge.synth.midi_map import PERCUSSION_CHANNEL
from ddsp_edge.synth.player import SynthPlayer


@dataclass(frozen=True)
class FileNote:
    """One note of the MIDI file, from key press to key release."""

    start_s: float
    end_s: float
    number: int  #: MIDI key
    velocity: int
    channel: int = 0  #: counted from 0


@dataclass
class Performance:
    """A MIDI file as it is played by one instrument."""

    frames: list[FeatureFrame]
    notes: list[FileNote]
    duration_s: float  #: to the end of the last release
    #: Channel to (time_s, semitones): how its notes are bent.
    bends: dict[int, list[tuple[float, float]]] = field(default_factory=dict)
    pans: list[tuple[float, float]] = field(default_factory=list)  #: (time_s, -1..1)
    tuning_hz: float = 440.0  #: of A4
    skipped: int = 0  #: messages for the drums
    remarks: list[str] = field(default_factory=list)  #: what the user should know of the file
    muted: list[str] = field(default_factory=list)  #: why, where no note can be heard

    def pitch_hz(self, note: FileNote, time_s: float) -> float:
        """What the score asks of a note at a time: key and bend, without vibrato."""
        bends = self.bends.get(note.channel, [])
        after = bisect.bisect_right(bends, time_s, key=lambda bend: bend[0])
        bend = bends[after - 1][1] if after else 0.0
        return self.tuning_hz * 2.0 ** ((note.number + bend - 69) / 12)


def synth_frames(path: Path | str, info: ModelInfo, settings: Settings) -> Performance:
    """Play the file. Frames on the model's grid, and one more at the very start of each note.

    The music ends when its last note has died away, whatever messages follow. Raises UserError
    for a file that cannot be read or has no notes.
    """
    file = read_midi(path)
    messages = file.messages
    player = SynthPlayer(info, settings)
    heard = [(time_s, message) for time_s, message in messages if player.hears(message)]
    drums = [m for _, m in messages if m.channel == PERCUSSION_CHANNEL and not player.hears(m)]
    notes = _notes(heard)
    if not notes:
        why = [_hint(settings, bool(drums)), *(f"; {remark}" for remark in file.remarks)]
        raise UserError(f"{path}: holds no notes{''.join(why)}")
    walk = _Walk(player, info.hop_s, {note.channel for note in notes})
    last_note_s = max(time_s for time_s, message in heard if is_note(message))
    ends_s = last_note_s
    for time_s, together in itertools.groupby(heard, key=lambda each: each[0]):
        if time_s > last_note_s and not walk.sounds_until(time_s):
            break  # what follows can change nothing that is heard
        walk.receive(time_s, [message for _, message in together])
        ends_s = time_s
    walk.finish(ends_s, settings.release)
    duration_s = walk.frames[-1].time_s + info.hop_s
    return Performance(
        walk.frames,
        notes,
        duration_s,
        walk.bends,
        walk.pans,
        settings.tuning,
        len(drums),
        list(file.remarks),
        sorted(set(walk.muted)) if all(walk.muted) else [],
    )


def _hint(settings: Settings, drums: bool) -> str:
    if settings.channel:
        return f" on channel {settings.channel}; channel=0 hears all"
    return "; its notes are all on the drums' channel 10" if drums else ""


class _Walk:
    """Drives a player through time."""

    def __init__(self, player: SynthPlayer, hop_s: float, channels: set[int]) -> None:
        self.frames: list[FeatureFrame] = []
        self.bends: dict[int, list[tuple[float, float]]] = {channel: [] for channel in channels}
        self.pans: list[tuple[float, float]] = []
        self.muted: list[str] = []  #: for each note that starts, what silences it, or nothing
        self._player, self._hop_s = player, hop_s
        self._next = 0  # index of the next grid frame

    def receive(self, time_s: float, messages: list[mido.Message]) -> None:
        """Messages of the same moment."""
        self._run_to(time_s)
        player = self._player
        for message in messages:
            player.receive(time_s, message)
            if message.type == "note_on" and message.velocity:
                cause = player.muted_by(message.channel)
                self.muted.append(f"{cause} is 0 on channel {message.channel + 1}" if cause else "")
        self.frames += player.onsets(time_s)
        for channel, bends in self.bends.items():
            bend = player.bend(channel)
            if bend != (bends[-1][1] if bends else 0.0):
                bends.append((time_s, bend))
        if player.pan != (self.pans[-1][1] if self.pans else 0.0):
            self.pans.append((time_s, player.pan))

    def _run_to(self, time_s: float) -> None:
        """Frames that are due before ``time_s``: the grid's, and a rise after a dip."""
        player = self._player
        while True:
            on_grid, onset_s = self._next * self._hop_s, player.next_onset_s
            if onset_s <= on_grid and onset_s < time_s:
                self.frames += player.onsets(onset_s)
            elif on_grid < time_s:
                self._next += 1
                self.frames += player.frames(on_grid)
            else:
                return

    def sounds_until(self, time_s: float) -> bool:
        """Go on towards a time, and say whether any voice still sounds there."""
        while self._player.sounding and self._next * self._hop_s < time_s:
            self._run_to(min(time_s, (self._next + 0.5) * self._hop_s))
        return bool(self._player.sounding)

    def finish(self, last_s: float, release_s: float) -> None:
        """Let go of what is still held, and fade out."""
        self._run_to(last_s + self._hop_s)
        self._player.release_all()
        limit = self._next * self._hop_s + 10 * release_s + 1.0
        while self._player.sounding and self._next * self._hop_s < limit:
            self._run_to((self._next + 0.5) * self._hop_s)
        self._run_to((self._next + 0.5) * self._hop_s)


def _notes(messages: list[tuple[float, mido.Message]]) -> list[FileNote]:
    """Each note-on with its own note-off, as the score has them."""
    notes: list[FileNote] = []
    open_notes: dict[tuple[int, int], tuple[float, int]] = {}

    def close(key: tuple[int, int], end_s: float) -> None:
        if key in open_notes:
            start_s, velocity = open_notes.pop(key)
            notes.append(FileNote(start_s, end_s, key[1], velocity, key[0]))

    for time_s, message in messages:
        if is_note(message):
            key = (message.channel, message.note)
            close(key, time_s)
            if message.type == "note_on" and message.velocity > 0:
                open_notes[key] = (time_s, message.velocity)
    for key in list(open_notes):
        close(key, messages[-1][0])
    return sorted(notes, key=lambda n: (n.start_s, n.number))
