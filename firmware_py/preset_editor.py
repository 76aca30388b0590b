"""Editing what is stored: presets, their order and set lists, and the map of MIDI programs.

Every method runs in the worker's thread and raises UserError with one line.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model, installed
from ddsp_edge.presets.preset import Preset, clean_name, preset_of, preset_tables
from firmware_py.playback import Playback
from firmware_py.programs import Program, check_program


class PresetEditor:
    """Changes files; what plays goes on, and takes a new name where its preset gets one."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback
        self._presets, self._programs = playback.presets, playback.programs

    def _plays(self, name: str) -> Preset | None:
        """Return the preset that plays where it has this name, else None."""
        preset = self._playback.now.preset
        return preset if preset is not None and preset.name.casefold() == name.casefold() else None

    # ---- presets

    def list_presets(self) -> dict[str, Any]:
        """All presets in their order, broken ones with their problem, and the set lists."""
        order = self._presets.order()
        rows = [
            {
                "name": entry.name,
                "model": entry.preset.model if entry.preset else None,
                "source": entry.preset.source if entry.preset else None,
                "morph_model": (entry.preset.morph_model or None) if entry.preset else None,
                "parts": len(entry.preset.parts) if entry.preset else None,
                "problem": entry.problem,
            }
            for entry in self._presets.entries()
        ]
        return {
            "presets": rows,
            "preset": self._playback.playing()["preset"],
            "setlists": {name: list(names) for name, names in order.setlists.items()},
            "setlist": order.current,
        }

    def save(self, name: str | None = None) -> dict[str, Any]:
        """Save what plays under ``name``, or under the name of the preset that plays."""
        now = self._playback.now
        if now.model is None:
            raise UserError("nothing plays that could be saved; choose a model first")
        if name is None:
            if now.preset is None:
                raise UserError("preset_save: no preset plays; give it a name")
            name = now.preset.name
        mappings = now.preset.mappings if now.preset else ()
        settings = self._playback.portable_settings()
        mode = now.source_mode
        preset = Preset(
            name, now.model, mode, settings, mappings, now.morph_model, now.parts, now.tuning
        )
        saved = self._presets.save(preset)
        self._playback.last_preset = saved.name
        self._playback.take(replace(now, preset=saved))
        return self._playback.playing()

    def read(self, name: str) -> dict[str, Any]:
        """Return what is stored as a preset: its name and the tables of its file."""
        preset = self._presets.read(name)
        return {"name": preset.name, "preset": preset_tables(preset)}

    def write(self, name: str, preset: dict[str, Any], replace_it: bool) -> dict[str, Any]:
        """Store a preset whose tables come from elsewhere; what plays goes on.

        Raises UserError for tables that are no preset, and where the name is taken.
        """
        called = clean_name(name)
        checked = preset_of(called, preset, f"preset {called!r}")
        taken = {each.casefold() for each in self._presets.names()}
        if called.casefold() in taken and not replace_it:
            raise UserError(
                f"a preset is called {called!r} already; choose another name, or replace it"
            )
        saved = self._presets.save(checked)
        if self._plays(saved.name) is not None:
            self._playback.take(replace(self._playback.now, preset=saved))
        return self.list_presets()

    def rename(self, name: str, to: str) -> dict[str, Any]:
        """Rename a preset, in the order and the set lists too. Raises UserError."""
        new, preset = self._presets.rename(name, to), self._plays(name)
        if self._playback.last_preset.casefold() == name.casefold():
            self._playback.last_preset = new
        if preset is not None:
            renamed = replace(preset, name=new)
            self._playback.take(replace(self._playback.now, preset=renamed))
        return self.list_presets()

    def remove(self, name: str) -> dict[str, Any]:
        """Remove a preset; if it plays, its sound goes on. Raises UserError."""
        self._presets.remove(name)
        if self._plays(name) is not None:
            self._playback.take(replace(self._playback.now, preset=None))
        return self.list_presets()

    def order(self, names: list[str]) -> dict[str, Any]:
        """Put these presets first, in this order."""
        self._presets.set_order(names)
        return self.list_presets()

    def use_setlist(self, name: str) -> dict[str, Any]:
        """Choose the set list that next and previous go through; "": all presets."""
        self._presets.use_setlist(name)
        return self.list_presets()

    def set_setlist(self, name: str, names: list[str]) -> dict[str, Any]:
        """Make or change a set list; an empty one is removed."""
        self._presets.set_setlist(name, names)
        return self.list_presets()

    # ---- programs

    def list_programs(self) -> dict[str, Any]:
        """The map's entries, and what the numbers without an entry play, counted from 0."""
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
        """Set what a program plays, a preset or a model; neither removes the entry."""
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
