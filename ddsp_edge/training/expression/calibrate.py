"""What was learnt, played and listened to: depths are corrected until the sound moves as wanted.

A depth in a feature frame is not that in the sound: networks follow loudness and brightness in
their own ways, and a vibrato that is still growing moves less than its full depth.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import mido
import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.expression import QUANTITIES, Expression, Tendency
from ddsp_edge.bundles.families import playing
from ddsp_edge.evaluation.edges import Edge, edges_of, medians
from ddsp_edge.evaluation.motion import Motion, held_notes, motion_of
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings
from ddsp_edge.system.audio_file import resample
from ddsp_edge.training.expression.learn import RATE, Lesson
from ddsp_edge.training.expression.notes import PARABOLA

ROUNDS = 3
#: Of the notes that were played at least so many must be heard to hold a pitch. Where more of them
#: waver, the few that are left say nothing of the others, and their level is made to move less.
FEWEST_HEARD = 0.5
CALMER = 0.6
#: A level that moves more, in dB, sounds like a fault.
MOST_LEVEL = {"tremor_db": 2.5, "vibrato_db": 2.0}
#: One round changes a depth at most so much.
LARGEST_STEP = 1.8
#: A timbre that flickers more, in dB, sounds rough.
MOST_FLICKER_DB = 6.0
#: What it still lacks single harmonics give, up to so many dB: beyond it sounds like a chorus. The
#: square of the flux grows by so much with the square of these decibels (measured on the violin).
MOST_PARTIALS_DB, FLUX_OF_PARTIALS = 2.5, 0.0083
PARTIALS_SPREAD = 0.2  #: from note to note, of the mean
#: Semitones from the middle of the range, seconds and velocity of what is played to listen to.
TUNE = (
    (0, 0.6, 80), (2, 0.6, 90), (4, 1.2, 100), (7, 0.8, 70), (9, 2.0, 96), (5, 0.5, 60),
    (4, 0.5, 84), (0, 1.0, 110), (-3, 1.5, 90), (-1, 0.9, 76), (2, 0.7, 100), (0, 2.5, 88),
)  # fmt: skip
GAP_S = 0.06
#: It is heard at so many semitones from the middle, each time with other draws.
PLACES, SEED = (0, -5, 4), 20


#: Single notes, as long and so far apart that each begins and ends by itself, in s.
APART_S, ALONE_S = 0.7, 0.6


@dataclass(frozen=True)
class Aim:
    """Medians that plain MIDI is to come near; an edge's are NaN where nothing was learnt."""

    pitch_cents: float
    level_db: float
    flux: float
    edge: Edge = field(default_factory=Edge)


#: Of families whose notes were recorded without vibrato; strings' are those of solo violin
#: phrases (14.8 cents, 1.8 dB, 0.38), a little less.
STILL = {"strings": Aim(13.0, 1.6, 0.3), "reed": Aim(4.5, 0.8, 0.24), "brass": Aim(4.0, 0.7, 0.2)}
#: And of others.
STILL_OTHERS = Aim(5.0, 0.8, 0.22)


def aim_of(lesson: Lesson) -> Aim:
    """What the instrument is to move like: its recordings, or its family where these are still."""
    edge = _edge_of(lesson.expression)
    if lesson.still:
        return replace(STILL.get(lesson.expression.family, STILL_OTHERS), edge=edge)
    motion = lesson.motion
    return Aim(motion.pitch_cents, motion.level_db, motion.flux, edge)


def _edge_of(learnt: Expression) -> Edge:
    """How notes of the usual stroke began and ended in the recordings."""
    known = {name: each.mean for name, each in learnt.tendencies.items()}
    missing = math.nan
    return Edge(
        known.get("attack_s", missing) / PARABOLA,
        _power(known.get("attack_noise", missing)),
        known.get("release_stretch", missing) * Settings().release,
        _power(known.get("release_noise", missing)),
    )


def _power(share: float) -> float:
    """The share of the power that is noise where this share of the harmonics is."""
    return 1.0 - (1.0 - share) ** 2


