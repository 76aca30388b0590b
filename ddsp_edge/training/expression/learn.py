"""From a folder of recordings to how the instrument is played (an ``Expression``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ddsp_edge.bundles.expression import QUANTITIES, USUAL_VELOCITY, Expression, Tendency
from ddsp_edge.bundles.families import FAMILIES, family_of
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation.edges import Edge, edges_of
from ddsp_edge.evaluation.edges import medians as edge_medians
from ddsp_edge.evaluation.motion import HeldNote, Motion, held_notes, motion_of
from ddsp_edge.system.audio_file import read_sound, resample
from ddsp_edge.training.data import sources
from ddsp_edge.training.expression.notes import LEAST_SCOOP, NoteFacts, facts_of
from ddsp_edge.training.expression.phrases import PhraseFacts, phrase_facts
from ddsp_edge.training.expression.tendencies import FEWEST, tendency
from ddsp_edge.training.recipes import Recipe

RATE = 24_000  #: enough for pitch, level and 12 kHz of timbre
SHORTEST_S, LONG_S = 0.25, 0.4  #: of a note in a phrase, and of one whose motion is measured
#: Held notes of one recording from which on its medians are those of a performance.
DOZEN = 12
#: Sample libraries are often played without vibrato, for the sampler to add it: where the median
#: motion of the pitch is less than this, in cents, they teach nothing of it nor of its likes.
STILL_CENTS = 1.5
#: The stroke of a note by its level: so many dB lie between the softest and the loudest.
STROKE_RANGE_DB = 30.0
#: Taught by any held note that is not still, by all held notes, and by phrases only.
VIBRATO = (
    "vibrato_cents",
    "vibrato_db",
    "vibrato_hz",
    "vibrato_delay_s",
    "vibrato_rise_s",
    "vibrato_wander",
    "tremor_db",
    "drift_cents",
)
ANY_NOTE = ("attack_s", "attack_noise")
#: What a stroke does to these at most, from the softest to the loudest, in parts of the mean.
WITH_STROKE = {"attack_s": (-2.0, -1.2), "attack_noise": (-1.0, 1.5)}
#: Strokes that deviate by less, 0..1, do not show what they do.
LEAST_STROKES = 0.12
#: Taught by single notes, which end in silence.
ALONE = ("release_stretch", "release_noise", "release_cents")
IN_PHRASES = ("swell_db", "swell_share", "fade_db")


@dataclass(frozen=True)
class Lesson:
    """What recordings taught, and the medians that a rendering is to come near."""

    expression: Expression
    motion: Motion
    still: bool  #: played without vibrato; what hangs on it is the family's
    edge: Edge = field(default_factory=Edge)  #: medians of how notes begin and end


def learn(folder: Path, recipe: Recipe, say: Callable[[str], None] = print) -> Lesson:
    """Measure the notes of every recording of a folder. Raises UserError: no notes in it."""
    files, _ = sources.find(folder, recipe.skip)
    notes: list[HeldNote] = []
    edges: list[Edge] = []
    phrases: list[PhraseFacts] = []
    moved: list[Motion] = []
    for path in files:
        try:
            audio = sound_of(path)
            found = notes_in(audio, recipe)
        except UserError as error:
            say(f"left out: {error}")
            continue
        notes += found
        edges += edges_of(audio, RATE, found)
        if not recipe.single_notes:
            phrases.append(phrase_facts(found))
            moved.append(motion_of(_long(found)))
    held = _long(notes)
    if len(held) < FEWEST:
        raise UserError(
            f"{folder}: holds {len(held)} notes of 0.4 s, at least {FEWEST} teach something"
        )
    say(f"{len(notes)} notes, {len(held)} of them of 0.4 s and more")
    return lesson_of(notes, phrases, recipe, moved, edges)


def sound_of(path: Path) -> np.ndarray:
    """Return the sound of one recording at RATE, (n,). Raises UserError: it cannot be read."""
    sound = read_sound(path)
    return resample(sound.samples, sound.rate, RATE)


def notes_in(audio: np.ndarray, recipe: Recipe) -> list[HeldNote]:
    """Return the held notes of a sound at RATE, in order."""
    return held_notes(audio, RATE, recipe.lowest_hz, recipe.highest_hz, SHORTEST_S)


def notes_of(path: Path, recipe: Recipe) -> list[HeldNote]:
    """Return the held notes of one recording, in order. Raises UserError: it cannot be read."""
    return notes_in(sound_of(path), recipe)


def _long(notes: list[HeldNote]) -> list[HeldNote]:
    return [note for note in notes if note.length_s >= LONG_S]


def lesson_of(
    notes: list[HeldNote],
    phrases: list[PhraseFacts],
    recipe: Recipe,
    moved: Sequence[Motion] = (),
    edges: Sequence[Edge] = (),
) -> Lesson:
    """Fit everything that these notes and phrases teach; ``moved`` is each recording's motion,
    ``edges`` how each note begins and ends.

    Of several performances the one with the most vibrato says how far the instrument moves.
    """
    measured: Sequence[Edge | None] = edges or [None] * len(notes)
    facts = [
        facts_of(note, edge, recipe.single_notes)
        for note, edge in zip(notes, measured, strict=True)
    ]
    medians = max(
        (each for each in moved if each.notes >= DOZEN),
        key=lambda each: each.pitch_cents,
        default=motion_of(_long(notes)),
    )
    still = recipe.single_notes and medians.pitch_cents < STILL_CENTS
    names = [*ANY_NOTE, *(() if still else VIBRATO)]
    names += IN_PHRASES if phrases else ALONE
    family = family_of(recipe.name)
    known = {name: _fit(name, facts) for name in names}
    for name in (*ANY_NOTE, *ALONE):
        if name in names:
            known[name] = _by_stroke(name, facts, FAMILIES[family].tendencies[name])
    if phrases:
        free = [flag for each in phrases for flag in each.scoopable]
        known |= _scoops([each for each, is_free in zip(facts, free, strict=True) if is_free])
        known |= _together(phrases)
    tendencies = {name: _plausible(name, each) for name, each in known.items() if each is not None}
    learnt = Expression(tendencies, family, len(notes), bool(phrases))
    return Lesson(learnt, medians, still, edge_medians(edges))


def _plausible(name: str, found: Tendency) -> Tendency:
    """What a player does of it: the rest is the music's, or a recording's.

    Spread and slopes of what has a size are at most 0.3 of it.
    """
    if name not in ("accent_db", "detune_cents", "scoop_cents"):
        most = 0.3 * abs(found.mean)
        found = replace(
            found,
            deviation=round(min(found.deviation, most), 4),
            pitch=round(min(max(found.pitch, -most), most), 4),
            length=round(min(max(found.length, -most), most), 4),
        )
    return found


def _by_stroke(name: str, facts: list[NoteFacts], usual: Tendency) -> Tendency | None:
    """A quantity by the stroke. A harder attack is never later.

    Where recordings do not differ enough in their dynamics to show what the stroke does, the family
    says it, and the mean is what the strokes that were recorded make of it.
    """
    found = _fit(name, facts)
    if found is None:
        return None
    usually = usual.velocity / usual.mean if usual.mean else 0.0
    low, high = WITH_STROKE.get(name, (-0.5, 0.5))
    known = [each for each in facts if np.isfinite(getattr(each, name))]
    strokes = _strokes(known)
    ratio = usually
    if np.std(strokes) > LEAST_STROKES and found.velocity and found.mean > 0.0:
        ratio = found.velocity / found.mean
    ratio = min(max(ratio, low), high)
    median = float(np.median([getattr(each, name) for each in known]))
    mean = median / max(0.4, 1.0 + ratio * (float(np.median(strokes)) - USUAL_VELOCITY))
    quantity = QUANTITIES[name]
    mean = round(min(max(mean, quantity.minimum), quantity.maximum), 4)
    return replace(found, mean=mean, velocity=round(ratio * mean, 4))


def _strokes(facts: list[NoteFacts]) -> np.ndarray:
    """How hard each note was struck, 0..1, by its level against the loudest ones."""
    levels = np.array([each.level_db for each in facts])
    return np.clip(1.0 - (np.percentile(levels, 98) - levels) / STROKE_RANGE_DB, 0.0, 1.0)


def _fit(name: str, facts: list[NoteFacts]) -> Tendency | None:
    pitches = np.array([each.pitch for each in facts])
    middle = 0.5 * (np.percentile(pitches, 1) + np.percentile(pitches, 99))
    return tendency(
        name,
        np.array([getattr(each, name) for each in facts]),
        (pitches - middle) / 12.0,
        _strokes(facts),
        np.array([each.length_s for each in facts]),
    )


def _scoops(facts: list[NoteFacts]) -> dict[str, Tendency | None]:
    told = [each for each in facts if np.isfinite(each.scoop_cents)]
    scoops = [each for each in told if abs(each.scoop_cents) >= LEAST_SCOOP]
    if len(told) < FEWEST or len(scoops) < FEWEST:
        return {}
    return {
        "scoop_share": Tendency(round(len(scoops) / len(told), 3)),
        "scoop_cents": _fit("scoop_cents", scoops),
        "scoop_s": _fit("scoop_s", scoops),
    }


def _together(phrases: list[PhraseFacts]) -> dict[str, Tendency | None]:
    slides = np.array([s for each in phrases for s in each.slides_s])
    known: dict[str, Tendency | None] = {}
    if np.sum(slides > 0.0) >= FEWEST:
        known["slide_share"] = Tendency(round(float(np.mean(slides > 0.0)), 3))
        known["slide_s"] = _plain("slide_s", slides[slides > 0.0])
    accents = np.array([a for each in phrases for a in each.accents_db])
    detunes = np.array([d for each in phrases for d in each.detunes_cents])
    for name, values in (("accent_db", accents), ("detune_cents", detunes)):
        found = _plain(name, values)
        # The mean is the music's, or the recording's; the spread is the player's.
        known[name] = Tendency(0.0, found.deviation) if found else None
    arcs = np.array([a for each in phrases for a in each.arcs_db])
    if len(arcs) >= FEWEST:
        known["phrase_db"] = Tendency(round(float(np.clip(np.median(arcs), 0.0, 6.0)), 2))
    return known


def _plain(name: str, values: np.ndarray) -> Tendency | None:
    same = np.zeros(len(values))
    return tendency(name, values, same, same, same + 1.0)
