"""All measuring of sound; the demo, the tests, the trainer and the benchmarks use it.

Independent of the instrument's own analyser, offline, NumPy only. Mono float arrays in;
Hz, seconds, cents and dB out. What each figure means: docs/evaluation.md.
"""

from ddsp_edge.evaluation.joins import JoinMeasure, measure_joins
from ddsp_edge.evaluation.level import (
    click_ratio,
    lone_clicks,
    loudness_correlation,
    loudness_track,
    peak_dbfs,
)
from ddsp_edge.evaluation.motion import HeldNote, Motion, held_notes, motion_of
from ddsp_edge.evaluation.notes import NoteMeasure, ScoreNote, measure_notes
from ddsp_edge.evaluation.pitch import F0Comparison, F0Track, compare_f0, hnr_db, track_f0
from ddsp_edge.evaluation.spectrum import multi_scale_spectral_loss, spectral_difference_db

__all__ = [
    "F0Comparison",
    "F0Track",
    "HeldNote",
    "JoinMeasure",
    "Motion",
    "NoteMeasure",
    "ScoreNote",
    "click_ratio",
    "compare_f0",
    "held_notes",
    "hnr_db",
    "lone_clicks",
    "loudness_correlation",
    "loudness_track",
    "measure_joins",
    "measure_notes",
    "motion_of",
    "multi_scale_spectral_loss",
    "peak_dbfs",
    "spectral_difference_db",
    "track_f0",
]
