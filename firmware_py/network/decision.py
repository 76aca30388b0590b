"""When the box opens its own hotspot, and when it looks for its networks again: pure logic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Step = Literal["wait", "open", "close"]
HotspotMode = Literal["auto", "hotspot", "off"]

#: Without a network that is known: only until cables have been seen at the start.
UNKNOWN_S = 5.0
#: A network is known but not joined: NetworkManager scans and tries meanwhile.
LOST_S = 30.0
#: It is being joined all the time and never is: wrong password, no address.
TRYING_S = 75.0
#: An empty hotspot is closed so often, for LOST_S, to look whether a known network is back.
LOOK_AGAIN_S = 300.0
#: States of NetworkManager in which a radio cannot do anything.
IDLE = ("unmanaged", "unavailable", "")


@dataclass(frozen=True, slots=True)
class Situation:
    """What is the case now. ``known``: how many networks are joined by themselves; ``guests``: how
    many devices are in the hotspot, None where nobody can say."""

    state: str = ""
    hotspot: bool = False
    cable: bool = False
    known: int = 0
    guests: int | None = None


class HotspotDecision:
    """Steps from one situation to the next. ``mode`` is what the box's owner wants: "auto" opens
    the hotspot where nothing else connects the box, "hotspot" always, "off" never."""

    def __init__(self, mode: HotspotMode = "auto") -> None:
        self.mode = mode
        self._alone_s: float | None = None
        self._opened_s: float | None = None

    def step(self, now: Situation, now_s: float) -> Step:
        """Return what is to be done; ``now_s`` is any clock that only goes forward."""
        if now.hotspot:
            return self._in_hotspot(now, now_s)
        self._opened_s = None
        if now.state in IDLE or self.mode == "off":
            self._alone_s = None
            return "wait"
        if self.mode == "hotspot":
            return "open"
        if now.state == "connected" or now.cable:
            self._alone_s = None
            return "wait"
        if self._alone_s is None:
            self._alone_s = now_s
        if now.state == "disconnected":
            patience_s = LOST_S if now.known else UNKNOWN_S
        else:
            patience_s = TRYING_S
        return "open" if now_s - self._alone_s >= patience_s else "wait"

    def _in_hotspot(self, now: Situation, now_s: float) -> Step:
        self._alone_s = None
        if self._opened_s is None or now.guests != 0:
            self._opened_s = now_s
        if self.mode == "off":
            return "close"
        idle = now_s - self._opened_s >= LOOK_AGAIN_S
        if self.mode == "auto" and now.known and now.guests == 0 and idle:
            return "close"
        return "wait"

    def begin_anew(self) -> None:
        """Forget how long the box has been alone: somebody has just done something."""
        self._alone_s = None
