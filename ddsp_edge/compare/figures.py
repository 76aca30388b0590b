"""What is measured of each version, in the words of the page."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ddsp_edge import evaluation
from ddsp_edge.compare.versions import RATE, Version
from ddsp_edge.evaluation import Motion, ScoreNote
from ddsp_edge.synth.source import FileNote, Performance


@dataclass(frozen=True)
class ComparedFigure:
    """One figure of all versions; NaN where it has none."""

    text: str
    values: dict[str, float]  #: of each version's key
    digits: int = 2


def measured(versions: list[Version]) -> list[ComparedFigure]:
    """Measure every version that has a sound: expression, and the score or the input it follows."""
    heard = [v for v in versions if not v.missing]
    rows = _expression(heard)
    performance = next((v.report.performance for v in heard if v.report), None)
    dry = next((v for v in heard if v.key == "input"), None)
    if performance is not None:
        rows.append(ComparedFigure("tuning against the score, median, cents",
                        {v.key: _tuning(v, performance) for v in heard}))  # fmt: skip
    if dry is not None:
        rows += _following(dry, [v for v in heard if v is not dry])
    rows.append(ComparedFigure("seconds of sound made in a second",
                    {v.key: len(v.sound) / RATE / max(v.render_s, 1e-6)
                     for v in heard if v.key != "input"}, 0))  # fmt: skip
    return rows


def _expression(heard: list[Version]) -> list[ComparedFigure]:
    found = {v.key: evaluation.motion_of(evaluation.held_notes(v.sound, RATE)) for v in heard}

    def row(text: str, value: Callable[[Motion], float], digits: int = 2) -> ComparedFigure:
        values = {key: value(each) if each.notes else math.nan for key, each in found.items()}
        return ComparedFigure(text, values, digits)

    return [
        ComparedFigure("held notes found", {k: float(each.notes) for k, each in found.items()}, 0),
        row("pitch that moves at 3 to 9 Hz, cents", lambda each: each.pitch_cents),
        row("level that moves at 3 to 9 Hz, dB", lambda each: each.level_db),
        row("change of timbre (flux)", lambda each: each.flux),
        row("attack, ms", lambda each: 1000 * each.attack_s, 0),
    ]


def _tuning(version: Version, performance: Performance) -> float:
    shift = 2.0 ** (version.report.settings.pitch_shift / 12) if version.report else 1.0

    def score(note: FileNote) -> ScoreNote:
        return ScoreNote(
            note.start_s, note.end_s, lambda at: shift * performance.pitch_hz(note, at)
        )

    notes = evaluation.measure_notes(version.sound, RATE, [score(n) for n in performance.notes])
    cents = [abs(note.cents) for note in notes if not math.isnan(note.cents)]
    return float(np.median(cents)) if cents else math.nan


def _following(dry: Version, others: list[Version]) -> list[ComparedFigure]:
    track = evaluation.track_f0(dry.sound, RATE)
    error, loudness = {}, {}
    for version in others:
        shift = version.report.settings.pitch_shift if version.report else 0.0
        heard = evaluation.compare_f0(
            track, evaluation.track_f0(version.sound, RATE), transposed=shift
        )
        error[version.key] = heard.median_cents
        loudness[version.key] = evaluation.loudness_correlation(
            dry.sound, version.sound, RATE, heard.delay_s
        )
    return [
        ComparedFigure("pitch against the input, median, cents", error),
        ComparedFigure("loudness correlation with the input", loudness, 3),
    ]
