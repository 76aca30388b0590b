"""The parts of the band that plays: listed, changed, added, removed, and given a program's model.

The methods run in the worker's thread, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.library.nearest import ModelChoice
from ddsp_edge.presets.parts import MOST_PARTS, NO_MODEL, BandPart, check_parts
from firmware_py.now_playing import parts_rows
from firmware_py.playback import Playback
from firmware_py.programs import check_program


class BandEditor:
    """Edits the parts; ``voices`` are those that all of them share."""

    def __init__(self, playback: Playback, voices: int) -> None:
        self._playback, self._voices = playback, voices

    def _now(self) -> tuple[BandPart, ...]:
        """The parts that play; of one model alone a part that is all of it."""
        if self._playback.now.model is None:
            raise UserError("parts: no model plays; give the name of one")
        return self._playback.now.parts or (BandPart(),)

    def rows(self) -> dict[str, Any]:
        """The parts of the band that plays, with every value; "parts" is empty without a band."""
        most, voices = MOST_PARTS, self._voices
        return {"parts": parts_rows(self._playback.now), "most": most, "voices": voices}

    def change(self, number: int, values: Mapping[str, Any]) -> dict[str, Any]:
        """Change values of a part, counted from 1; only another model is loaded. Raises
        UserError."""
        parts = list(self._now())
        old = self._part(parts, number)
        parts[number - 1] = new = old.changed(values, f"part {number}")
        if new.model == NO_MODEL:
            raise UserError(f"part {number}: to leave it out, remove it")
        return self._use(tuple(parts), old.model == new.model and bool(self._playback.now.parts))

    def add(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Add a part at the end. Raises UserError."""
        parts = (*self._now(), BandPart().changed(values, "part"))
        check_parts(parts, "parts")
        return self._use(parts, False)

    def remove(self, number: int) -> dict[str, Any]:
        """Remove a part, counted from 1; after the last one the model plays alone. Raises
        UserError."""
        parts = list(self._playback.now.parts)
        self._part(parts, number)
        del parts[number - 1]
        return self._use(tuple(parts), False)

    @staticmethod
    def _part(parts: Sequence[BandPart], number: int) -> BandPart:
        if not 1 <= number <= len(parts):
            what = f"they are 1 to {len(parts)}" if parts else "no band plays"
            raise UserError(f"part {number}: there is none; {what}")
        return parts[number - 1]

    def _use(self, parts: tuple[BandPart, ...], same_models: bool) -> dict[str, Any]:
        self._playback.play_parts(parts, same_models)
        return self.rows()

    def play_program(self, bank: int, program: int, channel: int = 0) -> dict[str, Any]:
        """Give the parts on ``channel`` (1 to 16) the model of a program.

        Without such a part the program is played as without a band. Raises UserError.
        """
        parts = self._playback.now.parts
        number = check_program(bank, program)
        if not any(part.channel and part.channel == channel for part in parts):
            return self._playback.play_program(bank, program)
        row = self._playback.programs.chosen().get(number)
        model = row.model if row is not None and row.model else ModelChoice().nearest(program)
        if not model:
            raise UserError(f"program {program} on channel {channel}: it has no pitch; it stays")
        changed = tuple(
            replace(part, model=model) if part.channel == channel else part for part in parts
        )
        if changed != parts:
            self._use(changed, False)
        return self._playback.playing()
