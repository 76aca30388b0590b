"""What callers asked for: settings, and models that are still being loaded."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.live.instrument import Band
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings

#: A tuning of a request: whichever holds now.
KEEP: Final = "keep"
Pitches = KeyPitches | None | Literal["keep"]


@dataclass(eq=False)
class ModelRequest:
    """A model that somebody wants to hear; None: what holds now."""

    bundle: Bundle
    source: str | None
    settings: Settings | None
    other: Bundle | None = None  #: the model that ``morph`` leads to; here None is none
    band: Band = ()  #: what plays where it follows MIDI; here none is ``bundle`` alone
    pitches: Pitches = KEEP  #: of a tuning; here None is equal temperament
    future: Future[ModelInfo] = field(default_factory=Future)


class Requests:
    """The only place that callers' threads, the loader and the control thread share by a lock.

    It is held for microseconds; the control thread takes it only where a model changes.
    """

    def __init__(self, source: str, settings: Settings) -> None:
        self.source, self.settings = source, settings  #: what holds, or will with the next frame
        self._open: list[ModelRequest] = []
        self._lock = threading.Lock()

    def add(self, request: ModelRequest) -> None:
        with self._lock:
            self._open.append(request)

    def drop(self, request: ModelRequest) -> None:
        """Forget a request that was cancelled or failed."""
        with self._lock:
            self._open.remove(request)

    def change(self, values: Mapping[str, Any]) -> Settings:
        """For what plays and for what will: a knob turned while a model is loading stays
        turned. Raises UserError; then nothing is changed."""
        with self._lock:
            self.settings = self.settings.changed(values)
            for request in self._open:
                if request.settings is not None:
                    request.settings = request.settings.changed(values)
            return self.settings

    def plan(self, request: ModelRequest) -> tuple[str, Settings]:
        """What an instrument for it is built with, if nothing changes until it plays."""
        with self._lock:
            return request.source or self.source, request.settings or self.settings

    def begin(self, request: ModelRequest, source: str) -> Settings:
        """It plays from now on, with these settings."""
        with self._lock:
            self._open.remove(request)
            self.source = source
            self.settings = request.settings or self.settings
            return self.settings
