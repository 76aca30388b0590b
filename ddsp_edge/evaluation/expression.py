"""How much a sound moves while its notes are held: vibrato, swell, timbre, attack.

An organ's note stands still; a player's does not. What real instruments measure: see
docs/evaluation.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddsp_edge.evaluation.level import loudness_track
from ddsp_edge.evaluation.pitch import F0Track, cents, track_f0
from ddsp_edge.evaluation.spectrum import spectrogram

HOP_S = 0.01
#: A note is held while its pitch stays so near to its median, for so long.
NEAR_CENTS, SHORTEST_S = 90.0, 0.4
QUIET_DB = -35.0  #: below the loudest: no note
FIRST_S, LAST_S = 0.08, 0.05  #: of a note that are its beginning and end
SLOWEST_HZ, FASTEST_HZ = 3.0, 9.0  #: of vibrato and tremolo
ATTACK_DB = (-20.0, -1.0)  #: of the loudest in its first 0.4 s
#: Of the timbre: window and hop, samples; bands; their highest edge, Hz.
SIZE, FLUX_HOP, BANDS, HIGHEST_HZ = 2048, 512, 40, 12_000.0
_LEAST = 1e-7  #: of a band's power


@dataclass(frozen=True)
class ExpressionMeasure:
    """Medians over the held notes; NaN where there are none."""

    notes: int  #: how many were held long enough
    f0_cents: float  #: amplitude of what moves at 3 to 9 Hz in the pitch
    level_db: float  #: the same of the level
    flux: float  #: mean absolute change of the mel log spectrum from hop to hop, without the level
    attack_s: float  #: from 20 to 1 dB below the note's loudest


def measure_expression(
    audio: np.ndarray, rate: int, low_hz: float = 60.0, high_hz: float = 2000.0
) -> ExpressionMeasure:
    """Measure a mono recording of one line; pitch is looked for from ``low_hz`` to ``high_hz``."""
    nan = float("nan")
    if len(audio) < SHORTEST_S * rate:
        return ExpressionMeasure(0, nan, nan, nan, nan)
    track = track_f0(audio, rate, low_hz, high_hz, HOP_S)
    level = loudness_track(audio, rate, HOP_S)
    count = min(len(level), len(track.f0_hz))
    level, mel = level[:count], _mel_log(audio, rate)
    rows = []
    for first, last in held_notes(track, level):
        a, b = first + round(FIRST_S / HOP_S), last - round(LAST_S / HOP_S)
        pitch = cents(track.f0_hz[a:b], np.median(track.f0_hz[a:b]))
        timbre = mel[int(a * HOP_S * rate / FLUX_HOP) : int(b * HOP_S * rate / FLUX_HOP)]
        timbre = timbre - timbre.mean(axis=1, keepdims=True)
        flux = float(np.abs(np.diff(timbre, axis=0)).mean()) if len(timbre) > 4 else np.nan
        start = level[max(0, first - 3) : first + round(SHORTEST_S / HOP_S)]
        low, high = (int(np.argmax(start > start.max() + db)) for db in ATTACK_DB)
        rows.append((_motion(pitch), _motion(level[a:b]), flux, (high - low) * HOP_S))
    if not rows:
        return ExpressionMeasure(0, nan, nan, nan, nan)
    return ExpressionMeasure(
        len(rows), *(float(each) for each in np.nanmedian(np.array(rows), axis=0))
    )


def held_notes(track: F0Track, level: np.ndarray) -> list[tuple[int, int]]:
    """Return the (first, last) hops of the notes of a track that are held for SHORTEST_S or more.

    ``level`` is in dB, on the same hops.
    """
    count = min(len(track.f0_hz), len(level))
    f0_hz = track.f0_hz[:count]
    sounds = (f0_hz > 0) & (level[:count] > level.max(initial=-np.inf) + QUIET_DB)
    notes, first = [], 0
    while first < count:
        if not sounds[first]:
            first += 1
            continue
        last = first
        while last + 1 < count and sounds[last + 1]:
            middle = np.median(f0_hz[first : last + 1])
            if abs(float(cents(f0_hz[last + 1], middle))) >= NEAR_CENTS:
                break
            last += 1
        if (last - first) * track.hop_s >= SHORTEST_S:
            notes.append((first, last))
        first = last + 1
    return notes


def _motion(values: np.ndarray) -> float:
    """Amplitude of the sine that has the energy at 3 to 9 Hz, after a parabola is taken off."""
    at = np.arange(len(values))
    values = values - np.polyval(np.polyfit(at, values, 2), at)
    window = np.hanning(len(values))
    spectrum = np.fft.rfft(values * window)
    hz = np.fft.rfftfreq(len(values), HOP_S)
    inside = (hz >= SLOWEST_HZ) & (hz <= FASTEST_HZ)
    energy = float(np.sum(np.abs(spectrum[inside]) ** 2))
    return float(np.sqrt(4.0 * energy / np.sum(window**2) / len(values)))


def _mel_log(audio: np.ndarray, rate: int) -> np.ndarray:
    """(hops, BANDS) natural logarithm of the power in triangles on the mel scale."""
    power = spectrogram(audio, SIZE, FLUX_HOP) ** 2
    top = 2595 * np.log10(1 + min(HIGHEST_HZ, rate / 2) / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    hz = np.fft.rfftfreq(SIZE, 1 / rate)
    rise = (hz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - hz) / np.diff(edges)[1:, None]
    bank = np.maximum(0.0, np.minimum(rise, fall))
    mel: np.ndarray = np.log(power @ bank.T + _LEAST)
    return mel
