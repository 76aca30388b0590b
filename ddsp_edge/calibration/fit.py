"""The loudness maps of a model, found from the model itself.

For every note an interval of shown loudnesses is chosen within which the network only gets
brighter as it is shown more, as wide as there is one and near to what was trained; notes beside
each other get similar ones. What is asked for, from the softest note to the loudest, is spread
over that interval, and a gain makes the sound as loud as was asked.
"""

from __future__ import annotations

import math

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.loudness_map import LoudnessMap
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.calibration.beyond import key_gains_db
from ddsp_edge.calibration.spectra import Spectra, measure
from ddsp_edge.decoding.conditioner import REACH
from ddsp_edge.units import SILENCE_DB

SPAN_DB = 30.0  #: from velocity 127 to velocity 1, as the setting velocity_range has it
STEP_DB = 1.0  #: of the shown loudnesses that are tried
#: What is asked for, in dB below the loudest usual note; silence comes before it, 0 dB after.
BELOW_DB = (60, 50, 40, 35, 30, 27, 24, 21, 18, 15, 12, 9, 6, 3, 0, -6)
#: The centroid may fall so far within an interval, as a share: what nobody hears ...
FLAT = 0.005
#: ... and the one weighted by amplitudes, which follows the noise more than the tone.
AMPLITUDE_FLAT = 0.05
#: What is better than nothing: a doubled centroid is worth an interval so many dB narrower.
WORTH = 4.0 / math.log(2.0) * 0.7
FAR_DB = 10.0  #: an end so far from what would be asked for costs 1
ALIKE = 1.0  #: what it costs that a semitone changes an end by FAR_DB
MOST_GAIN_DB = 40.0
SOFTER_DB = 0.5  #: beyond the range the effect is so much softer: a network sways by as much
INAUDIBLE_DB = -110.0  #: what a network answers this softly is not turned up
LEAST_POWER = 1e-16


def fit_loudness_map(bundle: Bundle, centroid_fall: float = 0.0) -> LoudnessMap:
    """Return the map of a model.

    ``centroid_fall`` (0..1), by how much its recordings get duller from soft to loud, is only
    kept in it, for the sweep: the map itself grants the model no more than FLAT.
    """
    info, notes = bundle.info, _notes(bundle)
    loudest = min(0.0, info.max_loudness_db)
    softest = max(SILENCE_DB + 2.0, loudest - SPAN_DB)
    lowest = max(SILENCE_DB + 2.0, min(softest, info.min_loudness_db))
    shown = np.arange(lowest, loudest + 1e-6, STEP_DB)
    begins, ends = choose_intervals(measure(bundle, notes, shown), softest, loudest)
    asked = _asked(loudest)
    table = np.array(
        [_spread(asked, softest, loudest, a, b) for a, b in zip(begins, ends, strict=True)]
    )
    found, edges = measure(bundle, notes, table), _edges(notes, info)
    louder_db, weaker_db = key_gains_db(bundle, notes, edges, found.lines)
    noise_db = _noise(found, edges, weaker_db)
    gain_db = asked - _level_db(found, noise_db) - np.maximum(louder_db, 0.0)
    gain_db[found.level_db < INAUDIBLE_DB] = 0.0
    gain_db[:, asked <= SILENCE_DB] = 0.0
    return _map(notes, asked, table, gain_db, noise_db, centroid_fall)


def fit_heard_map(bundle: Bundle) -> LoudnessMap:
    """Return the map for sound that is heard: the effect's.

    Within the range it changes nothing: the network has learnt to follow an instrument's own
    loudness. What is louder than any recording is shown as the loudest of them and turned up;
    beyond the range of pitch a note is no louder and no noisier than at its end.
    """
    info, notes = bundle.info, _notes(bundle)
    loudest = min(0.0, info.max_loudness_db)
    asked = _asked(loudest)
    shown = np.minimum(asked, loudest)
    found, edges = measure(bundle, notes, shown), _edges(notes, info)
    louder_db, weaker_db = key_gains_db(bundle, notes, edges, found.lines)
    noise_db = _noise(found, edges, weaker_db)
    level_db = _level_db(found, noise_db)
    beyond = (edges != np.arange(len(edges)))[:, None]
    loudest_db = level_db + np.maximum(louder_db, 0.0)
    softer = np.minimum(0.0, level_db[edges] - loudest_db) - SOFTER_DB
    gain_db = (asked - shown) + np.where(beyond, softer, 0.0)
    gain_db[found.level_db < INAUDIBLE_DB] = 0.0
    table = np.tile(shown, (len(notes), 1))
    return _map(notes, asked, table, gain_db, noise_db, 0.0)


def _notes(bundle: Bundle) -> np.ndarray:
    """The MIDI notes of the rows: all that a network can be shown."""
    info = bundle.info
    reach = min(REACH[info.profile], 3.0)
    return np.arange(
        math.floor(info.min_pitch_note - reach), math.ceil(info.max_pitch_note + reach) + 1.0
    )


