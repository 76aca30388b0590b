"""From a control (footswitch, expression pedal, encoder, MIDI CC) to a setting or an action."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ddsp_edge.errors import UserError
from ddsp_edge.presets.actions import Action, parse_action
from ddsp_edge.settings import SETTINGS, Choice, Setting, Settings, known

Gesture = Literal["short", "long", "down", "up", "move", "turn"]
PRESSES = ("short", "long", "down", "up")
#: Kind of control to the gestures that may be named; the first is meant where none is.
KINDS: dict[str, tuple[Gesture, ...]] = {
    "switch": ("short", "long", "down", "up"),
    "expression": ("move",),
    "encoder": ("turn", "short", "long", "down", "up"),
    "cc": ("move", "short", "long", "down", "up"),
    "note": ("short", "long", "down", "up"),
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
#: How much of its way a click of an encoder moves a setting.
ENCODER_STEP = 1 / 48


@dataclass(frozen=True, slots=True)
class ControlGesture:
    """A gesture on a named control: ``switch left long``, ``cc 11``, ``expression swell``."""

    kind: str
    name: str
    gesture: Gesture

    def __str__(self) -> str:
        default = KINDS[self.kind][0]
        tail = "" if self.gesture == default else f" {self.gesture}"
        return f"{self.kind} {self.name}{tail}"


def parse_control(text: str) -> ControlGesture:
    """Parse ``KIND NAME [GESTURE]``. Raises UserError."""
    words = text.split()
    if len(words) not in (2, 3) or words[0] not in KINDS:
        raise UserError(
            f"control {text[:60]!r}: write KIND NAME or KIND NAME GESTURE, KIND one of "
            f"{', '.join(KINDS)}; for instance 'switch left long' or 'cc 11'"
        )
    kind, name = words[0], words[1]
    if not _NAME.fullmatch(name):
        raise UserError(f"control {text[:60]!r}: a name is letters, digits, - and _")
    if kind in ("cc", "note"):
        if not (name.isascii() and name.isdecimal() and int(name) <= 127):
            what = "controllers" if kind == "cc" else "notes"
            raise UserError(f"control {text[:60]!r}: MIDI {what} are 0 to 127")
        name = str(int(name))
    gestures = KINDS[kind]
    gesture = words[2] if len(words) == 3 else gestures[0]
    for known_one in gestures:
        if known_one == gesture:
            return ControlGesture(kind, name, known_one)
    raise UserError(f"control {text[:60]!r}: {kind} has the gestures {', '.join(gestures)}")


@dataclass(frozen=True, slots=True)
class Change:
    """A setting with the new value that a control gives it."""

    setting: str
    value: Any


@dataclass(frozen=True, slots=True)
class ControlMapping:
    """One line of a preset's ``[[mappings]]`` or of the device's config. Raises UserError.

    ``set`` a setting or ``do`` an action. A setting moves between the ends of ``range`` (its
    own where left out; the first may be the higher) or goes through ``values``: a position
    picks one, a press takes the next.
    """

    control: str
    set: str = ""
    do: str = ""
    range: tuple[float, float] | None = None
    values: tuple[float | str, ...] = ()
    curve: Literal["linear", "slow", "fast"] = "linear"  #: slow: fine at the low end
    source: ControlGesture = field(init=False, repr=False, compare=False)
    action: Action | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", parse_control(self.control))
        object.__setattr__(self, "action", parse_action(self.do) if self.do else None)
        if bool(self.set) == bool(self.do):
            raise UserError(f"control {self.control!r}: give it either set or do")
        if self.do:
            self._check_action()
        else:
            self._check_setting()

    def _check_action(self) -> None:
        if self.source.gesture not in PRESSES:
            raise UserError(
                f"control {self.control!r} is moved, not pressed; for do = {self.do!r} write "
                f"'{self.source.kind} {self.source.name} short'"
                if self.source.kind != "expression"
                else f"control {self.control!r} is moved, not pressed: it has set, not do"
            )
        if self.range is not None or self.values:
            raise UserError(f"control {self.control!r}: do = {self.do!r} has no range or values")

    def _check_setting(self) -> None:
        setting = SETTINGS[known(self.set)]
        if self.range is not None and (self.values or isinstance(setting, Choice)):
            raise UserError(f"control {self.control!r}: give {self.set} values, not a range")
        if len(self.values) == 1:
            raise UserError(f"control {self.control!r}: give at least two values")
        for value in (*self.values, *(self.range or ())):
            setting.parse(self.set, value)
        if self.source.gesture in PRESSES and isinstance(setting, Setting) and not self._ends:
            raise UserError(
                f"control {self.control!r}: a press takes the next of two or more values of "
                f"{self.set}; give values"
            )

    @property
    def _ends(self) -> tuple[Any, ...]:
        """Return the values that presses of a switch go through in turn."""
        setting = SETTINGS[self.set]
        if self.values:
            return tuple(setting.parse(self.set, value) for value in self.values)
        if isinstance(setting, Choice):
            return setting.choices
        return self.range or ()

    def at(self, position: float) -> Any:
        """Return the setting's value at a pedal's position 0..1."""
        setting = SETTINGS[self.set]
        position = min(1.0, max(0.0, position)) if position == position else 0.0
        if self.curve == "slow":
            position *= position
        elif self.curve == "fast":
            position = 1.0 - (1.0 - position) ** 2
        if self.values or isinstance(setting, Choice):
            steps = self._ends
            return steps[min(len(steps) - 1, int(position * len(steps)))]
        low, high = self.range or (setting.minimum, setting.maximum)
        value = low + position * (high - low)
        value = min(max(value, min(low, high)), max(low, high))
        return round(value) if setting.whole else value

    def pressed(self, now: Any) -> Any:
        """Return the value that follows ``now``; the first after the last and after any other
        value.
        """
        ends = self._ends
        for i, value in enumerate(ends):
            if value == now or (isinstance(value, float) and math.isclose(value, now)):
                return ends[(i + 1) % len(ends)]
        return ends[0]

    def turned(self, now: Any, clicks: float) -> Any:
        """Return the value so many clicks of an encoder away from ``now``."""
        setting = SETTINGS[self.set]
        if self.values or isinstance(setting, Choice):
            steps = self._ends
            at = steps.index(now) if now in steps else 0
            return steps[min(len(steps) - 1, max(0, at + round(clicks)))]
        low, high = self.range or (setting.minimum, setting.maximum)
        step = 1.0 if setting.whole else abs(high - low) * ENCODER_STEP
        value = now + math.copysign(step, high - low) * clicks
        value = min(max(value, min(low, high)), max(low, high))
        return round(value) if setting.whole else value

    def as_dict(self) -> dict[str, Any]:
        """Return the keys that were given, as TOML stores them."""
        given = {k: v for k, v in asdict(self).items() if k not in ("source", "action")}
        if self.curve == "linear":
            del given["curve"]
        return {key: list(v) if isinstance(v, tuple) else v for key, v in given.items() if v}


class Bindings:
    """The mappings in force: a preset's take precedence over learned ones, those over the
    config's, gesture by gesture.

    The table is replaced whole by :meth:`use`, so that any thread may read it.
    """

    def __init__(self, device: Iterable[ControlMapping] = ()) -> None:
        self._device = tuple(device)
        self._table: dict[ControlGesture, tuple[ControlMapping, ...]] = {}
        self.use(())

    def use(self, preset: Iterable[ControlMapping], learned: Iterable[ControlMapping] = ()) -> None:
        """Replace the preset's and the learned mappings."""
        table: dict[ControlGesture, tuple[ControlMapping, ...]] = {}
        for group in (tuple(preset), tuple(learned), self._device):
            taken = set(table)
            for mapping in group:
                if mapping.source not in taken:
                    table[mapping.source] = (*table.get(mapping.source, ()), mapping)
        self._table = table

    def knows(self, kind: str, name: str) -> frozenset[Gesture]:
        """Return the gestures of a control that are mapped."""
        return frozenset(c.gesture for c in self._table if (c.kind, c.name) == (kind, name))

    def answer(
        self, control: ControlGesture, value: float, settings: Settings
    ) -> list[Action | Change]:
        """The actions and changes of a gesture. ``value``: position 0..1 of "move", clicks of
        "turn"."""
        result: list[Action | Change] = []
        for mapping in self._table.get(control, ()):
            if mapping.action is not None:
                result.append(mapping.action)
                continue
            now = getattr(settings, mapping.set)
            if control.gesture == "move":
                new = mapping.at(value)
            elif control.gesture == "turn":
                new = mapping.turned(now, value)
            else:
                new = mapping.pressed(now)
            if new != now:
                result.append(Change(mapping.set, new))
        return result