def tune(middle: float, gap_s: float = GAP_S, length_s: float | None = None) -> mido.MidiFile:
    """Plain notes about a key: no controller, no overlap; of their own lengths or all of one."""
    track = mido.MidiTrack()
    ticks = round(1 / mido.tick2second(1, 480, 500_000))  # a second
    for semitones, seconds, velocity in TUNE:
        note = round(middle) + semitones
        gap, length = round(gap_s * ticks), round((length_s or seconds) * ticks)
        track.append(mido.Message("note_on", note=note, velocity=velocity, time=gap))
        track.append(mido.Message("note_off", note=note, velocity=0, time=length))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    return file


def heard_motion(bundle: Bundle, amount: float = 1.0) -> Motion:
    """How the bundle's own renderings of :func:`tune` move, without room."""
    notes = []
    for step in PLACES if amount else PLACES[:1]:
        audio, rate = _played(bundle, tune(_middle(bundle) + step), amount, step)
        notes += held_notes(audio, rate, *_range_hz(bundle))
    return motion_of(notes)


def heard_edges(bundle: Bundle, amount: float = 1.0) -> Edge:
    """How notes of the bundle's own rendering begin and end: :func:`tune` with rests."""
    found = []
    for step in PLACES[:2]:
        music = tune(_middle(bundle) + step, ALONE_S, APART_S)
        audio, rate = _played(bundle, music, amount, step)
        thin = resample(audio, rate, RATE)  # as the recordings are
        found += edges_of(thin, RATE, held_notes(thin, RATE, *_range_hz(bundle)))
    return medians(found)


def _middle(bundle: Bundle) -> float:
    return 0.5 * (bundle.info.min_pitch_note + bundle.info.max_pitch_note)


def _range_hz(bundle: Bundle) -> tuple[float, float]:
    return max(30.0, 0.7 * bundle.info.min_pitch_hz), 1.4 * bundle.info.max_pitch_hz


def _played(
    bundle: Bundle, music: mido.MidiFile, amount: float, step: int
) -> tuple[np.ndarray, int]:
    """A file as the bundle plays it, mono and without room, and its rate."""
    settings = Settings(reverb_wet=0.0, expression=amount)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tune.mid"
        music.save(path)
        report = render(path, bundle, settings=settings, seed=SEED + step)
    return report.sound.mean(axis=1), report.rate


def calibrated(
    bundle: Bundle, lesson: Lesson, say: Callable[[str], None] = print
) -> tuple[Expression, Motion]:
    """The lesson with depths that make this model's sound move as :func:`aim_of` says.

    Of the rounds the one counts that came nearest. Returns it with what was heard of it.
    """
    aim, learnt = aim_of(lesson), lesson.expression
    still = heard_motion(bundle, 0.0)
    best: tuple[float, Expression, Motion] | None = None
    for left in range(ROUNDS, -1, -1):
        played = replace(bundle, info=replace(bundle.info, expression=learnt))
        heard, edge = heard_motion(played), heard_edges(played)
        say(f"heard: {_words(edge)} (wanted: {_words(aim.edge)})")
        say(
            f"heard: {heard.pitch_cents:.1f} cents, {heard.level_db:.2f} dB, flux {heard.flux:.3f} "
            f"(wanted: {aim.pitch_cents:.1f}, {aim.level_db:.2f}, {aim.flux:.3f})"
        )
        few = heard.notes < FEWEST_HEARD * len(TUNE) * len(PLACES)
        off = math.inf if few else _distance(aim, heard, edge)
        if best is None or off < best[0]:
            best = off, learnt, heard
        if left and few:
            say(f"only {heard.notes} notes hold a pitch: their level is to move less")
            learnt = _calmed(bundle.info.name, learnt)
        elif left:
            learnt = _corrected(bundle.info.name, learnt, aim, heard, still)
            learnt = _with_edges(learnt, aim.edge, edge)
    assert best is not None
    return best[1], best[2]


