"""Drives the relay of a true bypass, which only moves while the output is muted."""

from __future__ import annotations

from collections.abc import Callable


class BypassRelay:
    """Mutes, waits, switches, waits, unmutes. Polled by the controls' thread; times in seconds.

    ``energise`` and ``mute`` set the lines. A request during the sequence is fine: the relay ends
    in the state that was asked for last.
    """

    def __init__(
        self, energise: Callable[[bool], None], mute: Callable[[bool], None], settle_s: float
    ) -> None:
        self._energise, self._mute, self._settle_s = energise, mute, settle_s
        self._is = self._wanted = False
        #: When :meth:`poll` must be called; None: at rest.
        self.due_s: float | None = None

    def want(self, on: bool, now_s: float) -> None:
        """Ask for the relay to be energised (the instrument is in the signal path) or not."""
        self._wanted = on
        if on != self._is and self.due_s is None:
            self._mute(True)
            self.due_s = now_s + self._settle_s

    def poll(self, now_s: float) -> None:
        """Take the next step of the switching sequence where it is due at ``now_s``, in seconds."""
        if self.due_s is None or now_s < self.due_s:
            return
        if self._is != self._wanted:
            self._is = self._wanted
            self._energise(self._is)
            self.due_s = now_s + self._settle_s
        else:
            self._mute(False)
            self.due_s = None

    def release(self) -> None:
        """Switch to bypass at once and unmute, as the program does at its end."""
        self._mute(True)
        self._energise(False)
        self._mute(False)
        self._is = self._wanted = False
        self.due_s = None
