"""Measures of loudness, silence and clicks."""

from __future__ import annotations

import numpy as np

FLOOR_DB = -60.0  #: quieter is the same as this in correlations
PLACES = 64  #: of a control frame, beside its edge, where sharpness is measured
#: A lone click is so many times as sharp as anything so near, and no softer than this.
ALONE, AROUND_S, AUDIBLE = 2.5, 0.03, 5e-4


def peak_dbfs(audio: np.ndarray) -> float:
    """Return the largest sample in dB re full scale; -200 for digital silence."""
    return float(20 * np.log10(max(float(np.abs(audio).max(initial=0.0)), 1e-10)))


def loudness_track(
    audio: np.ndarray, rate: int, hop_s: float = 0.01, window_s: float = 0.04
) -> np.ndarray:
    """Return the mean square in dB re full scale, over Hann windows centred on each hop."""
    size, hop = round(window_s * rate), round(hop_s * rate)
    window = np.hanning(size + 2)[1:-1]
    window /= window.sum()
    power = np.convolve(np.asarray(audio, np.float64) ** 2, window, "same")[::hop]
    return 10 * np.log10(np.maximum(power, 1e-12))


def loudness_correlation(
    reference: np.ndarray, audio: np.ndarray, rate: int, delay_s: float = 0.0
) -> float:
    """Pearson's correlation of the two loudness tracks in dB, floor -60 dB.

    ``audio`` is taken to come ``delay_s`` later; silence at both ends of it counts.
    """
    shifted = np.asarray(audio)[round(delay_s * rate) :]
    count = min(len(reference), len(shifted))
    a = np.maximum(loudness_track(reference[:count], rate), FLOOR_DB)
    b = np.maximum(loudness_track(shifted[:count], rate), FLOOR_DB)
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def click_ratio(audio: np.ndarray, rate: int, edge_s: float) -> float:
    """Return how much sharper the sound is at the edges of control frames than elsewhere.

    The sharpness of a sample is its third difference, of which the 99th percentile at the edges
    (every ``edge_s``, +-1 sample) is compared with that at the sharpest other place of the frame:
    where a few periods of a bowed string are as long as a few frames, its corners come at the edges
    and at few other places. About 1 or less without clicks; a step of -40 dB at each edge makes it
    several times that.
    """
    audio = np.asarray(audio, np.float64)
    sharp = np.abs(np.diff(audio, 3))
    count = int(len(sharp) / rate / edge_s) - 1

    def sharpness(place: float) -> float:
        """At so much of a frame, 0 to 1, after the edges."""
        at = np.round((np.arange(1, count) + place) * edge_s * rate).astype(int)
        around = at[:, None] + np.arange(-3, 2)
        return float(np.percentile(sharp[np.clip(around, 0, len(sharp) - 1)].max(axis=1), 99))

    between = max(sharpness(place) for place in np.linspace(0.05, 0.95, PLACES))
    return sharpness(0.0) / max(between, 1e-12)


def lone_clicks(audio: np.ndarray, rate: int) -> int:
    """Moments that are sharper than anything around: cracks, jumps, cut-off ends.

    In steps of a millisecond: the largest third difference there is more than ALONE times the
    largest within AROUND_S before and after. Corners that come back with every period of a
    bowed string are as sharp as their neighbours and no clicks.
    """
    step = max(1, round(0.001 * rate))
    sharp = np.abs(np.diff(np.pad(np.asarray(audio, np.float64), 3), 3))
    sharp = np.pad(sharp, (0, -len(sharp) % step)).reshape(-1, step).max(axis=1)
    reach = round(AROUND_S * rate / step)
    around = np.lib.stride_tricks.sliding_window_view(np.pad(sharp, reach), 2 * reach + 1).copy()
    around[:, reach - 1 : reach + 2] = 0.0  # itself: a click may lie across two steps
    alone = (sharp > ALONE * around.max(axis=1)) & (sharp > AUDIBLE)
    return int(np.sum(alone[1:] & ~alone[:-1])) + int(alone[:1].sum())
