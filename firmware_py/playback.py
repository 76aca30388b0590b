"""What plays: a model, its source and a preset; and changing it.

The methods run in the worker's thread, one at a time, unless they say otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model, installed, shipped_folder
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.live.instrument import Band
from ddsp_edge.live.requests import KEEP, Pitches
from ddsp_edge.presets.folder import PresetFolder
from ddsp_edge.presets.mapping import ControlMapping
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.presets.preset import Preset, SourceMode
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.presets.tuning import Tuning, tuning_of
from ddsp_edge.settings import Settings
from firmware_py.config import Config
from firmware_py.last_state import LastPlayed, LastState
from firmware_py.notices import Notices
from firmware_py.now_playing import (
    SOURCE_MODES,
    NowPlaying,
    Source,
    digest_of,
    name_of,
    parts_rows,
)
from firmware_py.programs import ProgramMap, check_program

log = logging.getLogger(__name__)

#: Loading and warming the largest model on the smallest board takes less; after it never will.
PLAY_S = 30.0


class Playback:
    """Plays models, presets and MIDI programs, and remembers them for the next start.

    ``use_mappings`` is given the control mappings of the preset that plays. ``now`` and
    :meth:`playing` may be read by any thread.
    """

    def __init__(
        self,
        engine: LiveEngine,
        config: Config,
        notices: Notices,
        use_mappings: Callable[[tuple[ControlMapping, ...]], None],
    ) -> None:
        self._engine, self._config, self._notices = engine, config, notices
        self._use_mappings = use_mappings
        self._channel = config.midi.channel
        self._own_tuning: Tuning | None = None  # of [midi] scale
        self.presets = PresetFolder(config.presets_folder)
        self.programs = ProgramMap(config.state_folder)
        self._last_state = LastState(config.state_folder)
        self.last_preset = ""  #: next and previous go on from it, also after it was removed
        mode = config.instrument.source
        self._previous: NowPlaying | None = None  # the model before the present one
        self.now = NowPlaying(source="synth" if mode == "synth" else "effect", source_mode=mode)

    # ---- playing

    def restore(self) -> None:
        """Play what played last; where that fails the config's model, then a shipped one.

        What failed becomes the notice "restore".
        """
        configured = self._config.instrument
        attempts: list[Callable[[], bool]] = [self._restore_last]
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
        self._notices.report("restore", problem)

    def _restore_last(self) -> bool:
        """Play what played before the last stop; return whether there was any. Raises UserError."""
        last = self._last_state.read()
        if last.preset:
            preset = self.presets.read(last.preset)
            bundle = find_model(last.model or preset.model)
            if not last.model:
                preset = replace(preset, model=name_of(bundle))
            name = "" if last.no_morph else last.morph_model or preset.morph_model
            other = self._restored_morph_model(name)
            mode = last.source or preset.source
            parts = () if last.model else preset.parts
            self._play(bundle, other, mode, preset.settings, preset, parts, preset.tuning)
        elif last.model:
            other = self._restored_morph_model(last.morph_model)
            self._play(find_model(last.model), other, last.source or None)
        return bool(last.preset or last.model)

    def _restored_morph_model(self, name: str) -> Bundle | None:
        """Return the second model; where it is gone, None with a notice: the first plays alone."""
        try:
            bundle = find_model(name) if name else None
        except UserError as error:
            self._notices.report("morph", f"{error} (the first model plays alone)")
            return None
        self._notices.report("morph", "")
        return bundle

    def _fall_back(self, model: str | Path, mode: SourceMode) -> bool:
        """Play a model without remembering it: the problem may be solved by the next start."""
        bundle = find_model(model)
        source = self._source_for(mode)
        self._wait(bundle, None, source)
        self.now = NowPlaying(name_of(bundle), source, mode, None, digest_of(bundle))
        return True

    # ---- the source

    def _source_for(self, mode: SourceMode) -> Source:
        """What a mode means now: "auto" keeps what it follows, and begins with the input where
        the card has one."""
        if mode != "auto":
            return mode
        if self.now.source_mode == "auto" and self.now.model is not None:
            return self.now.source
        return "effect" if self.has_input() else "synth"

    def has_input(self) -> bool:
        """Whether the sound card records; True also where no card runs yet. Any thread."""
        return bool(self._engine.status()["card"].get("capture", True))

    def follow(self, source: Source) -> bool:
        """Change to another source of the same model where the mode is "auto".

        Returns whether it changed; the new one plays then. Raises UserError.
        """
        now = self.now
        if now.source_mode != "auto" or now.source == source or now.model is None:
            return False
        self._wait(
            find_model(now.model), self._morph_bundle(), source, band=self._with_models(now.parts)
        )
        self.now = replace(self.now, source=source)
        return True

    # ---- playing

    def play_preset(self, name: str) -> dict[str, Any]:
        """Cross-fade to a preset; returns what plays then. Raises UserError; then the old one
        plays on."""
        return self._play_preset(self.presets.read(name))

    def step(self, by: int) -> dict[str, Any]:
        """Play the preset ``by`` places on (1 or -1); after the last comes the first.

        Raises UserError where there is none.
        """
        preset = self.presets.next(self.last_preset or None, by)
        if preset is None:
            raise UserError("there is no preset; save one with: ddsp-edge preset save NAME")
        return self._play_preset(preset)

    def play_model(
        self, name: str | None = None, path: str | None = None, source: str | None = None
    ) -> dict[str, Any]:
        """Cross-fade to a model, by name or path, and to a source mode. The settings stay.

        Raises UserError.
        """
        if source is not None and source not in SOURCE_MODES:
            raise UserError(f"source {source[:40]!r}: choose one of {', '.join(SOURCE_MODES)}")
        if name is not None and path is not None:
            raise UserError("model: give its name or its path; not both")
        wanted: str | Path | None = Path(path) if path is not None else name or self.now.model
        if wanted is None:
            raise UserError("model: no model plays; give the name of one")
        mode = cast("SourceMode | None", source)
        parts = self.now.parts if name is None and path is None else ()
        return self._play(
            find_model(wanted), self._morph_bundle(), mode, preset=self.now.preset, parts=parts
        )

    def morph_with(self, name: str | None = None, path: str | None = None) -> dict[str, Any]:
        """Choose the model that the setting ``morph`` leads to, by name or path; neither: none.

        Raises UserError.
        """
        if name is not None and path is not None:
            raise UserError("morph_model: give its name or its path; not both")
        if self.now.model is None:
            raise UserError("morph_model: no model plays; give the first one with model")
        wanted: str | Path | None = Path(path) if path is not None else name
        other = find_model(wanted) if wanted is not None else None
        return self._play(
            find_model(self.now.model), other, preset=self.now.preset, parts=self.now.parts
        )

    def _morph_bundle(self) -> Bundle | None:
        """The second model of what plays. Raises UserError where it has gone."""
        return find_model(self.now.morph_model) if self.now.morph_model else None

    def play_program(self, bank: int, program: int) -> dict[str, Any]:
        """Play what the program map names; without an entry, the preset (or, where there are no
        presets, the model) of that number. Raises UserError."""
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

    def play_parts(self, parts: tuple[BandPart, ...], same_models: bool) -> None:
        """Play other parts, beside the same settings; ``same_models``: none is loaded.

        Raises UserError.
        """
        now = self.now
        if same_models:
            self._engine.change_parts(parts)
            self.take(replace(now, parts=parts))
            return
        assert now.model is not None
        self._play(find_model(now.model), self._morph_bundle(), preset=now.preset, parts=parts)

    def reload(self) -> dict[str, Any]:
        """Load what plays again where its file has changed. Raises UserError."""
        if self.now.model is not None:
            bundle, other = find_model(self.now.model), self._morph_bundle()
            others = [each for _, each in self._with_models(self.now.parts)]
            if digest_of(bundle, other, *others) != self.now.digest:
                self._play(bundle, other, preset=self.now.preset, parts=self.now.parts)
        return self.playing()

    def _play_preset(self, preset: Preset) -> dict[str, Any]:
        bundle = find_model(preset.model)
        other = find_model(preset.morph_model) if preset.morph_model else None
        preset = replace(preset, model=name_of(bundle), morph_model=name_of(other))
        return self._play(
            bundle, other, preset.source, preset.settings, preset, preset.parts, preset.tuning
        )

    def _with_models(self, parts: Sequence[BandPart], bundle: Bundle | None = None) -> Band:
        """The parts with their models; one that names none has ``bundle``, or what plays.

        Raises UserError.
        """
        if bundle is None and self.now.model is not None:
            bundle = find_model(self.now.model)
        found = []
        for part in parts:
            model = find_model(part.model) if part.model else bundle
            assert model is not None
            found.append((part, model))
        return tuple(found)

    def _play(
        self,
        bundle: Bundle,
        other: Bundle | None,
        mode: SourceMode | None = None,
        settings: Settings | None = None,
        preset: Preset | None = None,
        parts: tuple[BandPart, ...] = (),
        tuning: Tuning | Literal["keep"] | None = KEEP,
    ) -> dict[str, Any]:
        """Play, wait until it does, and return :meth:`playing`.

        ``mode`` and ``settings`` None: as they are. ``preset`` is the preset as its file has it;
        whatever else is given is an edit of it.
        """
        mode = mode or self.now.source_mode
        tuning = self.now.tuning if isinstance(tuning, str) else tuning
        source = self._source_for(mode)
        band = self._with_models(parts, bundle)
        on_this_box = settings and self._on_this_box(settings)
        self._wait(bundle, other, source, on_this_box, band, self._pitches(tuning))
        if preset is not None:
            self.last_preset = preset.name
        digest = digest_of(bundle, other, *(each for _, each in band))
        self.take(
            NowPlaying(name_of(bundle), source, mode, preset, digest, name_of(other), parts, tuning)
        )
        return self.playing()

    def _wait(
        self,
        bundle: Bundle,
        other: Bundle | None,
        source: str | None,
        settings: Settings | None = None,
        band: Band = (),
        pitches: Pitches = KEEP,
    ) -> None:
        """Load a model and wait until the engine plays it. Raises UserError."""
        future = self._engine.play(bundle, source, settings, other, band, pitches)
        try:
            future.result(PLAY_S)
        except CancelledError:
            raise UserError(
                f"{bundle.info.name}: not played, because the engine is stopping"
            ) from None
        except FutureTimeout:
            future.cancel()
            raise UserError(
                f"{bundle.info.name}: did not begin to play within {PLAY_S:g} s; see: "
                "ddsp-edge stats"
            ) from None

    def take(self, now: NowPlaying) -> None:
        """Make this what plays: use its preset's mappings, and store it for the next start."""
        if self.now.model not in (None, now.model):
            self._previous = self.now
        self.now = now
        self._use_mappings(now.preset.mappings if now.preset else ())
        preset = now.preset
        last = LastPlayed(
            preset.name if preset else "",
            "" if preset and preset.model == now.model else now.model or "",
            "" if preset and preset.source == now.source_mode else now.source_mode,
            "" if preset and preset.morph_model == now.morph_model else now.morph_model,
            bool(preset and preset.morph_model and not now.morph_model),
        )
        try:
            self._last_state.write(last)
            self._notices.report("last state", "")
        except UserError as error:  # a read-only disk: it plays all the same
            text = f"what plays now will not be restored at the next start: {error}"
            self._notices.report("last state", text)

    def replace_hung(self, title: str) -> None:
        """What plays, titled ``title``, hung and was dropped: play the model before it, or a
        shipped one, and say so as the notice "model"."""
        hung, previous = self.now, self._previous
        attempts: list[Callable[[], Any]] = []
        if previous is not None and previous.model not in (None, hung.model):
            attempts.append(partial(self._play_again, previous))
        for path in sorted(shipped_folder().glob("*.zip"), reverse=True):
            if path.stem != hung.model:
                attempts.append(partial(self._play, find_model(path), None))
        for attempt in attempts:
            try:
                attempt()
                break
            except UserError as error:
                log.warning("%s", error)
        self._previous = None
        instead = f"; {self.now.model} plays instead" if self.now.model != hung.model else ""
        self._notices.report("model", f"{title} did not answer and was dropped{instead}")

    def _play_again(self, what: NowPlaying) -> None:
        assert what.model is not None
        other = find_model(what.morph_model) if what.morph_model else None
        self._play(
            find_model(what.model),
            other,
            what.source_mode,
            preset=what.preset,
            parts=what.parts,
            tuning=what.tuning,
        )

    # ---- settings

    def _on_this_box(self, settings: Settings) -> Settings:
        """A preset that leaves the channel open is played on the box's own, [midi] channel."""
        return settings if settings.channel else replace(settings, channel=self._channel)

    def portable_settings(self) -> Settings:
        """The engine's settings as a preset stores them: the box's own channel left open.

        Any thread.
        """
        settings = self._engine.settings
        on_own = settings.channel == self._channel
        return replace(settings, channel=0) if on_own else settings

    def use_channel(self, channel: int) -> None:
        """Take another [midi] channel (0: all); a channel that a preset names stays."""
        if self._engine.settings.channel == self._channel:
            self._engine.set({"channel": channel})
        self._channel = channel

    # ---- tuning

    def tune(self, scale: str = "", keyboard_map: str = "") -> dict[str, Any]:
        """Tune the keys by the texts of Scala's files, held notes too; neither: as the box is.

        It belongs to the preset once that is saved. Raises UserError; then nothing has changed.
        """
        given = {"scale": scale, "keyboard_map": keyboard_map}
        texts = {name: text for name, text in given.items() if text}
        tuning = tuning_of(texts, "tuning")
        self._engine.tune(self._pitches(tuning))
        self.now = replace(self.now, tuning=tuning)
        return self.playing()

    def use_tuning(self, tuning: Tuning | None) -> None:
        """Take another tuning of the box, [midi] scale; that of a preset stays."""
        self._own_tuning = tuning
        if self.now.tuning is None:
            self._engine.tune(self._pitches(None))

    def _pitches(self, tuning: Tuning | None) -> KeyPitches | None:
        """The pitches of a tuning or, without one, of the box; None: equal temperament."""
        tuning = tuning or self._own_tuning
        return tuning.pitches if tuning else None

    def edited(self) -> bool:
        """Whether what plays differs from the file of its preset. Any thread."""
        now, preset = self.now, self.now.preset
        return preset is not None and (
            (preset.model, preset.morph_model, preset.source)
            != (now.model, now.morph_model, now.source_mode)
            or preset.parts != now.parts
            or preset.tuning != now.tuning
            or preset.settings != self.portable_settings()
        )

    def playing(self) -> dict[str, Any]:
        """Return what plays, as the control socket answers it. Any thread may call it."""
        now = self.now
        return {
            "preset": now.preset.name if now.preset else None,
            "model": now.model,
            "source": now.source,
            "source_mode": now.source_mode,
            "morph_model": now.morph_model or None,
            "parts": parts_rows(now),
            "tuning": now.tuning.title if now.tuning else None,
        }
