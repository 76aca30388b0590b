"""Faults of a recording (chords, noise, clipping, reverberation), each as a number with a limit.

The limits were set on synthetic cases (tests) and on the collections that the shipped models
are trained on (docs/training.md): clean single notes must pass, violin for two voices in a church
must not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddsp_edge.training.data.features import CONFIDENCE, FINE_HOP_S
from ddsp_edge.units import VOICED_CONFIDENCE
from native.kernel import Analyser

PEAK = 0.5  #: audio is brought to this level first
AUDIBLE_DB = 40.0  #: frames down to this far below the loud parts are assessed
LEAST_TRUSTED = 0.25  #: of the audible frames must have a clear pitch, or the file is left out
POOR_TRUSTED = 0.5
LEAST_PITCHED_S = 0.1
CHORD_DB, MOST_CHORDS = -16.0, 0.2  #: other partials this loud, in this share of the frames
MOST_NOISE_DB = -17.0  #: under the tone
MOST_FLOOR_DB = -36.0  #: of rests, under the loud parts
MOST_CLIPPED = 1.0  #: flat tops a second
LONGEST_DECAY_S = 0.55  #: to -60 dB, of the shorter note ends
LEAST_DECAYS, MOST_DECAY_S = 4, 5.0
WINDOW_S = 0.085
NEAR_CENTS = 40.0  #: a partial this near to a harmonic belongs to it


@dataclass(frozen=True)
class Assessment:
    """The quality of one file. Levels in dB relative to its loud parts; nan: not measurable."""

    trusted: float  #: share of the audible frames with a clear single pitch
    pitched_s: float  #: how long there is one
    low_hz: float  #: 5th to 95th percentile of the pitch
    high_hz: float
    low_db: float  #: the same of the loudness where there is a pitch, dBFS
    high_db: float
    chords: float  #: share of the steady frames in which another note sounds
    noise_db: float  #: what is no partial, under the tone, in steady frames
    floor_db: float  #: of the quietest fifth of a second
    clipped: float  #: flat tops a second
    decay_s: tuple[float, ...]  #: time to -60 dB of each end of a note into silence

    def warnings(self) -> list[str]:
        """Return a short line for each figure that is beyond its limit."""
        found = []
        if self.trusted < POOR_TRUSTED:
            found.append(f"only {100 * self.trusted:.0f} % has a clear single pitch")
        if self.chords > MOST_CHORDS:
            found.append(f"more than one note at once in {100 * self.chords:.0f} % of it")
        if self.noise_db > MOST_NOISE_DB:
            found.append(f"noise only {-self.noise_db:.0f} dB under the tone")
        if self.floor_db > MOST_FLOOR_DB:
            found.append(f"background noise {-self.floor_db:.0f} dB under the loud parts")
        if self.clipped > MOST_CLIPPED:
            found.append(f"clipped {self.clipped:.0f} times a second")
        if len(self.decay_s) >= LEAST_DECAYS and reverberant(self.decay_s):
            found.append(f"reverberant: notes take {np.quantile(self.decay_s, 0.25):.1f} s to fade")
        return found


def reverberant(decay_s: tuple[float, ...]) -> bool:
    """Whether the room rings: even the quickest quarter of the decays takes too long.

    A note cannot end sooner than its reverberation, so the shortest decays show the room.
    """
    return len(decay_s) > 0 and bool(np.quantile(decay_s, 0.25) > LONGEST_DECAY_S)


def clipped_tops(audio: np.ndarray, rate: int) -> float:
    """Flat tops a second: four samples alike, within 2 % of the highest, at the file's own rate."""
    level = np.abs(audio)
    top = float(level.max(initial=0.0))
    flat = (np.abs(np.diff(audio)) < 2e-5) & (level[1:] > 0.98 * top) & (top > 0.05)
    run = flat[2:] & flat[1:-1] & flat[:-2]
    starts = np.count_nonzero(run[1:] & ~run[:-1]) + int(run[:1].any())
    return float(starts * rate / max(1, len(audio)))


def assess(
    audio: np.ndarray, rate: int, lowest_hz: float, highest_hz: float, clipped: float = 0.0
) -> Assessment:
    """Assess mono ``audio``; ``clipped`` is what :func:`clipped_tops` returned for the file."""
    gain = PEAK / max(float(np.abs(audio).max()), 1e-9)
    rows = Analyser(rate, FINE_HOP_S).process((audio * gain).astype(np.float32))
    f0, loud = rows["f0_hz"], rows["loudness_db"]
    loud_parts = float(np.percentile(loud, 95))
    audible = loud > loud_parts - AUDIBLE_DB
    sure = audible & (rows["confidence"] > CONFIDENCE) & (f0 >= lowest_hz) & (f0 <= highest_hz)
    chords, noise_db = _partials(audio * gain, rate, rows, sure)
    level = loud[sure] - 20 * np.log10(gain)
    low_hz, high_hz = np.percentile(f0[sure], [5, 95]) if sure.any() else (np.nan, np.nan)
    low_db, high_db = np.percentile(level, [5, 95]) if sure.any() else (np.nan, np.nan)
    return Assessment(
        trusted=float(sure.sum() / max(1, audible.sum())),
        pitched_s=float(sure.sum() * FINE_HOP_S),
        low_hz=float(low_hz),
        high_hz=float(high_hz),
        low_db=float(low_db),
        high_db=float(high_db),
        chords=chords,
        noise_db=noise_db,
        floor_db=_floor_db(loud, rows["confidence"]) - loud_parts,
        clipped=clipped,
        decay_s=tuple(_decays(loud, loud_parts)),
    )


