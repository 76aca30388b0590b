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
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model, installed, shipped_folder, user_folder
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.presets.folder import PresetFolder
from ddsp_edge.presets.mapping import Mapping
from ddsp_edge.presets.preset import Preset
from ddsp_edge.settings import Settings
from firmware_py.config import Config
from firmware_py.last_state import Memory, Played
from firmware_py.programs import ProgramMap, check_program

log = logging.getLogger(__name__)

Source = Literal["effect", "synth"]
#: Loading and warming the largest model on the smallest board; then it never will.
PLAY_S = 30.0


@dataclass(frozen=True, slots=True)
class Now:
    """What plays. ``model`` is what :func:`ddsp_edge.library.catalog.find_model` takes."""

    model: str | None = None
    source: Source = "effect"
    preset: Preset | None = None
    digest: bytes = b""  #: of the models' files
    morph_model: str = ""  #: as ``model``: the one that it is morphed with

    def edited(self, settings: Settings) -> bool:
        """It is no more what the preset's file says."""
        kept = self.preset
        return kept is not None and (
            kept.model,
            kept.morph_model,
            kept.source,
            kept.settings,
        ) != (self.model, self.morph_model, self.source, settings)


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
        self.last_preset = ""  #: next and previous go on from it, also after it was removed
        self.now = Now(source=config.instrument.source)

    # ---- playing

    def restore(self) -> None:
        """What played last; else what the config names; else whatever is shipped. Says so."""
        configured = self._config.instrument
        attempts: list[Callable[[], bool]] = [self._recall]
        shipped = sorted(shipped_folder().glob("*.zip"), reverse=True)
        models: list[str | Path] = [configured.model, *shipped]
        for model in models:
            attempts.append(partial(self._fall_back, model, configured.source))
        problem = ""
        for attempt in attempts:
            try:
                if attempt():
                    break
            except UserError as error:
                log.warning("%s", error)
                problem = problem or str(error)
        if problem and self.now.model:
            problem = f"{problem} (playing {self.now.model} instead)"
        self._say("restore", problem)

    def _recall(self) -> bool:
        """False at the first start."""
        played = self._memory.recall()
        if played.preset:
            kept = self.presets.read(played.preset)
            bundle = find_model(played.model or kept.model)
            if not played.model:
                kept = replace(kept, model=_name_of(bundle))
            name = "" if played.no_morph else played.morph_model or kept.morph_model
            other = self._recalled(name)
            self._play(bundle, other, played.source or kept.source, kept.settings, kept)
        elif played.model:
            other = self._recalled(played.morph_model)
            self._play(find_model(played.model), other, played.source or None)
        return bool(played.preset or played.model)

    def _recalled(self, name: str) -> Bundle | None:
        """The second model may be missed: without it the first one plays."""
        try:
            bundle = find_model(name) if name else None
        except UserError as error:
            self._say("morph", f"{error} (the first model plays alone)")
            return None
        self._say("morph", "")
        return bundle

    def _fall_back(self, model: str | Path, source: str) -> bool:
        """It is not remembered: what was wrong may be mended by the next power-on."""
        bundle = find_model(model)
        self._wait(bundle, None, source)
        self.now = Now(_name_of(bundle), cast(Source, source), None, _digest(bundle))
        return True

    def play_preset(self, name: str) -> dict[str, Any]:
        """Cross-fade to a preset; what plays then. Raises UserError; the old one plays on."""
        return self._play_preset(self.presets.read(name))

    def step(self, by: int) -> dict[str, Any]:
        """The preset so many places on (1, -1), round and round. Raises UserError."""
        preset = self.presets.next(self.last_preset or None, by)
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
        return self._play(find_model(wanted), self._other(), source, kept=self.now.preset)

    def morph_with(self, name: str | None = None, path: str | None = None) -> dict[str, Any]:
        """The model that the setting ``morph`` leads to; neither: none. Raises UserError."""
        if name is not None and path is not None:
            raise UserError("morph_model: give its name or its path; not both")
        if self.now.model is None:
            raise UserError("morph_model: no model plays; give the first one with model")
        wanted: str | Path | None = Path(path) if path is not None else name
        other = find_model(wanted) if wanted is not None else None
        return self._play(find_model(self.now.model), other, kept=self.now.preset)

    def _other(self) -> Bundle | None:
        """The second model of what plays. Raises UserError where it has gone."""
        return find_model(self.now.morph_model) if self.now.morph_model else None

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
            bundle, other = find_model(self.now.model), self._other()
            if _digest(bundle, other) != self.now.digest:
                self._play(bundle, other, self.now.source, kept=self.now.preset)
        return self.playing()

    def _play_preset(self, preset: Preset) -> dict[str, Any]:
        bundle = find_model(preset.model)
        other = find_model(preset.morph_model) if preset.morph_model else None
        kept = replace(preset, model=_name_of(bundle), morph_model=_name_of(other))
        return self._play(bundle, other, kept.source, kept.settings, kept)

    def _play(
        self,
        bundle: Bundle,
        other: Bundle | None,
        source: str | None = None,
        settings: Settings | None = None,
        kept: Preset | None = None,
    ) -> dict[str, Any]:
        """``settings`` None: as they are. ``kept``: the preset as its file says it; what is
        played over that (a model, a source) is an edit. Waits until it plays."""
        self._wait(bundle, other, source, settings)
        if kept is not None:
            self.last_preset = kept.name
        took = cast(Source, source or self.now.source)
        digest = _digest(bundle, other)
        self.take(Now(_name_of(bundle), took, kept, digest, _name_of(other)))
        return self.playing()

    def _wait(
        self,
        bundle: Bundle,
        other: Bundle | None,
        source: str | None,
        settings: Settings | None = None,
    ) -> None:
        """Until the engine plays it. Raises UserError."""
        future = self._engine.play(bundle, source, settings, other)
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

    def take(self, now: Now) -> None:
        """This plays: the controls do what its preset says, and it comes back at power-on."""
        self.now = now
        self._use_mappings(now.preset.mappings if now.preset else ())
        kept = now.preset
        played = Played(
            kept.name if kept else "",
            "" if kept and kept.model == now.model else now.model or "",
            "" if kept and kept.source == now.source else now.source,
            "" if kept and kept.morph_model == now.morph_model else now.morph_model,
            bool(kept and kept.morph_model and not now.morph_model),
        )
        try:
            self._memory.keep(played)
            self._say("memory", "")
        except UserError as error:  # a read-only root: it plays all the same
            self._say("memory", f"what plays will not come back at power-on: {error}")

    def playing(self) -> dict[str, Any]:
        """For answers: preset, model, source, morph_model. Any thread."""
        now = self.now
        return {
            "preset": now.preset.name if now.preset else None,
            "model": now.model,
            "source": now.source,
            "morph_model": now.morph_model or None,
        }


def _name_of(bundle: Bundle | None) -> str:
    """Its name in the library, so that a newer file of that name is taken; else its path."""
    if bundle is None:
        return ""
    path = bundle.path
    assert path is not None  # all of them are read from files
    if path.parent.resolve() in (user_folder().resolve(), shipped_folder().resolve()):
        return path.stem
    return str(path.absolute())


def _digest(bundle: Bundle, other: Bundle | None = None) -> bytes:
    found = hashlib.sha256(bundle.model)
    if other is not None:
        found.update(other.model)
    return found.digest()
