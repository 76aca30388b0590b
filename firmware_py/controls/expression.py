"""From an expression pedal's readings to a position that is still when the foot is."""

from __future__ import annotations

from firmware_py.controls.config import ExpressionConfig

#: Readings a second.
RATE_HZ = 100.0
#: A new position is told when it is so far from the last one told: four steps of ten bits ...
DEAD = 0.004
#: ... and the last hundredth at both ends is the end, which worn pedals do not quite reach.
END = 0.01
#: Share of the way that a reading moves the position: noise of a converter is smoothed in 20 ms.
SMOOTH = 0.4


class PedalPosition:
    """Filters readings: median of three against spikes, smoothing, calibration, a dead zone."""

    def __init__(self, config: ExpressionConfig) -> None:
        self._config = config
        self._last: list[float] = []
        self._smooth: float | None = None
        self._told: float | None = None

    def again(self) -> None:
        """Let the next reading report the position even if it has not moved."""
        self._told = None

    def read(self, raw: float) -> float | None:
        """Take a reading of the converter, 0..1; returns the position, 0..1, where it is a new one,
        else None."""
        if not 0.0 <= raw <= 1.0:
            return None
        self._last = [*self._last[-2:], raw]
        middle = sorted(self._last)[len(self._last) // 2]
        if self._smooth is None:
            self._smooth = middle
        self._smooth += SMOOTH * (middle - self._smooth)
        heel, toe = self._config.heel, self._config.toe
        position = (self._smooth - heel) / (toe - heel)
        position = 0.0 if position < END else 1.0 if position > 1.0 - END else position
        if self._told is not None:
            at_end = position in (0.0, 1.0) and position != self._told
            if abs(position - self._told) < DEAD and not at_end:
                return None
        self._told = position
        return position