def _partials(
    audio: np.ndarray, rate: int, rows: np.ndarray, sure: np.ndarray
) -> tuple[float, float]:
    """Share of steady frames with foreign partials, and the noise between partials, dB."""
    size = 1 << round(np.log2(WINDOW_S * rate))
    half = round(size / 2 / rate / FINE_HOP_S)
    log_f0 = np.log2(np.maximum(rows["f0_hz"], 1.0)) * 1200
    window = np.hanning(size)
    bins_hz = np.arange(size // 2 + 1) * rate / size
    audible = (bins_hz > 60) & (bins_hz < 6000)
    foreign, noise = [], []
    for i in range(2 * half, len(rows) - half, 10):
        # The frame hears up to its position; it is the middle of a window that is steady.
        around = slice(i - half, i + half + 1)
        if not sure[around].all() or np.ptp(log_f0[around]) > 25:
            continue
        start = min(int(rows["position"][i]) - size // 2, len(audio) - size)
        power = np.abs(np.fft.rfft(audio[start : start + size] * window, size)) ** 2
        f0 = float(rows["f0_hz"][i])
        if f0 < 4.5 * rate / size:  # harmonics this near to each other leave no room between
            continue
        order = np.maximum(1, np.round(bins_hz / f0))
        reach = np.maximum(2.5 * rate / size, bins_hz * (2 ** (NEAR_CENTS / 1200) - 1))
        own = np.abs(bins_hz - order * f0) <= reach
        total = power[audible].sum()
        rest = np.where(own | ~audible, 0.0, power)
        others = rest[(~own) & audible]
        if len(others) < 8 or total <= 0:
            continue
        floor = np.median(others)
        # Partials stand out from what is around them; of noise few bins are 16 dB over the median.
        peaks = rest > 40 * floor
        energy = np.bincount(order.astype(int), np.where(own & audible, power, 0.0))[1:]
        two = _comb_of_two(energy)
        foreign.append(0.0 if two else 10 * np.log10(max(rest[peaks].sum() / total, 1e-9)))
        width = audible.sum() / max(1, ((~own) & audible).sum())
        noise.append(10 * np.log10(max(rest[~peaks].sum() * width / total, 1e-9)))
    if len(foreign) < 3:
        return 0.0, float("nan")
    return float(np.mean(np.array(foreign) > CHORD_DB)), float(np.median(noise))


def _comb_of_two(energy: np.ndarray) -> bool:
    """Whether what seems the harmonics of one pitch are those of two above it.

    ``energy`` is that of harmonics 1, 2, ... Two notes a fifth apart have a common period; of its
    harmonics only the multiples of 2 and of 3 are there.
    """
    orders = np.arange(1, len(energy) + 1)
    strong = orders[energy > 0.01 * energy.max()]
    first = int(strong[0])
    others = strong[strong % first != 0]
    if first == 1 or len(others) == 0:
        return False
    neither = (orders % first != 0) & (orders % int(others[0]) != 0)
    return bool(energy[neither].sum() < 0.01 * energy.sum())


def _floor_db(loud: np.ndarray, confidence: np.ndarray) -> float:
    """Level of the quietest steady 0.3 s without a pitch; nan where there is only silence."""
    size = round(0.3 / FINE_HOP_S)
    if len(loud) < 3 * size:
        return float("nan")
    windows = np.lib.stride_tricks.sliding_window_view(np.asarray(loud, np.float64), size)
    pitched = np.convolve(confidence >= VOICED_CONFIDENCE, np.ones(size) / size, "valid")
    low, high = np.percentile(windows, [10, 90], axis=1)
    rests = (pitched < 0.1) & (high - low < 6.0) & (low > -110.0)
    return float(np.mean(windows[rests], axis=1).min()) if rests.any() else float("nan")


def _decays(loud: np.ndarray, loud_parts: float) -> list[float]:
    """Decay times to -60 dB in seconds, from linear decays of 9 to 25 dB after a note's end."""
    # Over 60 ms: the partials of a dying tone beat, and each such dip would look like an end.
    power = np.convolve(10 ** (np.asarray(loud, np.float64) / 10), np.ones(12) / 12, "same")
    loud = 10 * np.log10(power + 1e-12)
    found, i, ahead = [], 0, 16
    while i < len(loud) - 2 * ahead:
        if loud[i] < loud_parts - 15 or loud[i] - loud[i + ahead] < 4.0:
            i += 1
            continue
        start = end = i + ahead
        least = float(loud[start])
        while end + 1 < len(loud) and loud[end + 1] < least + 1.0 and loud[start] - least < 25.0:
            end += 1
            least = min(least, float(loud[end]))
        fall = loud[start : end + 1]
        if fall[0] - fall[-1] >= 9.0 and len(fall) >= 4:
            line = np.polyfit(np.arange(len(fall)) * FINE_HOP_S, fall, 1)
            off = fall - np.polyval(line, np.arange(len(fall)) * FINE_HOP_S)
            if np.std(off) < 2.0 and line[0] < -60.0 / MOST_DECAY_S:
                found.append(-60.0 / float(line[0]))
        i = end + 1
    return found
