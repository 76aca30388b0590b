"""Whether the audio thread and the control thread still run: systemd's watchdog is fed by it."""

from __future__ import annotations

#: So many looks in a row may see the same counters: they are up to a tenth of a second old.
PATIENCE = 10


class Liveness:
    """Compares counters of two threads from look to look. For the main thread.

    The control thread must always move, the audio thread wherever a card runs: an unplugged card
    is no reason to restart the service, since nothing would be better afterwards.
    """

    def __init__(self) -> None:
        self._periods = self._turns = -1
        self._audio_looks = self._control_looks = 0

    def stalled(self, periods: int, turns: int, card_runs: bool) -> str:
        """The thread whose counter has not moved for PATIENCE looks; "" where all is well.

        ``periods`` and ``turns`` as in ``LiveEngine.progress``.
        """
        self._audio_looks = self._audio_looks + 1 if card_runs and periods == self._periods else 0
        self._control_looks = self._control_looks + 1 if turns == self._turns else 0
        self._periods, self._turns = periods, turns
        if self._audio_looks >= PATIENCE:
            return "the audio thread"
        return "the control thread" if self._control_looks >= PATIENCE else ""
