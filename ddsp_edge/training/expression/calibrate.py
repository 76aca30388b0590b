"""What was learnt, played and listened to: depths are corrected until the sound moves as wanted.

A depth in a feature frame is not that in the sound: networks follow loudness and brightness in
their own ways, and a vibrato that is still growing moves less than its full depth.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import mido

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.expression import QUANTITIES, Expression, Tendency
from ddsp_edge.bundles.families import playing
from ddsp_edge.evaluation.motion import Motion, held_notes, motion_of
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings
from ddsp_edge.training.expression.learn import Lesson

ROUNDS = 3
FEWEST_HEARD = 4  #: notes whose motion is worth a correction
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


@dataclass(frozen=True)
class Aim:
    """Medians that plain MIDI is to come near."""

    pitch_cents: float
    level_db: float
    flux: float


#: Of families whose notes were recorded without vibrato; strings' are those of solo violin
#: phrases (14.8 cents, 1.8 dB, 0.38), a little less.
STILL = {"strings": Aim(13.0, 1.6, 0.3), "reed": Aim(4.5, 0.8, 0.24), "brass": Aim(4.0, 0.7, 0.2)}
#: And of others.
STILL_OTHERS = Aim(5.0, 0.8, 0.22)


def aim_of(lesson: Lesson) -> Aim:
    """What the instrument is to move like: its recordings, or its family where these are still."""
    if lesson.still:
        return STILL.get(lesson.expression.family, STILL_OTHERS)
    motion = lesson.motion
    return Aim(motion.pitch_cents, motion.level_db, motion.flux)


def tune(middle: float) -> mido.MidiFile:
    """Plain notes about a key: no controller, no overlap."""
    track = mido.MidiTrack()
    ticks = round(1 / mido.tick2second(1, 480, 500_000))  # a second
    for semitones, seconds, velocity in TUNE:
        note = round(middle) + semitones
        gap, length = round(GAP_S * ticks), round(seconds * ticks)
        track.append(mido.Message("note_on", note=note, velocity=velocity, time=gap))
        track.append(mido.Message("note_off", note=note, velocity=0, time=length))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    return file


def heard_motion(bundle: Bundle, amount: float = 1.0) -> Motion:
    """How the bundle's own renderings of :func:`tune` move, without room."""
    info, notes = bundle.info, []
    settings = Settings(reverb_wet=0.0, expression=amount)
    middle = 0.5 * (info.min_pitch_note + info.max_pitch_note)
    low, high = max(30.0, 0.7 * info.min_pitch_hz), 1.4 * info.max_pitch_hz
    with tempfile.TemporaryDirectory() as folder:
        for step in PLACES if amount else PLACES[:1]:
            path = Path(folder) / f"tune{step}.mid"
            tune(middle + step).save(path)
            report = render(path, bundle, settings=settings, seed=SEED + step)
            notes += held_notes(report.sound.mean(axis=1), report.rate, low, high)
    return motion_of(notes)


def calibrated(
    bundle: Bundle, lesson: Lesson, say: Callable[[str], None] = print
) -> tuple[Expression, Motion]:
    """The lesson with depths that make this model's sound move as :func:`aim_of` says.

    Returns it with what was heard of it in the end.
    """
    aim, learnt = aim_of(lesson), lesson.expression
    still = heard_motion(bundle, 0.0)
    heard = Motion(0, 0.0, 0.0, 0.0, 0.0)
    for left in range(ROUNDS, -1, -1):
        heard = heard_motion(replace(bundle, info=replace(bundle.info, expression=learnt)))
        say(
            f"heard: {heard.pitch_cents:.1f} cents, {heard.level_db:.2f} dB, flux {heard.flux:.3f} "
            f"(wanted: {aim.pitch_cents:.1f}, {aim.level_db:.2f}, {aim.flux:.3f})"
        )
        if heard.notes < FEWEST_HEARD:
            say("too little of it holds a pitch to correct anything")
            break
        if left:
            learnt = _corrected(bundle.info.name, learnt, aim, heard, still)
    return learnt, heard


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
