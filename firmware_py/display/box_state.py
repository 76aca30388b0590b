"""From what the engine says of itself to what is shown: pure, whatever it says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firmware_py.display.screens import (
    CodeScreen,
    MessageScreen,
    PlayScreen,
    Screen,
    TunerScreen,
)

FLOOR_DBFS = -60.0  #: the meter's lower end
STILL_S = 1.0  #: from here on a card without sound is worth a word, as in `ddsp-edge status`
SHORT_S = 8.0  #: that what has happened is shown
SOURCES = {"effect": "input", "synth": "MIDI"}
SWITCHES = ("bypass", "mute", "freeze")


@dataclass(slots=True)
class BoxState:
    """What is known of the box. ``status`` is the engine's last one; empty: no engine answers."""

    status: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    code: str = ""  #: the pairing code, while a phone asks for it
    xruns: int | None = None  #: of the stream since the engine's start
    _happened: str = ""
    _until_s: float = 0.0
    _warnings: tuple[str, ...] = ()

    def hear(self, event: Mapping[str, Any], now_s: float) -> None:
        """Take an event of the control socket: meters or state; others change nothing here."""
        if event.get("event") in ("meters", "state"):
            self.status.update({k: v for k, v in event.items() if k not in ("event", "v")})
            found = tuple(_text(each) for each in _list(self.status.get("warnings")))
            new = [each for each in found if each not in self._warnings]
            self._warnings = found
            if new:
                self._tell(new[0], now_s)

    def count(self, stats: Mapping[str, Any], now_s: float) -> None:
        """Take the engine's stats: new xruns are shown for a moment."""
        found = _mapping(stats.get("stream")).get("xruns")
        xruns = found if isinstance(found, int) and not isinstance(found, bool) else None
        if xruns is not None and self.xruns is not None and xruns > self.xruns:
            more = xruns - self.xruns
            self._tell(f"{more} xrun{'s' if more > 1 else ''}", now_s)
        self.xruns = xruns

    def lose(self) -> None:
        """Forget what the engine said: it has gone."""
        self.status, self.xruns, self._warnings, self._happened = {}, None, (), ""

    def _tell(self, text: str, now_s: float) -> None:
        self._happened, self._until_s = text, now_s + SHORT_S

    def screen(self, now_s: float) -> Screen:
        """What is shown while no menu is open."""
        if self.code:
            return CodeScreen(self.code, self.address)
        status = self.status
        if not status:
            return MessageScreen("ddsp-edge", "waiting for the engine")
        if status.get("tuner") is True:
            note = _text(status.get("note"))
            return TunerScreen(note, _number(status.get("cents")), status.get("steady") is True)
        preset, model = _text(status.get("preset")), _text(status.get("model"))
        title = preset or model or "no model"
        if preset and status.get("edited") is True:
            title += "*"
        return PlayScreen(
            title=title,
            model=_text(status.get("model_name")) or model,
            source=_source(status),
            input=meter(status.get("input_dbfs")),
            output=meter(status.get("output_dbfs")),
            clip=status.get("input_clip") is True or status.get("output_clip") is True,
            notice=self._notice(now_s),
            address=self.address,
        )

    def _notice(self, now_s: float) -> str:
        """The most important thing to know now."""
        status = self.status
        card = _mapping(status.get("card"))
        still_s = _number(card.get("no_sound_s"))
        if still_s >= STILL_S:
            return f"no sound for {still_s:.0f} s"
        state = _text(card.get("state"))
        if state not in ("running", "none", ""):
            return f"sound card: {state}"
        if self._happened and now_s < self._until_s:
            return self._happened
        if status.get("loading"):
            return "loading"
        return ", ".join(each for each in SWITCHES if status.get(each) is True)


def meter(dbfs: Any) -> float:
    """A level in dBFS as a position on the meter, 0 to 1, in steps of a decibel.

    0 for what is no number. With finer steps the picture would change all the time.
    """
    level = round(_number(dbfs, FLOOR_DBFS))
    return max(0.0, min(1.0, 1.0 - level / FLOOR_DBFS))


def _source(status: Mapping[str, Any]) -> str:
    now = SOURCES.get(_text(status.get("source")), "")
    return f"auto {now}".rstrip() if status.get("source_mode") == "auto" else now


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any, otherwise: float = 0.0) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        return otherwise
    return float(value) if math.isfinite(value) else otherwise


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
