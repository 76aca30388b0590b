"""The actions that footswitches, the panel and the control socket can ask for, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ddsp_edge.errors import UserError
from ddsp_edge.system.toml_config import did_you_mean

#: "switch": on, off, or nothing for the other of the two; "name": must be given; "": none.
Takes = Literal["", "switch", "name"]


@dataclass(frozen=True, slots=True)
class ActionKind:
    """One kind of action: what argument it takes, and what it does."""

    takes: Takes
    doc: str


#: The names are those of the control socket's verbs.
ACTIONS: dict[str, ActionKind] = {
    "bypass": ActionKind("switch", "the input goes straight to the output"),
    "tuner": ActionKind("switch", "mute, and show the note"),
    "freeze": ActionKind("switch", "hold the sound as it is"),
    "panic": ActionKind("", "silence: every note, every tail"),
    "preset": ActionKind("name", "play this preset"),
    "preset_next": ActionKind("", "the next preset of the order"),
    "preset_previous": ActionKind("", "the preset before"),
    "tap": ActionKind("", "a beat: the vibrato goes with it"),
    "autofit": ActionKind("", "listen for ten seconds, then suit the player's range"),
    "shutdown": ActionKind("", "shut the box down; map it to a long press"),
    "pairing_unlock": ActionKind("", "let a new phone use the panel: a new code is shown"),
}


@dataclass(frozen=True, slots=True)
class Action:
    """``name`` of the table with what it takes: "", "on", "off" or a preset's name."""

    name: str
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.argument}".rstrip()


def parse_action(text: str) -> Action:
    """Parse ``bypass``, ``freeze on`` or ``preset Warm violin``. Raises UserError."""
    name, _, argument = text.strip().partition(" ")
    argument = argument.strip()
    kind = ACTIONS.get(name)
    if kind is None:
        raise UserError(f"no action is called {name[:60]!r}; {did_you_mean(name, ACTIONS)}")
    if kind.takes == "switch" and argument not in ("", "on", "off"):
        raise UserError(f"action {name}: {argument[:60]!r} is neither on nor off nor left out")
    if kind.takes == "name" and not argument:
        raise UserError(f"action {name}: say which, for instance '{name} Warm violin'")
    if not kind.takes and argument:
        raise UserError(f"action {name} takes nothing; {argument[:60]!r} is too much")
    return Action(name, argument)
