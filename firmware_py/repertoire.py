"""What can be played and what plays: models, presets, programs.

The methods run in the worker's thread, one at a time; ``now`` is read by any.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

from ddsp_edge.bundle import Bundle, read_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.library import find_model, installed, shipped_folder, user_folder
from ddsp_edge.live import LiveEngine
from ddsp_edge.mappings import Mapping
from ddsp_edge.preset_folder import PresetFolder
from ddsp_edge.presets import Preset
from ddsp_edge.settings import Settings
from firmware_py.config import Config
from firmware_py.memory import Memory, Played
from firmware_py.programs import Program, ProgramMap, check_program

log = logging.getLogger(__name__)

Source = Literal["effect", "synth"]
#: Loading and warming the largest model on the smallest board; then it never will.
PLAY_S = 30.0


@dataclass(frozen=True, slots=True)
class Now:
    """What plays. ``model`` is what :func:`ddsp_edge.library.find_model` takes."""

    model: str | None = None
    source: Source = "effect"
    preset: Preset | None = None
    digest: bytes = b""  #: of the model's file

    def edited(self, settings: Settings) -> bool:
        """It is no more what the preset's file says."""
        kept = self.preset
        return kept is not None and (kept.model, kept.source, kept.settings) != (
            self.model,
            self.source,
            settings,
        )


