"""A file in, a file out: the offline frontend of the engine."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.effect.mix import clipped_samples, trimmed, with_dry
from ddsp_edge.effect.source import effect_frames
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation import peak_dbfs
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.library.catalog import find_model
from ddsp_edge.midi.file import MAGIC_BYTES, is_midi_data
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.offline.report import RenderReport
from ddsp_edge.presets.scala import KeyPitches
from ddsp_edge.settings import Settings
from ddsp_edge.synth.source import Performance, synth_frames
from ddsp_edge.system.atomic_files import check_new, numbered
from ddsp_edge.system.audio_file import check_writable, read_sound, resample, write_audio
from ddsp_edge.system.audio_kinds import begins_like_audio
from ddsp_edge.system.input_file import check_input
from ddsp_edge.units import SILENCE_DB, db_to_gain

MIDI_SUFFIXES = {".mid", ".midi", ".smf", ".kar", ".rmi"}
DEFAULT_RATE = 48_000
#: After the last frame, for the room; the rest of the tail is cut where it is inaudible.
TAIL_S = 3.0
TAIL_DBFS = -80.0


def render(
    source: Path | str,
    model: str | Path | Bundle,
    rate: int = DEFAULT_RATE,
    settings: Settings | None = None,
    runtime: str | None = None,
    seed: int = 1,
    morph_model: str | Path | Bundle | None = None,
    key_pitches: KeyPitches | None = None,
    read_ahead: bool = True,
) -> RenderReport:
    """Play an audio or MIDI file on a model; nothing is written. Raises UserError.

    ``morph_model`` is the one that the setting ``morph`` leads to, ``key_pitches`` those of a Scala
    tuning, and ``read_ahead`` whether notes are shaped by what follows them, for a MIDI file.
    """
    source, settings = check_input(source), settings or Settings()
    begun = time.perf_counter()
    bundle = model if isinstance(model, Bundle) else find_model(model)
    other = morph_model
    if other is not None and not isinstance(other, Bundle):
        other = find_model(other)
    midi = is_midi(source)
    voices = settings.voices if midi else 1
    engine = Engine(bundle, rate, settings, runtime, seed, voices, other, midi)
    loaded = time.perf_counter()
    audio, performance = None, None
    remarks: list[str] = []
    pans: list[tuple[float, float]] = []
    if midi:
        performance = synth_frames(source, engine.info, settings, seed, key_pitches, read_ahead)
        frames, duration, pans = performance.frames, performance.duration_s, performance.pans
        remarks += performance.remarks
    else:
        sound_in = read_sound(source)
        remarks += sound_in.remarks
        audio = trimmed(resample(sound_in.samples, sound_in.rate, rate), settings)
        frames, duration = effect_frames(audio, rate, engine.info, settings), len(audio) / rate
        # Let go at the end: the last frame would hold for ever.
        frames.append(FeatureFrame(duration, 0.0, -np.inf))
    sound = engine.render(frames, duration + TAIL_S, pans)
    if audio is not None:
        sound = with_dry(sound, audio, settings)
    sound, lowered_db = turned_down(without_silence(sound, round(duration * rate)))
    peak = float(np.abs(sound).max(initial=0.0))
    if peak <= db_to_gain(TAIL_DBFS):
        remarks.append(f"nothing is heard: {_why_silent(performance, audio)}")
    done = time.perf_counter()
    return RenderReport(
        source,
        None,
        engine.info,
        rate,
        settings,
        sound,
        frames,
        audio,
        performance,
        lowered_db,
        loaded - begun,
        done - loaded,
        clipped_samples(audio) if audio is not None else 0,
        remarks,
    )


def _why_silent(performance: Performance | None, audio: np.ndarray | None) -> str:
    if performance is not None and performance.muted:
        return "; ".join(performance.muted)
    if audio is not None and peak_dbfs(audio) <= SILENCE_DB:
        return f"the input is silent (its peak is {peak_dbfs(audio):.0f} dBFS)"
    if performance is not None and all(each.end_s <= each.start_s for each in performance.notes):
        return "its notes have no length"
    return "the input is too soft for these settings; see output_gain, harmonic_gain and noise_gain"


def is_midi(source: Path) -> bool:
    """Return whether a file is MIDI: by its first bytes, or by its suffix unless it is audio."""
    named_so = source.suffix.lower() in MIDI_SUFFIXES
    try:
        if not source.is_file() or source.stat().st_size == 0:
            return named_so
        with source.open("rb") as stream:
            if is_midi_data(stream.read(MAGIC_BYTES)):
                return True
    except OSError as error:
        raise UserError(f"{source}: cannot be read ({error.strerror})") from None
    return named_so and not begins_like_audio(source)


def without_silence(sound: np.ndarray, least: int) -> np.ndarray:
    """Cut the end where it stays below TAIL_DBFS, but keep ``least`` samples."""
    heard = np.flatnonzero(np.abs(sound).max(axis=1) > db_to_gain(TAIL_DBFS))
    return sound[: max(least, int(heard[-1]) + 1 if len(heard) else 0)]


def turned_down(sound: np.ndarray) -> tuple[np.ndarray, float]:
    """Lower ``sound`` in place so that it does not clip; return it and the dB it was lowered by."""
    peak = float(np.abs(sound).max(initial=0.0))
    if peak <= 1.0:
        return sound, 0.0
    lowered_db = 20 * float(np.log10(peak)) + 0.1
    sound *= db_to_gain(-lowered_db)
    return sound, lowered_db


def default_out(source: Path, model: ModelInfo) -> Path:
    """Return a file name in the current folder, of the input's name and the model's."""
    return Path(f"{source.stem}-{model.name.lower().replace(' ', '-')}.wav")


def render_file(
    source: Path | str,
    model: str | Path | Bundle,
    out: Path | str | None = None,
    rate: int = DEFAULT_RATE,
    settings: Settings | None = None,
    picture: Path | str | None = None,
    runtime: str | None = None,
    seed: int = 1,
    morph_model: str | Path | Bundle | None = None,
    overwrite: bool = False,
    key_pitches: KeyPitches | None = None,
    read_ahead: bool = True,
) -> RenderReport:
    """:func:`render`, written to ``out``, and a picture of it to ``picture``.

    Each file is written whole or not at all. Unless ``overwrite``, files that are there already
    are refused before anything is rendered, and where ``out`` is None :func:`default_out` gets a
    number that is free. Raises UserError.
    """
    source = check_input(source)
    bundle = model if isinstance(model, Bundle) else find_model(model)
    if out is None:
        named = default_out(source, bundle.info)
        out = named if overwrite else numbered(named)
    out = check_writable(out, source)
    if not overwrite:
        check_new(out, "--out")
    if picture is not None:
        from ddsp_edge.offline.plot import check_picture

        check_picture(picture)
        if not overwrite:
            check_new(picture, "--picture")
    report = render(
        source, bundle, rate, settings, runtime, seed, morph_model, key_pitches, read_ahead
    )
    write_audio(out, report.sound, rate)
    report.out = out
    if picture is not None:
        from ddsp_edge.offline.plot import draw

        draw(report, picture)
    return report
