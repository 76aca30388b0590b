"""How each note is played: choices that are made once, as it starts, and carried out in C."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ddsp_edge.bundles.expression import QUANTITIES
from ddsp_edge.bundles.families import playing
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.midi.beat import Beat
from native.player import NoteExpression

#: A rest of so many seconds ends a phrase.
REST_S = 0.25
#: While nobody knows how long a note will be: until some were played, and at least and at most.
EXPECTED_S, SHORTEST_S, LONGEST_S = 0.7, 0.15, 2.5
#: How much each new note counts in what is expected of the next.
NEWEST = 0.3
WIDEST_SLIDE = 12  #: semitones
#: No swell or fade takes longer, in seconds: bows and lungs end.
LONGEST_SWELL_S = 4.0


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


def read_ahead(notes: Iterable[Played]) -> Score:
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


def _arch(in_phrase: float | None) -> float:
    """A parabola over the phrase, 0 on average: -2/3 at its ends, 1/3 in its middle."""
    return 0.0 if in_phrase is None else 1.0 / 3.0 - (2.0 * in_phrase - 1.0) ** 2


def _on_lines(
    beat: Beat, bars: bool, time_s: float, swell_s: float, fade_s: float
) -> tuple[float, float]:
    """Lengths of a swell and a fade that arrive and end on a beat or bar line.

    A note that holds no line keeps its own.
    """
    top_s = beat.until(time_s, swell_s, bars)
    if top_s > swell_s + fade_s:
        return swell_s, fade_s
    end_s = beat.until(time_s, swell_s + fade_s, bars)
    return top_s, max(end_s - top_s, beat.unit_s(bars))


class Performer:
    """Draws what one instrument does with each note from what was learnt of it.

    With a ``seed`` the same notes are played the same each time. What is left to chance hangs on
    the channel, the key and how often it was struck, so that a note more changes no other's.
    Without one (live) no two performances are alike. It costs about a tenth of a millisecond a
    note. One thread calls everything of one object.
    """

    def __init__(self, info: ModelInfo, seed: int | None = None) -> None:
        known = playing(info.name, info.expression)
        self._tendencies = known.tendencies
        self._middle = 0.5 * (info.min_pitch_note + info.max_pitch_note)
        self._seed = random.SystemRandom().getrandbits(32) if seed is None else seed
        self._counts: dict[tuple[int, int], int] = {}  # of a channel's key: strokes so far
        self._score: Score = {}
        self._expected_s = [EXPECTED_S] * 16  # of the next note's length, by channel
        self._struck_s = [-1.0] * 16

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
        bars: bool = False,
    ) -> NoteExpression:
        """Choose how a note is played that starts now.

        ``velocity`` is 0..1; ``tied_to`` is the key from which a legato note goes on, None for
        one that starts by itself; the channel counts from 0. With a ``beat`` swells arrive and
        end on beats, or on the lines of ``bars``.
        """
        count = self._counts.get((channel, note), 0)
        self._counts[channel, note] = count + 1
        chance = random.Random(f"{self._seed}/{channel}/{note}/{count}")
        place = self._score.get((channel, note, time_s))
        if place is None:
            place = Place(self._expect(channel, time_s))
        octaves = (note - self._middle) / 12.0

        def draw(name: str) -> float:
            quantity = QUANTITIES[name]
            value = self._tendencies[name].at(
                octaves, velocity, place.length_s, min(max(chance.gauss(0.0, 1.0), -2.5), 2.5)
            )
            return min(max(value, quantity.minimum), quantity.maximum)

        drawn = {name: draw(name) for name in QUANTITIES}
        scoop_cents = scoop_s = 0.0
        if tied_to is None:
            if chance.random() < drawn["scoop_share"]:
                scoop_cents, scoop_s = drawn["scoop_cents"], drawn["scoop_s"]
        elif chance.random() < drawn["slide_share"] and abs(tied_to - note) <= WIDEST_SLIDE:
            scoop_cents, scoop_s = 100.0 * (tied_to - note), drawn["slide_s"]
        length_s = min(place.length_s, LONGEST_SWELL_S)
        swell_s, fade_s = drawn["swell_share"] * length_s, (1.0 - drawn["swell_share"]) * length_s
        if beat is not None:
            swell_s, fade_s = _on_lines(beat, bars, time_s, swell_s, fade_s)
        arch_db = drawn["phrase_db"] * _arch(place.in_phrase)
        return NoteExpression(
            seed=chance.getrandbits(32),
            vibrato_cents=drawn["vibrato_cents"],
            vibrato_db=drawn["vibrato_db"],
            vibrato_hz=drawn["vibrato_hz"],
            vibrato_delay_s=drawn["vibrato_delay_s"],
            vibrato_rise_s=drawn["vibrato_rise_s"],
            vibrato_wander=drawn["vibrato_wander"],
            detune_cents=drawn["detune_cents"],
            drift_cents=drawn["drift_cents"],
            scoop_cents=scoop_cents,
            scoop_s=scoop_s,
            accent_db=drawn["accent_db"] + arch_db,
            swell_db=drawn["swell_db"],
            swell_s=swell_s,
            fade_db=drawn["fade_db"],
            fade_s=fade_s,
            tremor_db=drawn["tremor_db"],
            flicker_db=drawn["flicker_db"],
            partials_db=drawn["partials_db"],
            attack_db=drawn["attack_db"],
            attack_s=drawn["attack_s"],
            attack_noise=drawn["attack_noise"],
            release_stretch=drawn["release_stretch"],
            release_cents=drawn["release_cents"],
            release_noise=drawn["release_noise"],
        )

    def _expect(self, channel: int, time_s: float) -> float:
        """How long a note will be that starts now: about as long as those before it."""
        since_s = time_s - self._struck_s[channel]
        if self._struck_s[channel] >= 0.0 and since_s > 0.03:  # closer together is a chord
            last_s = min(max(since_s, SHORTEST_S), LONGEST_S)
            self._expected_s[channel] += NEWEST * (last_s - self._expected_s[channel])
        self._struck_s[channel] = time_s
        return self._expected_s[channel]
