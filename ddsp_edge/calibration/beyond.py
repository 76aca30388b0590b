"""How much louder or softer a response makes the keys beyond a model's range.

All of them are shown one of the few notes beside the range, so that a loudness map has one row for
many keys; but a room answers each key in its own way. The row then goes by the worst of them.
"""

from __future__ import annotations

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.calibration.body_gain import BodyGain
from ddsp_edge.units import midi_to_hz

BELOW, ABOVE = 12.0, 24.0  #: semitones beyond the range that are looked at, as in a sweep ...
STEP = 0.25  #: ... so far apart
THIN_FROM, THINNEST_DB = 1.0, 12.0  #: semitones; the conditioner plays a note 1 dB softer for each
_LEAST = 1e-20


def key_gains_db(
    bundle: Bundle, notes: np.ndarray, edges: np.ndarray, lines: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each row beyond the range, dB: its loudest key's level, and its least tone beside noise.

    ``lines`` (notes, loudnesses, harmonics) are powers before the response; ``edges`` the row at
    the range's end of each row. Both answers, (notes, loudnesses), are beside the power that the
    row's own note has behind the response; within the range, and without a response, they are 0.
    """
    louder, weaker = np.zeros(lines.shape[:2]), np.zeros(lines.shape[:2])
    if bundle.response is None:
        return louder, weaker
    body, limit_hz = BodyGain(bundle.response), bundle.info.band_limit_hz
    number = np.arange(1, lines.shape[2] + 1)
    for row in np.flatnonzero(edges != np.arange(len(edges))):
        end, up = notes[edges[row]], notes[row] > notes[edges[row]]
        away = np.arange(STEP, (ABOVE if up else BELOW) + STEP, STEP)
        hz = np.outer(midi_to_hz(end + away if up else end - away), number)
        there = lines[row] @ (hz < limit_hz).T + _LEAST  # (loudnesses, keys), without response
        heard = lines[row] @ np.where(hz < limit_hz, body.at(hz), 0.0).T + _LEAST
        own = lines[row] @ body.at(float(midi_to_hz(notes[row])) * number) + _LEAST
        whole = lines[row].sum(axis=1) + _LEAST
        gain_db = 10.0 * np.log10(heard / own[:, None])
        thin_db = np.clip(away - THIN_FROM, 0.0, THINNEST_DB)
        louder[row] = (gain_db - thin_db).max(axis=1)
        # The conditioner turns the noise down with the harmonics that no longer fit.
        weaker[row] = (gain_db - 10.0 * np.log10(there / whole[:, None])).min(axis=1)
    return louder, weaker
