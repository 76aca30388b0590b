"""From a switch's edges to gestures (short, long, down, up), and from taps to a tempo."""

from __future__ import annotations

from collections.abc import Collection

from ddsp_edge.presets.mapping import Gesture
from ddsp_edge.settings import SETTINGS, Setting

#: A press is long from here on, in seconds.
HOLD_S = 0.6
#: Taps further apart than this, in seconds, begin a new tempo; closer than that are one.
SLOWEST_S, FASTEST_S = 2.0, 0.12
#: A tempo is the mean of at most so many intervals.
INTERVALS = 4
#: The multiple of the beat nearest to this is the vibrato's rate, in Hz.
USUAL_VIBRATO_HZ = 5.5


class Press:
    """The gestures of one switch. Times are in seconds of any steady clock.

    Where nothing answers to a long press, a short one is there as soon as the foot is down;
    else it must wait for the foot to come up. A long press is there while the foot is down.
    """

    def __init__(self, hold_s: float = HOLD_S) -> None:
        self.hold_s = hold_s
        self.down = False
        #: When :meth:`poll` must be called; None: nothing is to come.
        self.due_s: float | None = None

    def edge(
        self, down: bool, now_s: float, known: Collection[Gesture] = ()
    ) -> tuple[Gesture, ...]:
        """The switch is now down or up; ``known`` are the gestures that do something."""
        if down == self.down:
            return ()  # a repeat
        self.down = down
        if down:
            if "long" not in known:
                return ("down", "short")
            self.due_s = now_s + self.hold_s
            return ("down",)
        if self.due_s is None:
            return ("up",)
        # When nobody looked in time, what was held long enough is long all the same.
        late = now_s >= self.due_s
        self.due_s = None
        return ("long", "up") if late else ("short", "up")

    def poll(self, now_s: float) -> tuple[Gesture, ...]:
        """Return the gestures that time alone completes: a long press."""
        if self.due_s is None or now_s < self.due_s:
            return ()
        self.due_s = None
        return ("long",)

    def cancel(self) -> None:
        """The switch was unplugged: it counts as up, and no gesture follows."""
        self.down, self.due_s = False, None


class TapTempo:
    """Measures a tempo from the intervals between taps."""

    def __init__(self) -> None:
        self._taps: list[float] = []

    def tap(self, now_s: float) -> float | None:
        """Take a tap at ``now_s``, seconds of a steady clock.

        Returns the tempo in Hz from the second tap on, else None.
        """
        if self._taps:
            passed = now_s - self._taps[-1]
            if passed < FASTEST_S:
                return None
            if passed > SLOWEST_S:
                self._taps.clear()
        self._taps = [*self._taps[-INTERVALS:], now_s]
        beats = len(self._taps) - 1
        return beats / (self._taps[-1] - self._taps[0]) if beats else None


def vibrato_hz(tempo_hz: float) -> float:
    """The setting ``vibrato_rate`` that goes with a tempo: a whole number of swings a beat."""
    setting = SETTINGS["vibrato_rate"]
    assert isinstance(setting, Setting)
    swings = max(1, round(USUAL_VIBRATO_HZ / tempo_hz))
    return min(max(swings * tempo_hz, setting.minimum), setting.maximum)
