"""The limits that an instrument must meet, measured on its renders.

The demo prints them; tests assert them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ddsp_edge import evaluation
from ddsp_edge.evaluation import ScoreNote
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.offline.rendering import render
from ddsp_edge.offline.report import RenderReport
from ddsp_edge.settings import Settings
from ddsp_edge.synth.source import FileNote, Performance

#: Timed figures depend on the machine and its other work: they are printed, and decide nothing.
TIMED = ("load", "speed")


@dataclass(frozen=True)
class Figure:
    """One measure against its limit."""

    name: str
    text: str  #: what it is, for people
    value: float
    limit: float
    unit: str
    at_least: bool = False  #: the limit is the least, not the most

    @property
    def met(self) -> bool:
        """Whether the value is within its limit; NaN never is."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def passed(self) -> bool:
        """Whether the value is within its limit, or depends on the machine alone."""
        return self.met or self.name in TIMED

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        missed = "   slower here" if self.name in TIMED else "   MISSED"
        verdict = "" if self.met else missed
        limit = f"{sign} {self.limit:g} {self.unit}".rstrip()
        return f"{self.text:<46} {self.value:9.2f} {self.unit:<5} ({limit}){verdict}"


def voice_figures(report: RenderReport) -> list[Figure]:
    """Return the figures of a converted recording: how closely it follows the input."""
    assert report.input_audio is not None
    rate, sound = report.rate, report.sound.mean(axis=1)
    heard = evaluation.compare_f0(
        evaluation.track_f0(report.input_audio, rate),
        evaluation.track_f0(sound, rate),
        transposed=report.settings.pitch_shift,
    )
    correlation = evaluation.loudness_correlation(report.input_audio, sound, rate, heard.delay_s)
    clicks = evaluation.click_ratio(sound, rate, report.model.hop_s)
    return [
        Figure("f0", "median f0 error, voiced frames", heard.median_cents, 15, "cents"),
        Figure("jumps", "longest octave jump", heard.longest_jump_s * 1000, 50, "ms"),
        Figure("loudness", "loudness correlation", correlation, 0.9, "", True),
        Figure("clicks", "sharpness at frame edges / elsewhere", clicks, 1.5, "x"),
        Figure("lone", "clicks anywhere", evaluation.lone_clicks(sound, rate), 0, ""),
    ]


def tune_figures(report: RenderReport) -> list[Figure]:
    """Return the figures of a MIDI tune, as written: without rooms and expression.

    They are those of the instrument; a player's intonation is no error of its, and the room that
    it was learnt with (``body``) goes on after a note, as any other does.
    """
    assert report.performance is not None
    dry, as_written = report, replace(report.settings, reverb_wet=0.0, body=0.0, expression=0.0)
    if report.settings != as_written:
        dry = render(report.source, report.model.name, report.rate, as_written)
    sound = dry.sound[:, 0]
    shift = 2.0 ** (report.settings.pitch_shift / 12)
    notes = [_score_note(report.performance, note, shift) for note in report.performance.notes]
    measures = evaluation.measure_notes(sound, report.rate, notes)
    cents = [abs(m.cents) for m in measures]
    early_or_late = [_onset_error(m.onset_s, report.model.attack_s) for m in measures]
    clicks = evaluation.click_ratio(sound, report.rate, report.model.hop_s)
    return [
        Figure("notes", f"worst tuning of {len(notes)} notes", _worst(cents), 3, "cents"),
        Figure("onsets", "worst onset, beyond the model's attack", _worst(early_or_late) * 1000,
               10, "ms"),
        Figure("clicks", "sharpness at frame edges / elsewhere", clicks, 1.5, "x"),
        Figure("lone", "clicks anywhere", evaluation.lone_clicks(sound, report.rate), 0, ""),
    ]  # fmt: skip


def _score_note(performance: Performance, note: FileNote, shift: float) -> ScoreNote:
    return ScoreNote(note.start_s, note.end_s, lambda at: shift * performance.pitch_hz(note, at))


def _onset_error(onset_s: float, attack_s: float) -> float:
    """Seconds outside the span from the score's time to the end of the model's attack.

    A slurred note has no attack of its own, so both ends are good.
    """
    if np.isnan(onset_s):
        return float("nan")
    return max(0.0, -onset_s, onset_s - attack_s)


def _worst(values: list[float]) -> float:
    """Return the largest value; NaN (nothing was heard) counts as worse than any."""
    return float("nan") if np.isnan(values).any() else max(values)


def silence_figure(report: RenderReport, seconds: float = 2.0) -> Figure:
    """Measure what the model of a report plays in silence after a note."""
    bundle = find_model(report.model.name)
    # Its own answer, not the room that rings on behind it.
    engine = Engine(bundle, report.rate, Settings(reverb_wet=0.0, body=0.0))
    hop, count = report.model.hop_s, round(seconds / report.model.hop_s)
    frames = [FeatureFrame(i * hop, 330.0, -20.0 if i < count // 4 else -90.0)
              for i in range(count)]  # fmt: skip
    sound = engine.render(frames, seconds)
    peak = evaluation.peak_dbfs(sound[len(sound) // 2 :])
    return Figure("silence", "silence in, out", peak, -70, "dBFS")


def timed_figures(report: RenderReport) -> list[Figure]:
    """Load time and speed of the render, of one core, all Python included."""
    return [
        Figure("load", "loading the model", report.load_s, 0.5, "s"),
        Figure("speed", "faster than real time", report.real_time_factor, 20, "x", True),
    ]
