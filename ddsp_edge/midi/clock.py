"""The beat of a MIDI clock: 24 messages a beat, which come early, late, in bursts or not at all."""

from __future__ import annotations

from collections import deque

from ddsp_edge.midi.beat import Beat

#: Clock messages in a beat, and those in a unit of the song position (a sixteenth).
PER_BEAT, PER_SIXTEENTH = 24, 6
#: Messages without which nothing is known, and those that count in what is known.
FEWEST, MEMORY = 8, 48
#: Without a message for so many of their distances, and at least so many seconds, it is lost.
LOST_MESSAGES, LOST_S = 12.0, 0.5
#: Beats a minute of clocks that are followed.
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
#: The tempo has changed: the last RECENT messages came early or late by so much of their distance
#: on average; or so many of the last PER_BEAT were one too many or were missed.
RECENT, OFF = 8, 0.25
WRONG = 8
#: After a change the estimate is worth this many messages.
DOUBT = 3
SHORTEST_S, LONGEST_S = 60.0 / FASTEST_BPM / PER_BEAT, 60.0 / SLOWEST_BPM / PER_BEAT


class MidiClock:
    """Estimates tempo and position from the times at which the messages of one clock arrive.

    A straight line is fitted to the arrivals, with a memory of two beats: jitter of a quarter of
    the messages' distance moves the tempo by 1.5 per cent at most, lost messages leave the
    position alone, and so do those that were held up and then come at once. Another tempo is
    followed within two beats. Times are seconds of any steady clock, in order. Not thread-safe.
    """

    def __init__(self) -> None:
        self.runs = False  #: between start or continue, and stop
        self._ticks = 0.0  # of the line at _line_s, from the song's beginning
        self._next = 0.0  # of the first message after "continue"
        self._forget()

    def _forget(self) -> None:
        self._heard_s: float | None = None  # the last message
        self._line_s, self._period_s, self._count = 0.0, 0.0, 0
        self._errors: deque[float] = deque(maxlen=RECENT)
        self._steps: deque[int] = deque(maxlen=PER_BEAT)

    def receive(self, kind: str, time_s: float, position: int = 0) -> bool:
        """Take a message of mido's type ``kind``; return whether it was one of a clock's.

        ``position``: of "songpos", in sixteenths from the song's beginning.
        """
        if kind == "clock":
            self._tick(time_s)
        elif kind == "start":
            self.runs, self._ticks = True, -1.0  # the next message is the first beat
        elif kind == "continue":
            if not self.runs:
                self.runs, self._ticks = True, self._next - 1.0
        elif kind == "stop":
            if self.runs:  # the clock may go on, and the beat with it
                self.runs, self._next = False, self._ticks + 1.0
        elif kind == "songpos":
            self._next = float(position * PER_SIXTEENTH)
            if self.runs:
                self._ticks = self._next - 1.0
        else:
            return False
        return True

    def _tick(self, time_s: float) -> None:
        if self._heard_s is None or time_s - self._heard_s > self._lost_s:
            self._forget()
            self._line_s, self._count = time_s, 1
            self._ticks = round(self._ticks) + 1.0
        elif self._count == 1:
            self._ticks += 1.0
            gap_s = time_s - self._line_s
            self._period_s = min(max(gap_s, SHORTEST_S), LONGEST_S)
            self._line_s, self._count = time_s, 2
        else:
            self._fit(time_s)
        self._heard_s = time_s

    def _fit(self, time_s: float) -> None:
        steps = round((time_s - self._line_s) / self._period_s)
        self._steps.append(steps)
        if steps > 0:  # else one that was taken for lost has come late
            error_s = time_s - self._line_s - steps * self._period_s
            self._errors.append(error_s / self._period_s)
            self._count = min(self._count + 1, MEMORY)
            n = self._count  # the least squares of n points; from MEMORY on older ones fade
            self._line_s += steps * self._period_s + error_s * 2.0 * (2 * n - 1) / (n * (n + 1))
            self._period_s += error_s / steps * 6.0 / (n * (n + 1))
            self._period_s = min(max(self._period_s, SHORTEST_S), LONGEST_S)
            self._ticks += steps
        self._doubt(time_s)

    def _doubt(self, time_s: float) -> None:
        """Where the messages no longer fit, begin again with their newest distance."""
        full = len(self._steps) == PER_BEAT
        wrong = full and sum(step != 1 for step in self._steps) >= WRONG
        off = len(self._errors) == RECENT and abs(sum(self._errors)) > OFF * RECENT
        if not (wrong or off):
            return
        if wrong:  # each message was one after all
            self._ticks += len(self._steps) - sum(max(step, 0) for step in self._steps)
            self._period_s *= sum(max(step, 0) for step in self._steps) / len(self._steps)
            self._period_s = min(max(self._period_s, SHORTEST_S), LONGEST_S)
        self._line_s, self._count = time_s, DOUBT
        self._errors.clear()
        self._steps.clear()

    @property
    def _lost_s(self) -> float:
        return max(LOST_S, LOST_MESSAGES * self._period_s)

    def beat(self, time_s: float) -> Beat | None:
        """Return where the beat is at a time; None: no clock is heard, or not for long enough."""
        if self._heard_s is None or time_s - self._heard_s > self._lost_s or self._count < FEWEST:
            return None
        hz = 1.0 / (self._period_s * PER_BEAT)
        ticks = self._ticks + (time_s - self._line_s) / self._period_s
        return Beat(time_s, ticks / PER_BEAT, hz)
