"""A MIDI file to feature frames."""

from __future__ import annotations

import bisect
import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mido

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.errors import UserError
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.midi.beat import Beat
from ddsp_edge.midi.file import is_note, read_midi
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings
from ddsp_edge.synth.midi_map import PERCUSSION_CHANNEL
from ddsp_edge.synth.performer import score_of
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


def synth_frames(
    path: Path | str,
    info: ModelInfo,
    settings: Settings,
    seed: int = 1,
    key_pitches: KeyPitches | None = None,
    read_ahead: bool = True,
) -> Performance:
    """Play the file. Frames on the model's grid, and one more at the very start of each note.

    The file is read ahead for the lengths of notes and the shape of phrases, unless
    ``read_ahead`` is False: then it is played as live and in the plug-in, where nobody knows what
    follows. ``seed`` is that of what a player leaves to chance. ``key_pitches`` are those of a
    Scala tuning.

    The music ends when its last note has died away, whatever messages follow. Raises UserError
    for a file that cannot be read or has no notes.
    """
    file = read_midi(path)
    messages = file.messages
    player = SynthPlayer(info, settings, seed=seed)
    player.tune(key_pitches)
    heard = [(time_s, message) for time_s, message in messages if player.hears(message)]
    drums = [m for _, m in messages if m.channel == PERCUSSION_CHANNEL and not player.hears(m)]
    if not _notes(heard):
        why = [_hint(settings, bool(drums)), *(f"; {remark}" for remark in file.remarks)]
        raise UserError(f"{path}: holds no notes{''.join(why)}")
    (performance,) = perform([player], [info], [heard], file.beats, read_ahead)
    performance.skipped, performance.remarks = len(drums), list(file.remarks)
    return performance


def perform(
    players: Sequence[SynthPlayer],
    infos: Sequence[ModelInfo],
    streams: Sequence[list[tuple[float, mido.Message]]],
    beats: Sequence[Beat] = (),
    read_ahead: bool = True,
) -> list[Performance]:
    """Play to each player its own messages, which hold at least a note, all on one clock.

    Of messages of the same moment those of the first player come first. ``beats`` are those of the
    file's tempo map, for the settings that follow it. ``read_ahead`` as in :func:`synth_frames`.
    """
    walks = [
        _Walk(player, info.hop_s, stream)
        for player, info, stream in zip(players, infos, streams, strict=True)
    ]
    for player, walk in zip(players, walks, strict=True):
        if read_ahead:
            player.read_ahead(score_of(walk.notes))
    changes: list[tuple[float, int, mido.Message | Beat]] = [(b.at_s, -1, b) for b in beats]
    merged = heapq.merge(
        changes,
        *(
            [(time_s, index, message) for time_s, message in stream]
            for index, stream in enumerate(streams)
        ),
        key=lambda each: each[:2],
    )
    for time_s, together in itertools.groupby(merged, key=lambda each: each[0]):
        received: dict[int, list[mido.Message]] = {}
        beat: Beat | None = None
        for _, index, message in together:
            if isinstance(message, Beat):
                beat = message
            else:
                received.setdefault(index, []).append(message)
        for walk in walks:  # all of them: they share a budget of voices
            walk.run_to(time_s)
            walk.follow(time_s, beat)
        for index, messages in received.items():
            walks[index].receive(time_s, messages)
    for walk in walks:
        walk.finish()
    return [walk.performance() for walk in walks]


def _hint(settings: Settings, drums: bool) -> str:
    if settings.channel:
        return f" on channel {settings.channel}; channel=0 hears all"
    return "; its notes are all on the drums' channel 10" if drums else ""


class _Walk:
    """Drives a player through time."""

    def __init__(
        self, player: SynthPlayer, hop_s: float, stream: list[tuple[float, mido.Message]]
    ) -> None:
        self.notes = _notes(stream)
        self._frames: list[FeatureFrame] = []
        self._bends: dict[int, list[tuple[float, float]]] = {
            note.channel: [] for note in self.notes
        }
        self._pans: list[tuple[float, float]] = []
        self._muted: list[str] = []  # for each note that starts, what silences it, or nothing
        self._player, self._hop_s = player, hop_s
        self._next = 0  # index of the next grid frame
        self._last_note_s = max(time_s for time_s, message in stream if is_note(message))
        self._ends_s = self._last_note_s
        self._ended = False  # what follows can change nothing that is heard

    def performance(self) -> Performance:
        """Return what was played, frames and notes."""
        return Performance(
            self._frames,
            self.notes,
            self._frames[-1].time_s + self._hop_s,
            self._bends,
            self._pans,
            self._player.settings.tuning,
            muted=sorted(set(self._muted)) if all(self._muted) else [],
        )

    def receive(self, time_s: float, messages: list[mido.Message]) -> None:
        """Messages of the same moment, to which it has run."""
        if time_s > self._last_note_s and not self._ended:
            self._ended = not self._player.sounding
        if self._ended:
            return
        self._ends_s = time_s
        player = self._player
        for message in messages:
            player.receive(time_s, message)
            if message.type == "note_on" and message.velocity:
                cause = player.muted_by(message.channel)
                self._muted.append(
                    f"{cause} is 0 on channel {message.channel + 1}" if cause else ""
                )
        self._frames += player.onsets(time_s)
        for channel, bends in self._bends.items():
            bend = player.bend(channel)
            if bend != (bends[-1][1] if bends else 0.0):
                bends.append((time_s, bend))
        if player.pan != (self._pans[-1][1] if self._pans else 0.0):
            self._pans.append((time_s, player.pan))

    def follow(self, time_s: float, beat: Beat | None) -> None:
        """From now on there is this beat; None: it goes on as it was."""
        if beat is not None and not self._ended:
            self._player.pass_time(time_s)
            self._player.follow(beat)

    def run_to(self, time_s: float) -> None:
        """Frames that are due before ``time_s``, the grid's and rises after a dip; after the last
        note only as long as something sounds."""
        while self._next * self._hop_s < time_s and not self._ended:
            if self._next * self._hop_s > self._last_note_s and not self._player.sounding:
                return
            self._run_on(min(time_s, (self._next + 0.5) * self._hop_s))
        self._run_on(time_s)

    def _run_on(self, time_s: float) -> None:
        player = self._player
        while True:
            on_grid, onset_s = self._next * self._hop_s, player.next_onset_s
            if onset_s <= on_grid and onset_s < time_s:
                self._frames += player.onsets(onset_s)
            elif on_grid < time_s:
                self._next += 1
                self._frames += player.frames(on_grid)
            else:
                return

    def finish(self) -> None:
        """Let go of what is still held, and fade out."""
        self._run_on(self._ends_s + self._hop_s)
        self._player.release_all()
        release_s = self._player.settings.release
        limit = self._next * self._hop_s + 10 * release_s + 1.0
        while self._player.sounding and self._next * self._hop_s < limit:
            self._run_on((self._next + 0.5) * self._hop_s)
        self._run_on((self._next + 0.5) * self._hop_s)


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
