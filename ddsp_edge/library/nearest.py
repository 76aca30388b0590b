"""The installed model that is nearest to a General MIDI program."""

from __future__ import annotations

from collections.abc import Sequence

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.library.catalog import find_model, model_files
from ddsp_edge.midi.general_midi import PROGRAMS, library_name

#: A model in whose range a smaller share of the notes is gives way to one that has more of them.
ENOUGH_IN_RANGE = 0.9


class ModelChoice:
    """The installed models by name, each read once."""

    def __init__(self) -> None:
        self.names = {path.stem.lower() for _, path in model_files()}
        self._bundles: dict[str, Bundle] = {}

    def find(self, name: str) -> Bundle:
        """Find the model of this name or path. Raises UserError."""
        if name not in self._bundles:
            self._bundles[name] = find_model(name)
        return self._bundles[name]

    def nearest(self, program: int, keys: Sequence[int] = ()) -> str:
        """The name of the model for a program, 0 to 127: one of its own name, else the first of
        the table in whose range most of the ``keys`` are. "": none. Raises UserError."""
        own = library_name(program)
        if own in self.names:
            return own
        best, most = "", -1.0
        for name in PROGRAMS[program].models:
            if name not in self.names:
                continue
            info = self.find(name).info
            low, high = info.min_pitch_note - 0.5, info.max_pitch_note + 0.5
            share = sum(low <= key <= high for key in keys) / len(keys) if keys else 1.0
            if share >= ENOUGH_IN_RANGE:
                return name
            if share > most:
                best, most = name, share
        return best
