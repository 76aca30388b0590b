"""Put how an instrument is played into its bundle: learnt, listened to, and told on the card."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ddsp_edge.bundles.bundle import Bundle, read_bundle, write_bundle
from ddsp_edge.bundles.families import FAMILIES, family_of
from ddsp_edge.evaluation.motion import Motion
from ddsp_edge.training.expression.calibrate import Aim, aim_of, calibrated
from ddsp_edge.training.expression.learn import Lesson, learn
from ddsp_edge.training.recipes import Recipe

TITLE = "## Expression"


def add_expression(
    path: Path, folder: Path, recipe: Recipe, say: Callable[[str], None] = print
) -> Bundle:
    """Learn from the recordings in ``folder``, and write what was learnt into the bundle.

    The model's bytes stay as they are; an ``expression`` that was there is replaced, and so is
    the card's part about it. Raises UserError.
    """
    bundle = read_bundle(path)
    lesson = learn(folder, recipe, say)
    learnt, heard = calibrated(bundle, lesson, say)
    card = with_section(bundle.card, section(lesson, heard))
    info = replace(bundle.info, expression=learnt)
    return write_bundle(path, replace(bundle, info=info, card=card))


def tell_of_family(path: Path) -> Bundle:
    """Say on the card of a bundle without recordings of a player that its family's expression is
    played; an ``expression`` that it had is dropped. Raises UserError."""
    bundle = read_bundle(path)
    text = (
        f"{TITLE}\nNo player of it was recorded, so nothing was learnt: plain MIDI is played with "
        f"the defaults of its family ({family_of(bundle.info.name)}).\n"
    )
    info = replace(bundle.info, expression=None)
    return write_bundle(path, replace(bundle, info=info, card=with_section(bundle.card, text)))


def section(lesson: Lesson, heard: Motion) -> str:
    """What the card says of it, in Markdown."""
    learnt, aim, was = lesson.expression, aim_of(lesson), lesson.motion
    own = [name for name in learnt.tendencies if name in FAMILIES["other"].tendencies]
    lines = [
        TITLE,
        f"How plain MIDI is played, learnt from {learnt.notes} notes: {', '.join(own)}.",
    ]
    if lesson.still:
        lines.append(
            f"The recordings are single notes without vibrato ({was.pitch_cents:.1f} cents): they "
            f"teach nothing of it, nor of phrases. That is played as {learnt.family} are."
        )
    elif not learnt.phrases:
        lines.append(
            "The recordings are single notes and teach nothing of phrases: slides, scoops, swells "
            f"and arcs are played as the family's ({learnt.family})."
        )
    lines += ["", "| median of held notes | pitch, 3 to 9 Hz, cents | level, dB | timbre flux |"]
    lines += ["|---|---|---|---|", _row("the recordings", was)]
    if lesson.still:
        lines.append(_row("aimed at, as the family", aim))
    return "\n".join([*lines, _row("this model from plain MIDI", heard)]) + "\n"


def _row(name: str, moved: Motion | Aim) -> str:
    return f"| {name} | {moved.pitch_cents:.1f} | {moved.level_db:.2f} | {moved.flux:.2f} |"


def with_section(card: str, text: str) -> str:
    """A card with this section in place of the one that it had, else before ``## Measured``."""
    cut = re.sub(rf"^{TITLE}\n.*?(?=^## |^```|\Z)", "", card, flags=re.M | re.S)
    before, mark, after = cut.partition("## Measured")
    return f"{before}{text}\n{mark}{after}" if mark else f"{cut.rstrip()}\n\n{text}"
