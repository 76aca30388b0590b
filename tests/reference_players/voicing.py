"""Note or noise: consonants, breath and the scratch before a note have no pitch to play."""

from __future__ import annotations

#: A gap in the pitch that is shorter than this, in seconds, is none: two strings at once, a
#: moment's doubt.
HOLD_S = 0.03
#: Then the note gives way to noise within this, in seconds.
FADE_S = 0.03


class Voicing:
    """How much of the sound is a note, 0..1, tick by tick. Control thread.

    A pitch is played at once. Without one the last goes on for HOLD_S and fades in FADE_S, so that
    after a longer gap the note before is not heard until the new one's pitch is known.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As before the first pitch."""
        self._share = self._without_s = 0.0

    def step(self, has_pitch: bool, dt_s: float) -> float:
        """After ``dt_s`` more seconds."""
        if has_pitch:
            self._share, self._without_s = 1.0, 0.0
        else:
            self._without_s += dt_s
            if self._without_s > HOLD_S:
                self._share = max(0.0, self._share - dt_s / FADE_S)
        return self._share
