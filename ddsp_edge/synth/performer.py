"""How each note is played: choices that are made once, as it starts, and carried out in C."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ddsp_edge.bundles.families import playing
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.midi.beat import Beat
from native.expression import Chooser
from native.player import NoteExpression

#: A rest of so many seconds ends a phrase.
REST_S = 0.25


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a note before it is played, where a file is read ahead."""

    length_s: float
    in_phrase: float | None = None  #: 0 for the phrase's first note .. 1 for its last


class Played(Protocol):
    """A note of a score, with its key and channel."""

    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    @property
    def number(self) -> int: ...
    @property
    def channel(self) -> int: ...


#: (channel, key, seconds at which it starts) to what is known.
Score = Mapping[tuple[int, int, float], Place]


def score_of(notes: Iterable[Played]) -> Score:
    """Each note's length, and its place among those of its channel that no rest divides."""
    places: dict[tuple[int, int, float], Place] = {}
    channels: dict[int, list[Played]] = {}
    for note in notes:
        channels.setdefault(note.channel, []).append(note)
    for played in channels.values():
        for phrase in _phrases(sorted(played, key=lambda note: note.start_s)):
            first, last = phrase[0].start_s, phrase[-1].start_s
            for note in phrase:
                place = (note.start_s - first) / (last - first) if last > first else None
                key = (note.channel, note.number, note.start_s)
                places[key] = Place(note.end_s - note.start_s, place)
    return places


def _phrases(notes: list[Played]) -> list[list[Played]]:
    found: list[list[Played]] = []
    ends_s = 0.0
    for note in notes:
        if not found or note.start_s - ends_s > REST_S:
            found.append([])
            ends_s = note.end_s
        found[-1].append(note)
        ends_s = max(ends_s, note.end_s)
    return found


def middle_note(info: ModelInfo) -> float:
    """Return the middle of a model's range, a MIDI note, from which slopes by pitch count."""
    return 0.5 * (info.min_pitch_note + info.max_pitch_note)


class Performer:
    """Draws what one instrument does with each note from what was learnt of it.

    The choices are C's (``ddsp_expression.h``), which the plug-in shares; what a file
    tells of a note besides is Python's. With a ``seed`` the same notes are played the same each
    time. What is left to chance hangs on the channel, the key and how often it was struck, so
    that a note more changes no other's. Without one (live) no two performances are alike. It
    costs some 20 microseconds a note. One thread calls everything of one object.
    """

    def __init__(self, info: ModelInfo, seed: int | None = None) -> None:
        seed = secrets.randbits(32) if seed is None else seed
        tendencies = playing(info.name, info.expression).tendencies
        self._chooser = Chooser(middle_note(info), tendencies, seed)
        self._score: Score = {}

    def read(self, score: Score) -> None:
        """Know these notes before they are played."""
        self._score = score

    def play(
        self,
        channel: int,
        note: int,
        velocity: float,
        time_s: float,
        tied_to: int | None = None,
        beat: Beat | None = None,
        swell_sync: str = "off",
    ) -> NoteExpression:
        """Choose how a note is played that starts now.

        ``velocity`` is 0..1; ``tied_to`` is the key from which a legato note goes on, None for
        one that starts by itself; the channel counts from 0. With a ``beat`` swells arrive and
        end on what ``swell_sync`` says.
        """
        place = self._score.get((channel, note, time_s))
        length_s, in_phrase = (place.length_s, place.in_phrase) if place else (None, None)
        return self._chooser.choose(
            channel, note, velocity, time_s, tied_to, length_s, in_phrase, beat, swell_sync
        )
