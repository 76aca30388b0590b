"""Which keys are held, by a finger or by a pedal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ddsp_edge.synth.controllers import Touch


@dataclass(slots=True, eq=False)
class Key:
    """A note from its note-on until nothing holds it."""

    port: str
    channel: int
    note: int
    velocity: int
    member: Touch | None = None  #: in MPE, that of its channel
    soft: bool = False  #: struck while the soft pedal was down
    down: bool = True  #: a finger holds it
    kept: bool = False  #: the sostenuto pedal holds it
    pressure: float = 0.0  #: 0..1, of the key itself

    def is_of(self, port: str, channel: int, note: int) -> bool:
        return self.note == note and self.channel == channel and self.port == port


class Keys:
    """Held keys in the order of their note-ons. What lets keys go returns them, the rest stay.

    A pedal is down while it is down at any port.
    """

    def __init__(self) -> None:
        self.held: list[Key] = []
        self._pedals: dict[str, set[str]] = {"sustain": set(), "sostenuto": set(), "soft": set()}

    def press(
        self, port: str, channel: int, note: int, velocity: int, member: Touch | None = None
    ) -> Key:
        """A note-on; of a key that is held already it is a new one."""
        key = Key(port, channel, note, velocity, member, soft=bool(self._pedals["soft"]))
        before = self.find(port, channel, note)
        if before is not None:
            key.kept = before.kept
            self.held.remove(before)
        self.held.append(key)
        return key

    def find(self, port: str, channel: int, note: int) -> Key | None:
        for key in self.held:
            if key.is_of(port, channel, note):
                return key
        return None

    def lift(self, port: str, channel: int, note: int) -> list[Key]:
        """A note-off."""
        key = self.find(port, channel, note)
        if key is None:
            return []
        key.down = False
        return self._unheld()

    def pedal(self, name: str, port: str, down: bool) -> list[Key]:
        """``name`` is sustain, sostenuto or soft."""
        pedal = self._pedals[name]
        was_down = bool(pedal)
        (pedal.add if down else pedal.discard)(port)
        if name == "sostenuto" and bool(pedal) != was_down:
            for key in self.held:
                key.kept = bool(pedal) and key.down
        return self._unheld()

    def pedals_up(self, port: str | None = None) -> list[Key]:
        """All of them, or those of a port."""
        let_go = []
        for name, pedal in self._pedals.items():
            for each in [port] if port is not None else list(pedal):
                let_go += self.pedal(name, each, False)
        return let_go

    def let_go(self, which: Callable[[Key], bool] = lambda key: True) -> list[Key]:
        """Whatever holds them."""
        gone = [key for key in self.held if which(key)]
        self.held = [key for key in self.held if not which(key)]
        return gone

    def _unheld(self) -> list[Key]:
        if self._pedals["sustain"]:
            return []
        return self.let_go(lambda key: not (key.down or key.kept))
