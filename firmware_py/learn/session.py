"""Which control a person means while one is learned: the one that is moved or pressed next.

Pure logic, on the caller's clock; firmware_py/learn/midi_learn.py stores the result.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ddsp_edge.errors import UserError
from ddsp_edge.presets.actions import parse_action
from ddsp_edge.presets.mapping import ControlGesture, ControlMapping, Gesture
from ddsp_edge.settings import SETTINGS, Choice, Setting, known

Keep = Literal["device", "preset"]
LEAST_S, MOST_S, USUAL_S = 1.0, 120.0, 30.0
#: A pedal or knob counts from this share of its travel on: a resting foot trembles.
TRAVEL = 0.1
#: For so long after the first movement others may still overtake it: the largest travel wins.
SETTLE_S = 0.3
#: Controllers that say how others are to be read; no hand moves them.
SILENT_CC = frozenset((0, 6, 32, 38, *range(98, 102), *range(120, 128)))
#: The low seven bits of controller n arrive as controller n + FINE.
FINE = 32
DOWN = 0.5  #: from this position on a button is pressed


@dataclass(frozen=True, slots=True)
class LearnRequest:
    """What to learn: a setting or an action, its range, where it is stored, and for how many
    seconds to listen. Raises UserError."""

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
        self.mapping(ControlGesture("cc", "1", "move"))  # its range is checked there

    @property
    def range(self) -> tuple[float, float] | None:
        """The range that was asked for; None for the setting's own."""
        if self.low is None and self.high is None:
            return None
        setting = SETTINGS[self.set]
        assert isinstance(setting, Setting)
        return (
            setting.minimum if self.low is None else self.low,
            setting.maximum if self.high is None else self.high,
        )

    def fits(self, gesture: Gesture) -> bool:
        """Whether a gesture can do it: actions are pressed, settings also moved or turned."""
        return not self.do or gesture not in ("move", "turn")

    def mapping(self, control: ControlGesture) -> ControlMapping:
        """Return the mapping that gives ``control`` this setting or action. Raises UserError."""
        if self.do:
            return ControlMapping(str(control), do=self.do)
        setting, range_ = SETTINGS[self.set], self.range
        if control.gesture not in ("move", "turn") and isinstance(setting, Setting):
            range_ = range_ or (setting.minimum, setting.maximum)  # a press toggles its ends
        return ControlMapping(str(control), set=self.set, range=range_)

    def as_json(self) -> dict[str, Any]:
        """Return the request as plain JSON values, for answers and the status."""
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
    """The positions, 0..1, of one control since the session began."""

    low: float
    high: float
    values: set[float] = field(default_factory=set)

    @property
    def travel(self) -> float:
        return self.high - self.low


class LearnSession:
    """Finds the control for one request. Times are seconds of any steady clock.

    ``present_use(control)`` names the setting or action that a control has and must keep ("":
    it may be taken). :meth:`hear` returns True for what must have no other effect.
    Any thread may call the methods.
    """

    def __init__(
        self, request: LearnRequest, present_use: Callable[[ControlGesture], str], now_s: float
    ) -> None:
        self.request, self._present_use = request, present_use
        self.ends_s = now_s + request.seconds
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._settled_s: float | None = None
        self._pressed: ControlGesture | None = None
        self._told: set[ControlGesture] = set()
        #: Controls that were moved but are in use, with their use; the caller takes them out.
        self.refused: list[tuple[ControlGesture, str]] = []
        self._lock = threading.Lock()

    def hear(self, kind: str, name: str, gesture: Gesture, value: float, now_s: float) -> bool:
        """A control was moved to a position 0..1 ("move"), turned by clicks ("turn") or pressed
        ("down")."""
        if kind == "cc" and int(name) in SILENT_CC:
            return False
        with self._lock:
            if gesture == "move":
                return self._moved(kind, name, value, now_s)
            control = ControlGesture(kind, name, "turn" if gesture == "turn" else "short")
            if not self.request.fits(control.gesture) or self._pressed is not None:
                return False
            if not self._free(control):
                return False
            self._pressed = control
            return True

    def _moved(self, kind: str, name: str, value: float, now_s: float) -> bool:
        if kind == "expression" and self.request.do:
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

    def _free(self, control: ControlGesture) -> bool:
        use = self._present_use(control)
        if not use:
            return True
        if control not in self._told:
            self._told.add(control)
            self.refused.append((control, use))
        return False

    def poll(self, now_s: float) -> ControlGesture | None:
        """Return the control that is meant once that is certain, else None."""
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

    def _as_control(self, kind: str, name: str, seen: _Seen) -> ControlGesture | None:
        """The gesture to map: a controller that only sends 0 and 127 is a button."""
        button = kind == "cc" and seen.values <= {0.0, 1.0}
        if self.request.do or button:
            down = max(seen.values) >= DOWN
            return ControlGesture(kind, name, "short") if down and kind == "cc" else None
        return ControlGesture(kind, name, "move") if seen.travel >= TRAVEL else None