class Repertoire:
    """``say(topic, text)`` tells the player what went wrong; an empty text: it is well again.

    ``use_mappings`` gets those of the preset that plays.
    """

    def __init__(
        self,
        engine: LiveEngine,
        config: Config,
        say: Callable[[str, str], None],
        use_mappings: Callable[[tuple[Mapping, ...]], None],
    ) -> None:
        self._engine, self._config, self._say = engine, config, say
        self._use_mappings = use_mappings
        self.presets = PresetFolder(config.presets_folder)
        self.programs = ProgramMap(config.state_folder)
        self._memory = Memory(config.state_folder)
        self._last_preset = ""  # next and previous go on from it, also after a model
        self.now = Now(source=config.instrument.source)

    # ---- playing

    def restore(self) -> None:
        """What played last; else what the config names; else whatever is shipped. Says so."""
        attempts: list[Callable[[], object]] = [self._recall]
        configured = self._config.instrument
        attempts.append(lambda: self.play_model(configured.model, source=configured.source))
        for path in sorted(shipped_folder().glob("*.zip"), reverse=True):
            attempts.append(lambda path=path: self._play(read_bundle(path), configured.source))
        problem = ""
        for attempt in attempts:
            try:
                attempt()
            except UserError as error:
                log.warning("%s", error)
                problem = problem or str(error)
                continue
            if problem:
                problem = f"{problem} (playing {self.now.model} instead)"
            break
        self._say("restore", problem)

    def _recall(self) -> None:
        played = self._memory.recall()
        if not played.preset:
            if not played.model:
                raise UserError("") from None  # the first start: not worth a word
            self.play_model(played.model, source=played.source or None)
            return
        preset = self.presets.read(played.preset)
        if played.model:
            preset = replace(preset, model=played.model)
        if played.source:
            preset = replace(preset, source=played.source)
        self._play_preset(preset)

    def play_preset(self, name: str) -> dict[str, Any]:
        """Cross-fade to a preset; what plays then. Raises UserError; the old one plays on."""
        return self._play_preset(self.presets.read(name))

    def step(self, by: int) -> dict[str, Any]:
        """The preset so many places on (1, -1), round and round. Raises UserError."""
        preset = self.presets.next(self._last_preset or None, by)
        if preset is None:
            raise UserError("there is no preset; keep one with: ddsp-edge preset save NAME")
        return self._play_preset(preset)

    def play_model(
        self, name: str | None = None, path: str | None = None, source: str | None = None
    ) -> dict[str, Any]:
        """Cross-fade to a model, by name or path; the settings stay. Raises UserError."""
        if name is not None and path is not None:
            raise UserError("model: give its name or its path; not both")
        wanted: str | Path | None = Path(path) if path is not None else name or self.now.model
        if wanted is None:
            raise UserError("model: no model plays; give the name of one")
        return self._play(find_model(wanted), source, preset=self.now.preset)

    def play_program(self, bank: int, program: int) -> dict[str, Any]:
        """What the map says; without a line there, the preset (or model) of that number."""
        number = check_program(bank, program)
        row = self.programs.chosen().get(number)
        if row is not None:
            return self.play_preset(row.preset) if row.preset else self.play_model(row.model)
        names = self.presets.playlist()
        if number < len(names):
            return self.play_preset(names[number])
        models = [] if names else installed()
        if number < len(models):
            return self.play_model(models[number].name)
        raise UserError(f"bank {bank}, program {program}: nothing has this number; set programs")

    def reload(self) -> dict[str, Any]:
        """Load anew what plays, if its file is another one by now. Raises UserError."""
        if self.now.model is not None:
            bundle = find_model(self.now.model)
            if _digest(bundle) != self.now.digest:
                self._play(bundle, self.now.source, preset=self.now.preset)
        return self.playing()

    def _play_preset(self, preset: Preset) -> dict[str, Any]:
        return self._play(find_model(preset.model), preset.source, preset.settings, preset)

    def _play(
        self,
        bundle: Bundle,
        source: str | None = None,
        settings: Settings | None = None,
        preset: Preset | None = None,
    ) -> dict[str, Any]:
        """``settings`` None: as they are. Waits until it plays."""
        future = self._engine.play(bundle, source, settings)
        try:
            future.result(PLAY_S)
        except CancelledError:
            raise UserError(f"{bundle.info.name}: not played; the engine is stopping") from None
        except FutureTimeout:
            future.cancel()
            raise UserError(
                f"{bundle.info.name}: did not begin to play within {PLAY_S:g} s; see: "
                "ddsp-edge stats"
            ) from None
        took = cast(Source, source or self.now.source)
        kept = preset
        if preset is not None:
            # As its file says it: what is played over it (a model, a source) is an edit.
            kept = self.now.preset if settings is None else self._as_saved(preset)
            self._last_preset = preset.name
        self.now = Now(_name_of(bundle), took, kept, _digest(bundle))
        self._use_mappings(kept.mappings if kept else ())
        self._remember()
        return self.playing()

    def _as_saved(self, preset: Preset) -> Preset:
        try:
            return self.presets.read(preset.name)
        except UserError:
            return preset

    def _remember(self) -> None:
        now, kept = self.now, self.now.preset
        played = Played(
            kept.name if kept else "",
            "" if kept and kept.model == now.model else now.model or "",
            "" if kept and kept.source == now.source else now.source,
        )
        try:
            self._memory.keep(played)
            self._say("memory", "")
        except UserError as error:  # a read-only root: it plays all the same
            self._say("memory", f"what plays will not come back at power-on: {error}")

    # ---- presets and programs

    def playing(self) -> dict[str, Any]:
        """For answers: preset, model, source."""
        now = self.now
        return {
            "preset": now.preset.name if now.preset else None,
            "model": now.model,
            "source": now.source,
        }

    def list_presets(self) -> dict[str, Any]:
        """All in their order, broken ones with their problem."""
        order = self.presets.order()
        rows = [
            {
                "name": entry.name,
                "model": entry.preset.model if entry.preset else None,
                "source": entry.preset.source if entry.preset else None,
                "problem": entry.problem,
            }
            for entry in self.presets.entries()
        ]
        setlists = {name: list(names) for name, names in order.setlists.items()}
        playing = self.playing()["preset"]
        return {"presets": rows, "preset": playing, "setlists": setlists, "setlist": order.current}

    def save(self, name: str | None = None) -> dict[str, Any]:
        """Keep what plays, under ``name`` or the preset's own. Raises UserError."""
        now = self.now
        if now.model is None:
            raise UserError("nothing plays that could be kept; choose a model first")
        if name is None and now.preset is None:
            raise UserError("preset_save: no preset plays; give it a name")
        mappings = now.preset.mappings if now.preset else ()
        wanted = name if name is not None else cast(Preset, now.preset).name
        saved = self.presets.save(
            Preset(wanted, now.model, now.source, self._engine.settings, mappings)
        )
        self.now = replace(now, preset=saved)
        self._last_preset = saved.name
        self._remember()
        return self.playing()

    def rename(self, name: str, to: str) -> dict[str, Any]:
        """Raises UserError."""
        new = self.presets.rename(name, to)
        if self._last_preset.casefold() == name.casefold():
            self._last_preset = new
        if self.now.preset is not None and self.now.preset.name.casefold() == name.casefold():
            self.now = replace(self.now, preset=replace(self.now.preset, name=new))
            self._remember()
        return self.list_presets()

    def remove(self, name: str) -> dict[str, Any]:
        """What plays goes on. Raises UserError."""
        self.presets.remove(name)
        if self.now.preset is not None and self.now.preset.name.casefold() == name.casefold():
            self.now = replace(self.now, preset=None)
            self._remember()
        return self.list_presets()

    def list_programs(self) -> dict[str, Any]:
        """The map's lines, and what the numbers without a line play."""
        rows = self.programs.chosen()
        names = self.presets.playlist()
        kind = "preset" if names else "model"
        free = names or [info.name for info in installed()]
        return {
            "chosen": [
                {"bank": r.bank, "program": r.program, "preset": r.preset, "model": r.model}
                for _, r in sorted(rows.items())
            ],
            "others": {"kind": kind, "names": free},
        }

    def choose_program(
        self, bank: int, program: int, preset: str | None, model: str | None
    ) -> dict[str, Any]:
        """Raises UserError for a preset or model that is not there."""
        check_program(bank, program)
        if preset is None and model is None:
            self.programs.forget(bank, program)
        else:
            if preset is not None:
                preset = self.presets.read(preset).name
            if model is not None:
                find_model(model)
            self.programs.choose(Program(bank, program, preset or "", model or ""))
        return self.list_programs()


def _name_of(bundle: Bundle) -> str:
    """Its name in the library, so that a newer file of that name is taken; else its path."""
    path = bundle.path
    assert path is not None  # all of them are read from files
    if path.parent.resolve() in (user_folder().resolve(), shipped_folder().resolve()):
        return path.stem
    return str(path.absolute())


def _digest(bundle: Bundle) -> bytes:
    return hashlib.sha256(bundle.model).digest()
