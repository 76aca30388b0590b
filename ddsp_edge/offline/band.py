"""A MIDI file in, the sound of its band out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.midi.file import read_midi
from ddsp_edge.offline.arrangement import Arrangement, PlannedPart, arrange
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.offline.rendering import (
    DEFAULT_RATE,
    TAIL_DBFS,
    TAIL_S,
    turned_down,
    without_silence,
)
from ddsp_edge.presets.band_map import BandMap
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings
from ddsp_edge.synth.budget import VoiceBudget
from ddsp_edge.synth.player import SynthPlayer
from ddsp_edge.synth.source import Performance, perform
from ddsp_edge.system.atomic_files import check_new, numbered
from ddsp_edge.system.audio_file import check_writable, write_audio
from ddsp_edge.system.input_file import check_input
from ddsp_edge.units import db_to_gain, pan_gains
from native.kernel import Output

PAN_RAMP_S = 0.01
#: Between the seeds of two parts, so that no two have the same noise.
SEED_STEP = 0x9E37


@dataclass(frozen=True)
class PartReport:
    """What one part of a band played."""

    part: BandPart
    model: str  #: its name for people
    programs: tuple[int, ...]  #: General MIDI's, from 0
    notes: int
    peak: float  #: linear, in the mix before it was turned down


@dataclass
class BandReport:
    """What was rendered of a file's band."""

    source: Path
    rate: int  #: Hz
    sound: np.ndarray = field(repr=False)  #: (samples, 2) float32, as written
    parts: list[PartReport]
    drums: int  #: messages that were left out
    lowered_db: float  #: how much it was turned down so as not to clip
    stolen: int  #: voices that gave way to others
    load_s: float
    render_s: float
    remarks: list[str]
    out: Path | None = None

    @property
    def duration_s(self) -> float:
        """The length of the sound in seconds."""
        return len(self.sound) / self.rate

    @property
    def real_time_factor(self) -> float:
        """Return the seconds of sound that were made in one second."""
        return self.duration_s / self.render_s


def render_band(
    source: Path | str,
    band: BandMap | None = None,
    overrides: Sequence[tuple[int, dict[str, object]]] = (),
    rate: int = DEFAULT_RATE,
    settings: Settings | None = None,
    runtime: str | None = None,
    seed: int = 1,
    budget: int | None = None,
    key_pitches: KeyPitches | None = None,
    read_ahead: bool = True,
) -> BandReport:
    """Play a MIDI file as the band it was written for; nothing is written.

    ``budget``: how many voices sound at once in all parts; None: as many as they need.
    ``key_pitches``: those of a Scala tuning. ``read_ahead``: notes are shaped by what follows
    them. The rest as :func:`ddsp_edge.offline.arrangement.arrange`. Raises UserError.
    """
    source, settings = check_input(source), settings or Settings()
    if settings.mpe != "off":
        raise UserError("--set mpe: an MPE file is one instrument; name it with --model")
    begun = time.perf_counter()
    file = read_midi(source)
    plan = arrange(file.messages, band or BandMap(), overrides, settings.channel)
    if not plan.parts:
        raise UserError(f"{source}: holds no notes{_why_none(plan, settings)}")
    seeds = [
        (seed + SEED_STEP * _number(plan.parts, index)) % 2**32 for index in range(len(plan.parts))
    ]
    engines = [
        Engine(
            each.bundle,
            rate,
            _settings_of(each, settings),
            runtime,
            seeds[index],
            _settings_of(each, settings).voices,
            notes=True,
        )
        for index, each in enumerate(plan.parts)
    ]
    loaded = time.perf_counter()
    shared = VoiceBudget(budget)
    players = [
        SynthPlayer(each.bundle.info, _settings_of(each, settings), part_seed, each.part, shared)
        for each, part_seed in zip(plan.parts, seeds, strict=True)
    ]
    for player in players:
        player.tune(key_pitches)
    infos = [each.bundle.info for each in plan.parts]
    messages = [each.messages for each in plan.parts]
    performances = perform(players, infos, messages, file.beats, read_ahead)
    duration_s = max(each.duration_s for each in performances)
    sides = np.zeros((2, round((duration_s + TAIL_S) * rate)), np.float32)
    reports = []
    for each, engine, performance in zip(plan.parts, engines, performances, strict=True):
        mono = engine.mono(performance.frames, duration_s + TAIL_S)
        peak = _mix(sides, mono, rate, each.part, performance.pans)
        reports.append(_report(each, performance, peak))
    sound, lowered_db = turned_down(
        without_silence(_out(sides, rate, settings), round(duration_s * rate))
    )
    remarks = [*file.remarks, *plan.remarks]
    if float(np.abs(sound).max(initial=0.0)) <= db_to_gain(TAIL_DBFS):
        muted = sorted({why for each in performances for why in each.muted})
        remarks.append(f"nothing is heard: {'; '.join(muted) or 'see output_gain'}")
    done = time.perf_counter()
    return BandReport(
        source,
        rate,
        sound,
        reports,
        plan.drums,
        lowered_db,
        shared.stolen,
        loaded - begun,
        done - loaded,
        remarks,
    )


