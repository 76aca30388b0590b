"""Changes between the input and MIDI notes while the source is "auto" (docs/module.md)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ddsp_edge.errors import UserError
from ddsp_edge.live.engine import LiveEngine
from firmware_py.notices import Notices
from firmware_py.now_playing import Source
from firmware_py.playback import Playback
from firmware_py.source_follower import SourceFollower
from firmware_py.worker import Worker

if TYPE_CHECKING:
    import mido


class SourceSwitch:
    """Watches what is played and has the worker change the source.

    :meth:`hear` and :meth:`panic` may be called by any thread, :meth:`poll` by the main thread.
    """

    def __init__(
        self, engine: LiveEngine, playback: Playback, notices: Notices, worker: Worker
    ) -> None:
        self._engine, self._playback = engine, playback
        self._notices, self._worker = notices, worker
        self._follower = SourceFollower()

    def hear(self, message: mido.Message) -> None:
        """A MIDI message that goes to the engine: a note asks for "synth"."""
        starts = self._follower.hear(message, self._engine.settings.channel, time.monotonic())
        if starts:
            self._ask("synth")

    def panic(self) -> None:
        """Forget every held key, after a panic of the engine."""
        self._follower.panic()

    def poll(self, status: Mapping[str, Any]) -> None:
        """Look at the input and the card in the engine's status, ten times a second."""
        now = self._playback.now
        if now.source_mode != "auto" or now.model is None:
            return
        # Without a card nothing is known: it stays as it is.
        has_input = bool(status["card"].get("capture", True))
        wanted = self._follower.wanted(status["input_dbfs"], has_input, time.monotonic())
        if wanted is not None:
            self._ask(wanted)

    def _ask(self, source: Source) -> None:
        now = self._playback.now
        if now.source_mode == "auto" and now.source != source and now.model is not None:
            self._worker.newest("source", self._change, source)

    def _change(self, source: Source) -> None:
        """In the worker's thread. The keys that are held by then sound in the new source."""
        try:
            changed = self._playback.follow(source)
            self._notices.report("source", "")
        except UserError as error:
            self._notices.report("source", f"the source stays as it is: {error}")
            return
        if not changed or source != "synth":
            return
        sounding = set(self._engine.status()["notes"])  # those that came since it plays
        for message in self._follower.held():
            if message.type != "note_on" or message.note not in sounding:
                self._engine.midi(message)
