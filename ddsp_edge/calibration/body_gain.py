"""What a bundle's response of body and room does to sines and noise that are held."""

from __future__ import annotations

import numpy as np

from ddsp_edge.bundles.response import BodyResponse

#: Points of the spectrum for each sample of the response, and at least: between them it is a
#: straight line, and in every noise band there are many.
FINER, LEAST_POINTS = 8, 1 << 15


class BodyGain:
    """Power gains of the voices with their response (``body`` = 1), by frequency."""

    def __init__(self, response: BodyResponse) -> None:
        size = 1 << (max(FINER * len(response.samples), LEAST_POINTS) - 1).bit_length()
        self._spectrum = 1.0 + np.fft.rfft(response.samples.astype(np.float64), n=size)
        self._step_hz = response.rate / size

    def at(self, hz: np.ndarray) -> np.ndarray:
        """The power gain of a sine at each frequency in Hz; 1 above half the response's rate."""
        place, points = hz / self._step_hz, np.arange(len(self._spectrum))
        real, imaginary = (
            np.interp(place, points, part, right=edge)
            for part, edge in ((self._spectrum.real, 1.0), (self._spectrum.imag, 0.0))
        )
        return np.asarray(real**2 + imaginary**2)

    def of_bands(self, count: int, top_hz: float) -> np.ndarray:
        """The mean power gain of noise around each of ``count`` points from 0 to ``top_hz`` Hz."""
        power = np.abs(self._spectrum) ** 2
        hz = np.arange(len(power)) * self._step_hz
        band = np.round(hz / top_hz * (count - 1)).astype(int)
        kept = band < count
        sums = np.bincount(band[kept], power[kept], count)
        return sums / np.maximum(np.bincount(band[kept], minlength=count), 1)
