"""Which keys are held, by a finger or by a pedal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ddsp_edge.synth.controllers import ChannelTouch


@dataclass(slots=True, eq=False)
class Key:
    """A note from its note-on until nothing holds it."""

    port: str
    channel: int
    note: int
    velocity: int
    member: ChannelTouch | None = None  #: in MPE, that of its channel
    soft: bool = False  #: struck while the soft pedal was down
    down: bool = True  #: a finger holds it
    kept: bool = False  #: the sostenuto pedal holds it
    pressure: float = 0.0  #: 0..1, of the key itself
    pitch: float = 0.0  #: MIDI note that it plays: transposed, and as it is tuned
    zone: int = 0  #: the channel whose pedals hold it: its own, or its MPE zone's manager

    def is_of(self, port: str, channel: int, note: int) -> bool:
        return self.note == note and self.channel == channel and self.port == port


class Keys:
    """Held keys in the order of their note-ons. What lets keys go returns them, the rest stay.

    A pedal is down while it is down at any port, for the keys of its channel (in MPE: of its
    zone, whose manager's channel stands for all of it; see ``Key.zone``).
    """

    def __init__(self) -> None:
        self.held: list[Key] = []
        #: Who holds each pedal down: (port, channel).
        self._pedals: dict[str, set[tuple[str, int]]] = {
            "sustain": set(),
            "sostenuto": set(),
            "soft": set(),
        }

    def _is_down(self, pedal: str, channel: int) -> bool:
        return any(each == channel for _, each in self._pedals[pedal])

    def press(
        self,
        port: str,
        channel: int,
        note: int,
        velocity: int,
        member: ChannelTouch | None = None,
        zone: int | None = None,
        pitch: float | None = None,
    ) -> Key:
        """A note-on; of a key that is held already it is a new one.

        ``zone`` None: its channel; ``pitch`` None: its note.
        """
        pitch = note if pitch is None else pitch
        zone = channel if zone is None else zone
        soft = self._is_down("soft", zone)
        key = Key(port, channel, note, velocity, member, soft, zone=zone, pitch=pitch)
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
        """Take a note-off. Returns the keys that nothing holds any more."""
        key = self.find(port, channel, note)
        if key is None:
            return []
        key.down = False
        return self._unheld()

    def lift_all(self, which: Callable[[Key], bool]) -> list[Key]:
        """A note-off for each of these keys; pedals go on holding what they hold."""
        for key in self.held:
            if which(key):
                key.down = False
        return self._unheld()

    def pedal(self, name: str, port: str, down: bool, channel: int = 0) -> list[Key]:
        """``name`` is sustain, sostenuto or soft."""
        was_down = self._is_down(name, channel)
        pedal = self._pedals[name]
        (pedal.add if down else pedal.discard)((port, channel))
        is_down = self._is_down(name, channel)
        if name == "sostenuto" and is_down != was_down:
            for key in self.held:
                if key.zone == channel:
                    key.kept = is_down and key.down
        return self._unheld()

    def pedals_up(self, port: str | None = None, channel: int | None = None) -> list[Key]:
        """All of them, or those of a port or of a channel."""
        let_go = []
        for name, pedal in self._pedals.items():
            for each_port, each_channel in list(pedal):
                if port not in (None, each_port):
                    continue
                if channel in (None, each_channel):
                    let_go += self.pedal(name, each_port, False, each_channel)
        return let_go

    def let_go(self, which: Callable[[Key], bool] = lambda key: True) -> list[Key]:
        """Let go of keys, whatever holds them, and return them."""
        gone = [key for key in self.held if which(key)]
        self.held = [key for key in self.held if not which(key)]
        return gone

    def _unheld(self) -> list[Key]:
        return self.let_go(
            lambda key: not (key.down or key.kept or self._is_down("sustain", key.zone))
        )
