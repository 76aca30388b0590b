"""Learning by touch: the next control that is moved gets the job.

Pure logic on a clock of its caller's; firmware_py/learn/midi_learn.py keeps what was learnt.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ddsp_edge.errors import UserError
from ddsp_edge.presets.actions import parse_action
from ddsp_edge.presets.mapping import Control, Gesture, Mapping
from ddsp_edge.settings import SETTINGS, Choice, Setting, known

Keep = Literal["device", "preset"]
LEAST_S, MOST_S, USUAL_S = 1.0, 120.0, 30.0
#: A pedal or knob is meant from this share of its way on: a resting foot trembles.
TRAVEL = 0.1
#: So long others may overtake the first that was moved: the one that moved most is taken.
SETTLE_S = 0.3
#: Controllers that say how others are to be read, never what a hand does.
SILENT_CC = frozenset((0, 6, 32, 38, *range(98, 102), *range(120, 128)))
#: The fine half of controller n is n + FINE.
FINE = 32
DOWN = 0.5  #: a controller that is pressed


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be learnt: a setting or an action, and where it is kept. Raises UserError."""

    set: str = ""
    do: str = ""
    low: float | None = None
    high: float | None = None
    keep: Keep = "device"
    replace: bool = False
    seconds: float = USUAL_S

    def __post_init__(self) -> None:
        if bool(self.set) == bool(self.do):
            raise UserError("learn: give it either a setting or an action; set or do")
        if self.keep not in ("device", "preset"):
            raise UserError(f"learn: keep {self.keep[:40]!r}; choose device or preset")
        if not LEAST_S <= self.seconds <= MOST_S:
            raise UserError(f"learn: {self.seconds:g} s; choose {LEAST_S:g} to {MOST_S:g}")
        if self.do:
            parse_action(self.do)
            if self.low is not None or self.high is not None:
                raise UserError(f"learn: {self.do} has no range; leave low and high out")
            return
        setting = SETTINGS[known(self.set)]
        if isinstance(setting, Choice) and (self.low is not None or self.high is not None):
            raise UserError(f"learn: {self.set} is one of {setting.range}; leave low and high out")
        self.mapping(Control("cc", "1", "move"))  # its range is checked there

    @property
    def range(self) -> tuple[float, float] | None:
        """As it was asked for; None: the setting's own."""
        if self.low is None and self.high is None:
            return None
        setting = SETTINGS[self.set]
        assert isinstance(setting, Setting)
        return (
            setting.minimum if self.low is None else self.low,
            setting.maximum if self.high is None else self.high,
        )

    def fits(self, gesture: Gesture) -> bool:
        """Actions are pressed, settings also moved."""
        return not self.do or gesture not in ("move", "turn")

    def mapping(self, control: Control) -> Mapping:
        """What ``control`` is to do. Raises UserError."""
        if self.do:
            return Mapping(str(control), do=self.do)
        setting, range_ = SETTINGS[self.set], self.range
        if control.gesture not in ("move", "turn") and isinstance(setting, Setting):
            range_ = range_ or (setting.minimum, setting.maximum)  # a press takes the other end
        return Mapping(str(control), set=self.set, range=range_)

    def as_json(self) -> dict[str, Any]:
        """For answers and the status."""
        values = asdict(self)
        del values["low"], values["high"]
        range_ = self.range
        return {
            **values,
            "set": self.set or None,
            "do": self.do or None,
            "range": list(range_) if range_ else None,
        }


@dataclass(slots=True)
class _Seen:
    """One control that was moved since the lesson began."""

    low: float
    high: float
    values: set[float] = field(default_factory=set)

    @property
    def travel(self) -> float:
        return self.high - self.low


class Learner:
    """One lesson. Times are seconds of any steady clock.

    ``job(control)`` says in words what a control does already ("" where nothing, or where it is
    free to be taken). :meth:`hear` returns True for what nobody else should act on.
    """

    def __init__(self, lesson: Lesson, job: Callable[[Control], str], now_s: float) -> None:
        self.lesson, self._job = lesson, job
        self.ends_s = now_s + lesson.seconds
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._settled_s: float | None = None
        self._pressed: Control | None = None
        self._told: set[Control] = set()
        #: Controls that were moved and have a job already: (control, job), until taken out.
        self.refused: list[tuple[Control, str]] = []
        self._lock = threading.Lock()

    def hear(self, kind: str, name: str, gesture: Gesture, value: float, now_s: float) -> bool:
        """ "move" to a position 0..1, "turn" by clicks, or "down". Any thread."""
        if kind == "cc" and int(name) in SILENT_CC:
            return False
        with self._lock:
            if gesture == "move":
                return self._moved(kind, name, value, now_s)
            control = Control(kind, name, "turn" if gesture == "turn" else "short")
            if not self.lesson.fits(control.gesture) or self._pressed is not None:
                return False
            if not self._free(control):
                return False
            self._pressed = control
            return True

    def _moved(self, kind: str, name: str, value: float, now_s: float) -> bool:
        if kind == "expression" and self.lesson.do:
            return False  # it cannot be pressed
        seen = self._seen.setdefault((kind, name), _Seen(value, value))
        seen.low, seen.high = min(seen.low, value), max(seen.high, value)
        seen.values.add(value)
        # A button that sends only its pressed state has no way to go.
        if seen.travel < TRAVEL and not (kind == "cc" and seen.values == {1.0}):
            return False
        if self._settled_s is None:
            self._settled_s = now_s + SETTLE_S
        return True

    def _free(self, control: Control) -> bool:
        job = self._job(control)
        if not job:
            return True
        if control not in self._told:
            self._told.add(control)
            self.refused.append((control, job))
        return False

    def poll(self, now_s: float) -> Control | None:
        """The control that is taken, once it is sure. Any thread."""
        with self._lock:
            if self._pressed is not None:
                return self._pressed
            if self._settled_s is None or now_s < self._settled_s:
                return None
            self._settled_s = None
            for (kind, name), seen in sorted(self._seen.items(), key=lambda s: -s[1].travel):
                coarse = str(int(name) - FINE) if kind == "cc" else ""
                if kind == "cc" and FINE <= int(name) < 2 * FINE and ("cc", coarse) in self._seen:
                    continue  # it wraps round while the coarse half moves on
                control = self._as_control(kind, name, seen)
                if control is not None and self._free(control):
                    return control
            self._seen.clear()
            return None

    def _as_control(self, kind: str, name: str, seen: _Seen) -> Control | None:
        """How it is to be used: a controller that only knows 0 and 127 is a button."""
        button = kind == "cc" and seen.values <= {0.0, 1.0}
        if self.lesson.do or button:
            down = max(seen.values) >= DOWN
            return Control(kind, name, "short") if down and kind == "cc" else None
        return Control(kind, name, "move") if seen.travel >= TRAVEL else None
