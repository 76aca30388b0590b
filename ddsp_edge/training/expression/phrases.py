"""What notes of one recording are to each other: slides, accents, intonation, arcs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ddsp_edge.evaluation.motion import HOP_S, HeldNote

#: Two notes are joined where so little time lies between them, and may slide this far.
JOINED_S, WIDEST_SLIDE = 0.12, 12.0
#: After so much silence a note begins by itself.
DETACHED_S = 0.06
#: A transition that takes longer is a slide.
LEAST_SLIDE_S = 0.045
#: A phrase ends with a rest of this, and has an arc from so many notes on.
REST_S, ARC_NOTES = 0.25, 5
#: Notes on each side that an accent is compared with.
NEIGHBOURS = 3
#: Part of a note's difference in level and intonation that a performer is credited with: the
#: rest is the music's, its accents and its leading notes.
OWN_SHARE = 0.4


@dataclass(frozen=True)
class PhraseFacts:
    """What the notes of one recording do together."""

    scoopable: list[bool]  #: for each note: it begins after a gap, by itself
    slides_s: list[float]  #: of each pair of joined notes; 0 where it does not slide
    accents_db: list[float]
    detunes_cents: list[float]
    arcs_db: list[float]  #: a phrase's middle against its ends, one for each phrase


def phrase_facts(notes: list[HeldNote]) -> PhraseFacts:
    """Compare the notes of one recording, in the order in which they are played."""
    levels = np.array([float(np.median(note.level_db)) for note in notes])
    return PhraseFacts(
        _detached(notes),
        _slides(notes),
        _accents(levels),
        _detunes(notes),
        _arcs(notes, levels),
    )


def _detached(notes: list[HeldNote]) -> list[bool]:
    ends_s = [-1.0, *(note.start_s + note.length_s for note in notes)]
    return [note.start_s - end > DETACHED_S for note, end in zip(notes, ends_s, strict=False)]


def _slides(notes: list[HeldNote]) -> list[float]:
    found = []
    for before, after in itertools.pairwise(notes):
        gap_s = after.start_s - (before.start_s + before.length_s)
        interval = abs(after.pitch - before.pitch)
        if -HOP_S <= gap_s <= JOINED_S and 0.7 < interval <= WIDEST_SLIDE:
            took_s = gap_s + _arriving(after.cents) + _arriving(before.cents[::-1])
            found.append(took_s if took_s >= LEAST_SLIDE_S else 0.0)
    return found


def _arriving(cents: np.ndarray) -> float:
    """How long a note's first hops are more than 25 cents off, in s."""
    return float(np.argmax(np.abs(cents[:20]) < 25.0)) * HOP_S


def _accents(levels: np.ndarray) -> list[float]:
    found = []
    for i in range(NEIGHBOURS, len(levels) - NEIGHBOURS):
        around = np.delete(levels[i - NEIGHBOURS : i + NEIGHBOURS + 1], NEIGHBOURS)
        found.append(OWN_SHARE * float(levels[i] - np.median(around)))
    return found


def _detunes(notes: list[HeldNote]) -> list[float]:
    if not notes:
        return []
    off = np.array([100.0 * (note.pitch - round(note.pitch)) for note in notes])
    turn = 2.0 * np.pi / 100.0  # the instrument's own tuning: the mean on the circle of a semitone
    tuning = float(np.angle(np.mean(np.exp(1j * turn * off)))) / turn
    return list(OWN_SHARE * ((off - tuning + 50.0) % 100.0 - 50.0))


def _arcs(notes: list[HeldNote], levels: np.ndarray) -> list[float]:
    found, first = [], 0
    for i in range(1, len(notes) + 1):
        ended = i == len(notes)
        if not ended:
            gap_s = notes[i].start_s - (notes[i - 1].start_s + notes[i - 1].length_s)
            ended = gap_s > REST_S
        if ended:
            if i - first >= ARC_NOTES:
                place = np.linspace(-1.0, 1.0, i - first)
                found.append(-float(np.polyfit(place, levels[first:i], 2)[0]))
            first = i
    return found
