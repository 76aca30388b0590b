"""What is kept for the player: presets, their order and set lists, the map of MIDI programs.

In the worker's thread. Every method raises UserError, one line.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model, installed
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.presets.preset import Preset
from firmware_py.playback import Repertoire
from firmware_py.programs import Program, check_program


class Shelf:
    """Changes what is kept, beside what plays."""

    def __init__(self, engine: LiveEngine, repertoire: Repertoire) -> None:
        self._engine, self._repertoire = engine, repertoire
        self._presets, self._programs = repertoire.presets, repertoire.programs

    def _plays(self, name: str) -> Preset | None:
        """The preset that plays, if it has this name."""
        kept = self._repertoire.now.preset
        return kept if kept is not None and kept.name.casefold() == name.casefold() else None

    # ---- presets

    def list_presets(self) -> dict[str, Any]:
        """All in their order, broken ones with their problem."""
        order = self._presets.order()
        rows = [
            {
                "name": entry.name,
                "model": entry.preset.model if entry.preset else None,
                "source": entry.preset.source if entry.preset else None,
                "morph_model": (entry.preset.morph_model or None) if entry.preset else None,
                "problem": entry.problem,
            }
            for entry in self._presets.entries()
        ]
        return {
            "presets": rows,
            "preset": self._repertoire.playing()["preset"],
            "setlists": {name: list(names) for name, names in order.setlists.items()},
            "setlist": order.current,
        }

    def save(self, name: str | None = None) -> dict[str, Any]:
        """Keep what plays, under ``name`` or the preset's own."""
        now = self._repertoire.now
        if now.model is None:
            raise UserError("nothing plays that could be kept; choose a model first")
        if name is None:
            if now.preset is None:
                raise UserError("preset_save: no preset plays; give it a name")
            name = now.preset.name
        mappings = now.preset.mappings if now.preset else ()
        settings = self._engine.settings
        preset = Preset(name, now.model, now.source, settings, mappings, now.morph_model)
        saved = self._presets.save(preset)
        self._repertoire.last_preset = saved.name
        self._repertoire.take(replace(now, preset=saved))
        return self._repertoire.playing()

    def rename(self, name: str, to: str) -> dict[str, Any]:
        """Also where it stands in the order."""
        new, kept = self._presets.rename(name, to), self._plays(name)
        if self._repertoire.last_preset.casefold() == name.casefold():
            self._repertoire.last_preset = new
        if kept is not None:
            renamed = replace(kept, name=new)
            self._repertoire.take(replace(self._repertoire.now, preset=renamed))
        return self.list_presets()

    def remove(self, name: str) -> dict[str, Any]:
        """What plays goes on."""
        self._presets.remove(name)
        if self._plays(name) is not None:
            self._repertoire.take(replace(self._repertoire.now, preset=None))
        return self.list_presets()

    def order(self, names: list[str]) -> dict[str, Any]:
        """These first."""
        self._presets.set_order(names)
        return self.list_presets()

    def use_setlist(self, name: str) -> dict[str, Any]:
        """Next and previous go through it; "": through all."""
        self._presets.use_setlist(name)
        return self.list_presets()

    def set_setlist(self, name: str, names: list[str]) -> dict[str, Any]:
        """An empty one is removed."""
        self._presets.set_setlist(name, names)
        return self.list_presets()

    # ---- programs

    def list_programs(self) -> dict[str, Any]:
        """The map's lines, and what the numbers without a line play, from 0."""
        names = self._presets.playlist()
        return {
            "chosen": [
                {"bank": r.bank, "program": r.program, "preset": r.preset, "model": r.model}
                for _, r in sorted(self._programs.chosen().items())
            ],
            "others": {
                "kind": "preset" if names else "model",
                "names": names or [info.name for info in installed()],
            },
        }

    def choose_program(
        self, bank: int, program: int, preset: str | None = None, model: str | None = None
    ) -> dict[str, Any]:
        """A preset or a model; neither: as without a map."""
        check_program(bank, program)
        if preset is None and model is None:
            self._programs.forget(bank, program)
            return self.list_programs()
        if preset is not None:
            preset = self._presets.read(preset).name
        if model is not None:
            find_model(model)
        self._programs.choose(Program(bank, program, preset or "", model or ""))
        return self.list_programs()