def _number(parts: Sequence[PlannedPart], index: int) -> int:
    """A part's number, which stays the same when a part of another channel is left out."""
    channel = parts[index].part.channel
    before = sum(each.part.channel == channel for each in parts[:index])
    return 16 * before + channel


def _why_none(plan: Arrangement, settings: Settings) -> str:
    if settings.channel:
        return f" on channel {settings.channel}; channel=0 hears all"
    if plan.drums:
        return "; its notes are all for drums, which are left out"
    return "".join(f"; {remark}" for remark in plan.remarks)


def _settings_of(planned: PlannedPart, settings: Settings) -> Settings:
    """Of one part: as many voices as ``--set voices`` says, where it says more than one."""
    part = planned.part
    if settings.voices > 1:
        part = replace(part, voices=settings.voices)
    return part.applied_to(settings)


def _report(planned: PlannedPart, performance: Performance, peak: float) -> PartReport:
    name = planned.bundle.info.name
    return PartReport(planned.part, name, planned.programs, len(performance.notes), peak)


def _mix(
    sides: np.ndarray, mono: np.ndarray, rate: int, part: BandPart, pans: list[tuple[float, float]]
) -> float:
    """Add a part to both sides, at its level and at the player's ``pans``; its peak there."""
    # Corners of the gain: it moves to each pan's in PAN_RAMP_S.
    corners, gains = [0.0], [part.gains(pans[0][1] if pans and pans[0][0] <= 0.0 else 0.0)]
    for time_s, pan in pans:
        begin_s = max(time_s, corners[-1])
        corners += [begin_s, begin_s + PAN_RAMP_S]
        gains += [gains[-1], part.gains(pan)]
    peak = 0.0
    times = np.arange(len(mono)) / rate if len(corners) > 1 else None
    for side in range(2):
        levels = [gain[side] for gain in gains]
        curve = levels[0] if times is None else np.interp(times, corners, levels)
        added = (mono * curve).astype(np.float32)
        sides[side] += added
        peak = max(peak, float(np.abs(added).max(initial=0.0)))
    return peak


def _out(sides: np.ndarray, rate: int, settings: Settings) -> np.ndarray:
    """Room and gain of the whole band."""
    output = Output(rate)
    gain = db_to_gain(settings.output_gain)
    left, right = pan_gains(settings.pan)
    output.set_gain(gain * left, gain * right)
    output.set_reverb(settings.reverb_size, settings.reverb_damping, settings.reverb_wet)
    output.reset()
    sound = np.empty((sides.shape[1], 2), np.float32)
    output.process_sides(sides[0], sides[1], sound)
    return sound


def default_band_out(source: Path) -> Path:
    """In the current folder: the file's name, and ``band``."""
    return Path(f"{source.stem}-band.wav")


def render_band_file(
    source: Path | str,
    band: BandMap | None = None,
    overrides: Sequence[tuple[int, dict[str, object]]] = (),
    out: Path | str | None = None,
    rate: int = DEFAULT_RATE,
    settings: Settings | None = None,
    runtime: str | None = None,
    seed: int = 1,
    overwrite: bool = False,
    key_pitches: KeyPitches | None = None,
    read_ahead: bool = True,
) -> BandReport:
    """:func:`render_band`, written to ``out``, whole or not at all.

    Unless ``overwrite``, a file that is there already is refused before anything is rendered, and
    where ``out`` is None :func:`default_band_out` gets a number that is free. Raises UserError.
    """
    source = check_input(source)
    if out is None:
        out = default_band_out(source) if overwrite else numbered(default_band_out(source))
    out = check_writable(out, source)
    if not overwrite:
        check_new(out, "--out")
    report = render_band(
        source, band, overrides, rate, settings, runtime, seed, None, key_pitches, read_ahead
    )
    write_audio(out, report.sound, rate)
    report.out = out
    return report
