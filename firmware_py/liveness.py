"""Whether the music still runs: what systemd's watchdog is fed by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The counters are a tenth of a second old: so many looks may see the same ones.
PATIENCE = 10


class Heartbeat:
    """The audio thread must play on where there is a card, and the control thread always.

    A card that is unplugged is no reason to be started again: nothing would be better.
    """

    def __init__(self) -> None:
        self._audio = self._control = -1
        self._audio_still = self._control_still = 0

    def still(self, stats: Mapping[str, Any], status: Mapping[str, Any]) -> str:
        """The thread that has stood still for PATIENCE looks; "": all is well."""
        audio = (stats["stream"] or {}).get("heartbeat", 0)
        control = stats["control"]["turn"]["count"]
        runs = status["card"]["state"] == "running"
        self._audio_still = self._audio_still + 1 if runs and audio == self._audio else 0
        self._control_still = self._control_still + 1 if control == self._control else 0
        self._audio, self._control = audio, control
        if self._audio_still >= PATIENCE:
            return "the audio thread"
        return "the control thread" if self._control_still >= PATIENCE else ""
