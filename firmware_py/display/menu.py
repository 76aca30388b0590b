"""The menu behind the knob: turns and presses in, requests for the engine and screens out.

It knows no thread, no clock and no socket: whoever owns it carries out the requests and brings
the answers back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ddsp_edge.api.verbs import MAX_TEXT
from ddsp_edge.settings import SETTINGS, Setting
from firmware_py.display.screens import ListScreen, MessageScreen, Screen, ValueScreen

LEVEL = "output_gain"
STEP_DB = 1.0
#: Nothing is turned or pressed for so long, in seconds: a page, or the level alone, closes.
IDLE_S, LEVEL_IDLE_S = 30.0, 2.0
TOLD_S = 4.0  #: that an answer is shown
SOURCES = {"auto": "Whichever is played", "effect": "Input (pedal)", "synth": "MIDI (module)"}
MAIN = ("Preset", "Model", "Source", "Output level", "Tuner", "Network", "Shut down")
SHUT_DOWN = "shutdown"  #: the one request that is not the engine's


@dataclass(frozen=True, slots=True)
class Request:
    """A verb of the control socket with its arguments; or SHUT_DOWN."""

    verb: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Menu:
    """``ask(request)`` hands a request over and returns at once; :meth:`answered` and
    :meth:`failed` take what comes back. ``status()`` is the engine's, {} while there is none;
    ``network()`` the lines of the page Network. For one thread.
    """

    def __init__(
        self,
        ask: Callable[[Request], None],
        status: Callable[[], Mapping[str, Any]],
        network: Callable[[], tuple[str, ...]],
    ) -> None:
        self._ask, self._status, self._network = ask, status, network
        self._page = ""  #: "": closed
        self._rows: tuple[str, ...] = ()
        self._values: tuple[str, ...] = ()
        self._at, self._now = 0, -1
        self._main_at = 0
        self._title, self._text = "", ""
        self._level: float | None = None  #: asked for, and perhaps not told by the engine yet
        self._touched_s = 0.0

    @property
    def open(self) -> bool:
        """Whether the menu is what is shown."""
        return bool(self._page)

    @property
    def leaving(self) -> bool:
        """Whether the box is being shut down."""
        return self._page == "going"

    def close(self) -> None:
        """Leave the menu, so that what plays is shown again."""
        self._page, self._level = "", None

    # ---- the knob

    def turn(self, clicks: int, now_s: float) -> None:
        """The knob was turned, to the right for positive clicks; with no menu it is the level."""
        self._touched_s = now_s
        if not self._page:
            if not self._status():
                return
            self._page = "level alone"
        if self._page.startswith("level"):
            self._turn_level(clicks)
        elif self._page == "told":
            self.close()
        elif self._rows:
            self._at = max(0, min(len(self._rows) - 1, self._at + clicks))

    def push(self, now_s: float) -> None:
        """The knob was pushed, and let go before it was a long push."""
        self._touched_s = now_s
        row = self._at
        match self._page:
            case "":
                if self._status().get("tuner") is True:
                    self._ask(Request("tuner", {"on": False}))
                else:
                    self._main()
            case "main":
                self._main_at = row
                self._enter(MAIN[row])
            case "Preset" | "Model" if self._values:
                self._choose(self._page.lower(), {"name": self._values[row]})
            case "Source":
                self._choose("model", {"source": self._values[row]})
            case "Shut down" if row == 1:
                self._tell("Shut down", "in a moment")
                self._page = "going"
                self._ask(Request(SHUT_DOWN))
            case "going" | "working":
                return
            case "level alone" | "told":
                self.close()
            case _:
                self._main()

    def hold(self, now_s: float) -> None:
        """A long push: one page back; in the tuner, out of it."""
        self._touched_s = now_s
        if self._page in ("", "main", "level alone", "told"):
            tuner = not self._page and self._status().get("tuner") is True
            self.close()
            if tuner:
                self._ask(Request("tuner", {"on": False}))
        elif self._page != "going":
            self._main()

    def pass_time(self, now_s: float) -> None:
        """Close a page that nobody has touched for long."""
        idle_s = {"level alone": LEVEL_IDLE_S, "told": TOLD_S}.get(self._page, IDLE_S)
        if self._page not in ("", "going") and now_s - self._touched_s >= idle_s:
            self.close()

    # ---- answers

    def answered(self, request: Request, result: Mapping[str, Any], now_s: float) -> None:
        """The engine has carried out a request."""
        if request.verb == "presets" and self._page == "Preset":
            self._list("Preset", result.get("presets"), result.get("preset"))
        elif request.verb == "models" and self._page == "Model":
            self._list("Model", result.get("models"), self._status().get("model"))
        elif request.verb == SHUT_DOWN:
            self._tell("Goodbye", "Pull the plug when the board's green light rests.")
            self._page = "going"
        elif self._page == "working":
            self.close()
        self._touched_s = max(self._touched_s, now_s)

    def failed(self, request: Request, reason: str, now_s: float) -> None:
        """A request was refused, or nobody carried it out."""
        if self._page or request.verb == "tuner":
            self._tell("Not done", reason)
            self._touched_s = now_s

    # ---- pages

    def _main(self) -> None:
        self._page, self._rows, self._at, self._now = "main", MAIN, self._main_at, -1
        self._level = None

    def _enter(self, page: str) -> None:
        status = self._status()
        self._page, self._rows, self._values, self._at, self._now = page, (), (), 0, -1
        match page:
            case "Preset":
                self._ask(Request("presets"))
            case "Model":
                self._ask(Request("models"))
            case "Source":
                self._values, self._rows = tuple(SOURCES), tuple(SOURCES.values())
                mode = status.get("source_mode")
                self._now = self._values.index(mode) if mode in self._values else -1
                self._at = max(0, self._now)
            case "Output level":
                self._page = "level"
            case "Tuner":
                self._page = "working"
                self._ask(Request("tuner", {"on": True}))
            case "Network":
                self._rows = self._network()
            case "Shut down":
                self._rows = ("No, play on", "Shut it down")

    def _list(self, page: str, rows: Any, now: Any) -> None:
        """Fill a page with what can be chosen. ``rows`` are the engine's, each with its name."""
        found = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
        names = [str(row.get("name", "")) for row in found if not row.get("problem")]
        self._values = self._rows = tuple(name for name in names if _can_be_asked_for(name))
        self._now = self._values.index(now) if now in self._values else -1
        self._at = max(0, self._now)
        if not self._rows:
            self._tell(page, "there is none to choose")

    def _choose(self, verb: str, arguments: Mapping[str, Any]) -> None:
        self._tell("", "")
        self._page = "working"
        self._ask(Request(verb, arguments))

    def _tell(self, title: str, text: str) -> None:
        self._page, self._title, self._text = "told", title, text

    # ---- the level

    def level_db(self) -> float:
        """The output level: what was asked for last, else the engine's."""
        if self._level is not None:
            return self._level
        settings = self._status().get("settings")
        value = settings.get(LEVEL) if isinstance(settings, Mapping) else None
        known = isinstance(value, int | float) and not isinstance(value, bool)
        return float(value) if known and abs(value) < 1000.0 else 0.0  # type: ignore[arg-type]

    def _turn_level(self, clicks: int) -> None:
        limits = _limits()
        wanted = round(self.level_db() + STEP_DB * clicks)
        level = max(limits.minimum, min(limits.maximum, float(wanted)))
        if level != self.level_db():
            self._level = level
            self._ask(Request("set", {"values": {LEVEL: level}}))

    # ---- what is shown

    def screen(self) -> Screen | None:
        """The page that is open; None where none is."""
        match self._page:
            case "":
                return None
            case "told" | "going":
                return MessageScreen(self._title, self._text)
            case "working":
                return MessageScreen("One moment")
            case "level" | "level alone":
                limits, level = _limits(), self.level_db()
                position = (level - limits.minimum) / (limits.maximum - limits.minimum)
                return ValueScreen("Output level", f"{level:+.0f} dB", position)
            case "main":
                return ListScreen("Menu", self._rows, self._at)
            case _:
                title = "Shut down?" if self._page == "Shut down" else self._page
                if not self._rows:
                    return MessageScreen(title, "one moment")
                return ListScreen(title, self._rows, self._at, self._now)


def _can_be_asked_for(name: str) -> bool:
    """Whether the control socket takes it as a text."""
    return 0 < len(name) <= MAX_TEXT and name.isprintable()


def _limits() -> Setting:
    setting = SETTINGS[LEVEL]
    assert isinstance(setting, Setting)
    return setting
