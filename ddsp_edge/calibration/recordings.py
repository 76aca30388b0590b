"""How an instrument's recordings change their brightness with loudness."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ddsp_edge.evaluation.spectrum import spectrogram
from ddsp_edge.units import hz_to_midi
from native.kernel import Analyser

HOP_S = 0.01
WINDOW = 2048
TRUSTED = 0.8  #: the analyser's confidence, 0..1
AUDIBLE_DB = -50.0
BINS = 6  #: of loudness, with as many frames each
LEAST_FRAMES = 100  #: of a note


def centroid_fall(sounds: Iterable[np.ndarray], rate: int) -> float:
    """Return by how much the spectral centroid falls from softer to louder, as a share 0..1.

    ``sounds`` are mono, at ``rate``. Frames with a clear pitch are compared with others of the
    same note: the deepest fall of the median over bins of loudness. 0 where it never falls.
    """
    rows = [_rows(np.asarray(sound, np.float32), rate) for sound in sounds]
    notes, loudness, brightness = np.concatenate(rows, axis=1) if rows else np.zeros((3, 0))
    louder, brighter = [], []
    for note in np.unique(notes):
        own = notes == note
        if own.sum() >= LEAST_FRAMES:
            louder.append(loudness[own])
            brighter.append(brightness[own] - np.median(brightness[own]))
    if not louder:
        return 0.0
    loud, bright = np.concatenate(louder), np.concatenate(brighter)
    edges = np.quantile(loud, np.linspace(0.0, 1.0, BINS + 1))
    place = np.clip(np.searchsorted(edges, loud, side="right") - 1, 0, BINS - 1)
    curve = np.array([np.median(bright[place == i]) for i in range(BINS) if (place == i).any()])
    deepest = float((np.maximum.accumulate(curve) - curve).max())
    return float(1.0 - np.exp(-deepest))


def _rows(sound: np.ndarray, rate: int) -> np.ndarray:
    """(note, loudness in dB, log of the centroid) of each trusted frame, (3, frames)."""
    if len(sound) < 2 * WINDOW:
        return np.zeros((3, 0))
    heard = Analyser(rate, HOP_S).process(sound)
    power = spectrogram(sound, WINDOW, round(HOP_S * rate)) ** 2
    hz = np.fft.rfftfreq(WINDOW, 1.0 / rate)
    at = np.clip((heard["position"] - WINDOW // 2) // round(HOP_S * rate), 0, len(power) - 1)
    trusted = (heard["confidence"] > TRUSTED) & (heard["loudness_db"] > AUDIBLE_DB)
    trusted &= heard["f0_hz"] > 0
    power = power[at][trusted]
    centroid = np.log(np.maximum(power @ hz, 1e-12) / np.maximum(power.sum(axis=1), 1e-12))
    notes = np.round(hz_to_midi(heard["f0_hz"][trusted]))
    return np.array([notes, heard["loudness_db"][trusted], centroid])