def _distance(aim: Aim, heard: Motion, edge: Edge) -> float:
    """How far the sound is from the aim: a sum of differences of logarithms."""
    pairs = [
        (aim.pitch_cents, heard.pitch_cents),
        (aim.level_db, heard.level_db),
        (aim.flux, heard.flux),
        (aim.edge.rise_s, edge.rise_s),
        (aim.edge.fall_s, edge.fall_s),
    ]
    return sum(
        abs(math.log(max(came, 1e-3) / max(wanted, 1e-3)))
        for wanted, came in pairs
        if math.isfinite(wanted) and math.isfinite(came)
    )


def _calmed(name: str, learnt: Expression) -> Expression:
    known = playing(name, learnt).tendencies
    calmed = {key: _scaled(key, known[key], CALMER) for key in (*MOST_LEVEL, "flicker_db")}
    return replace(learnt, tendencies={**learnt.tendencies, **calmed})


def _words(edge: Edge) -> str:
    return (
        f"rise {1000 * edge.rise_s:.0f} ms, {100 * edge.rise_noise:.1f} % noise, "
        f"fall {1000 * edge.fall_s:.0f} ms, {100 * edge.fall_noise:.1f} % noise"
    )


def _with_edges(learnt: Expression, aim: Edge, heard: Edge) -> Expression:
    """Attack and release corrected, where they were learnt and can be heard."""
    pairs = {
        "attack_s": (aim.rise_s, heard.rise_s, 0.005),
        "attack_noise": (aim.rise_noise, heard.rise_noise, 0.002),
        "release_stretch": (aim.fall_s, heard.fall_s, 0.02),
        "release_noise": (aim.fall_noise, heard.fall_noise, 0.002),
    }
    changed = {
        name: _scaled(name, learnt.tendencies[name], wanted / max(came, least))
        for name, (wanted, came, least) in pairs.items()
        if name in learnt.tendencies and math.isfinite(wanted) and math.isfinite(came)
    }
    return replace(learnt, tendencies={**learnt.tendencies, **changed})


def _corrected(name: str, learnt: Expression, aim: Aim, heard: Motion, still: Motion) -> Expression:
    known = dict(playing(name, learnt).tendencies)
    level = aim.level_db / max(heard.level_db, 0.05)
    flux = math.sqrt(
        max(0.0, aim.flux**2 - still.flux**2) / max(1e-4, heard.flux**2 - still.flux**2)
    )
    factors = {
        "vibrato_cents": aim.pitch_cents / max(heard.pitch_cents, 0.5),
        "vibrato_db": level,
        "tremor_db": level,
        "flicker_db": flux,
    }
    changed = {key: _scaled(key, known[key], factor) for key, factor in factors.items()}
    for key, most in MOST_LEVEL.items():
        changed[key] = replace(changed[key], mean=min(changed[key].mean, most))
    flicker, partials = changed["flicker_db"], known["partials_db"]
    if flicker.mean > MOST_FLICKER_DB or partials.mean > 0.0:
        changed["flicker_db"] = replace(flicker, mean=min(flicker.mean, MOST_FLICKER_DB))
        square = partials.mean**2 + (aim.flux**2 - heard.flux**2) / FLUX_OF_PARTIALS
        mean = round(min(math.sqrt(max(square, 0.0)), MOST_PARTIALS_DB), 4)
        changed["partials_db"] = Tendency(mean, round(PARTIALS_SPREAD * mean, 4))
    return replace(learnt, tendencies={**learnt.tendencies, **changed})


def _scaled(name: str, old: Tendency, factor: float) -> Tendency:
    by = min(max(factor, 1.0 / LARGEST_STEP), LARGEST_STEP)
    quantity = QUANTITIES[name]
    values = (old.mean, old.deviation, old.pitch, old.velocity, old.length)
    mean, *rest = (round(by * value, 4) for value in values)
    widest = quantity.maximum - quantity.minimum
    rest = [min(max(value, -widest), widest) for value in rest]
    return Tendency(min(max(mean, quantity.minimum), quantity.maximum), *rest)