def choose_intervals(
    found: Spectra, softest_db: float, loudest_db: float
) -> tuple[np.ndarray, np.ndarray]:
    """The interval of shown loudnesses of each note: begins and ends, (notes,) in dB.

    Of all that are possible at each note, the path with the least sum of costs (Viterbi's).
    """
    shown = found.shown_db
    a, b = (side.ravel() for side in np.meshgrid(shown, shown, indexing="ij"))
    own = np.array(
        [
            _costs(np.log(centroid), np.log(amplitude), shown, softest_db, loudest_db)
            for centroid, amplitude in zip(
                np.maximum(found.centroid_hz, 1.0),
                np.maximum(found.amplitude_centroid_hz, 1.0),
                strict=True,
            )
        ]
    )
    possible = np.isfinite(own).any(axis=0)
    own, a, b = own[:, possible], a[possible], b[possible]
    change = ALIKE * ((a[:, None] - a) ** 2 + (b[:, None] - b) ** 2) / FAR_DB**2
    best, back = own[0], []
    for costs in own[1:]:
        paths = best[:, None] + change
        back.append(paths.argmin(axis=0))
        best = paths[back[-1], np.arange(len(a))] + costs
    path = [int(best.argmin())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    chosen = np.array(path[::-1])
    return a[chosen], b[chosen]


def _costs(
    centroid: np.ndarray,
    amplitude: np.ndarray,
    shown: np.ndarray,
    softest_db: float,
    loudest_db: float,
) -> np.ndarray:
    """What every interval of one note costs; infinite where it gets duller on the way."""
    begins, ends = np.meshgrid(shown, shown, indexing="ij")
    costs = ((begins - softest_db) ** 2 + (ends - loudest_db) ** 2) / FAR_DB**2
    costs -= WORTH * (centroid[None, :] - centroid[:, None])
    duller = (_falls(centroid) > FLAT) | (_falls(amplitude) > AMPLITUDE_FLAT)
    costs[duller | (ends < begins)] = np.inf
    return costs.ravel()


def _falls(curve: np.ndarray) -> np.ndarray:
    """The deepest fall of a curve between every begin (row) and end (column)."""
    falls = np.zeros((len(curve), len(curve)))
    for begin in range(len(curve)):
        part = curve[begin:]
        falls[begin, begin:] = np.maximum.accumulate(np.maximum.accumulate(part) - part)
    return falls


def _asked(loudest_db: float) -> np.ndarray:
    """The map's columns: silence, then BELOW_DB, then 0 dB; 1 dB apart at least."""
    asked = [SILENCE_DB]
    for below in BELOW_DB:
        value = loudest_db - below
        if asked[-1] + 1.0 <= value <= -1.0:
            asked.append(value)
    return np.array([*asked, 0.0])


def _spread(
    asked: np.ndarray, softest_db: float, loudest_db: float, begin: float, end: float
) -> np.ndarray:
    """What is shown for what is asked: silence for silence, else within the interval."""
    return np.interp(asked, [SILENCE_DB, softest_db, loudest_db], [SILENCE_DB, begin, end])


def _edges(notes: np.ndarray, info: ModelInfo) -> np.ndarray:
    """The row within the range that is nearest to each row."""
    inside = np.flatnonzero((notes >= info.min_pitch_note) & (notes <= info.max_pitch_note))
    if not len(inside):
        inside = np.array([len(notes) // 2])
    return np.clip(np.arange(len(notes)), inside[0], inside[-1])


def _noise(found: Spectra, edges: np.ndarray, weaker_db: np.ndarray) -> np.ndarray:
    """Gain of the noise, dB: beyond the range it is no larger a share than at its end.

    ``weaker_db``: by how much the tone of some key beyond it is weaker than that of its row.
    """
    most = np.minimum(found.noise_share[edges], 0.999)
    tone = found.harmonic_power * 10.0 ** (np.minimum(weaker_db, 0.0) / 10.0)
    allowed = most / (1.0 - most) * tone
    noise_db = 10.0 * np.log10((allowed + LEAST_POWER) / (found.noise_power + LEAST_POWER))
    noise_db[edges == np.arange(len(edges))] = 0.0
    return np.clip(noise_db, -60.0, 0.0)


def _level_db(found: Spectra, noise_db: np.ndarray) -> np.ndarray:
    """The level where the noise is turned down so far."""
    power = found.harmonic_power + found.noise_power * 10.0 ** (noise_db / 10.0)
    return 10.0 * np.log10(np.maximum(power, LEAST_POWER))


def _map(
    notes: np.ndarray,
    asked: np.ndarray,
    shown_db: np.ndarray,
    gain_db: np.ndarray,
    noise_db: np.ndarray,
    centroid_fall: float,
) -> LoudnessMap:
    return LoudnessMap(
        float(notes[0]),
        tuple(round(float(x), 2) for x in asked),
        _rows(shown_db),
        _rows(np.clip(gain_db, -MOST_GAIN_DB, MOST_GAIN_DB)),
        _rows(noise_db),
        round(centroid_fall, 3),
    )


def _rows(table: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(x), 2) + 0.0 for x in row) for row in table)
