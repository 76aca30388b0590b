"""What is compared: the same tune or recording, made in several ways and equally loud."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.compare import peers
from ddsp_edge.demo.gallery import fitted
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation import loudness_track
from ddsp_edge.library.catalog import entries, find_model
from ddsp_edge.midi.file import read_midi
from ddsp_edge.midi.general_midi import library_name
from ddsp_edge.offline.rendering import DEFAULT_RATE, is_midi, render
from ddsp_edge.offline.report import RenderReport
from ddsp_edge.settings import Settings
from ddsp_edge.system.audio_file import read_audio
from ddsp_edge.system.input_file import check_input
from ddsp_edge.units import db_to_gain

RATE = DEFAULT_RATE
USUAL_MODEL = "violin"
LEVEL_DB = -23.0  #: all are brought to this level, where they sound
SOUNDS_DB = -30.0  #: below the loudest: pauses and tails do not count for the level
PEAK = 0.98


@dataclass
class Version:
    """One way to play it: its sound, or why there is none."""

    key: str  #: of its files and on the page: "ours", "vst", "sampled", "physical", "input"
    title: str
    what: str  #: how it was made, in a sentence or two
    sound: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32), repr=False)
    render_s: float = 0.0  #: how long it took
    missing: str = ""  #: why there is no sound
    report: RenderReport | None = None  #: of ours


def model_for(source: Path) -> str:
    """Name the model that a MIDI file asks for by its program, where it is there; else the usual.

    Raises UserError for a file that cannot be read.
    """
    if not is_midi(source):
        return USUAL_MODEL
    names = {entry.name.lower() for entry in entries() if entry.info is not None}
    for _, message in read_midi(source).messages:
        if message.type == "program_change" and library_name(message.program) in names:
            return library_name(message.program)
    return USUAL_MODEL


def of_midi(
    source: Path,
    bundle: Bundle,
    name: str,
    settings: Mapping[str, float | str],
    say: Callable[[str], None],
) -> list[Version]:
    """Play a MIDI file in every way there is; ``name`` is the model's. Raises UserError.

    ``settings`` are those of the models that are not the usual ones. All dry: no room, one channel.
    What is not installed is a version that says so.
    """
    source = check_input(source)
    say(f"{bundle.info.name} ...")
    versions = [_rendered("ours", source, bundle, settings)]
    report = versions[0].report
    assert report is not None and report.performance is not None
    say("DDSP-VST ...")
    versions.append(_vst(source, bundle, settings))
    instrument, duration_s = peers.of_model(name), report.performance.duration_s
    say("FluidSynth ...")
    versions.append(
        _peer(
            Version(
                "sampled",
                f"Sampled: {instrument.sampled}",
                "FluidSynth plays General MIDI's sound font FluidR3: recordings of single notes, "
                "looped and filtered.",
            ),
            lambda: peers.sampled(source, instrument, RATE),
        )
    )
    say("STK ...")
    performance = report.performance
    versions.append(
        _peer(
            Version(
                "physical",
                f"Physical model: {instrument.physical}",
                "The Synthesis ToolKit (P. Cook, G. Scavone) computes the air column or the string "
                "itself; velocity and expression are its pressure, bends move its length.",
            ),
            lambda: peers.physical(source, performance, instrument, RATE, duration_s),
        )
    )
    return _matched(versions)


def of_audio(
    source: Path, bundle: Bundle, settings: Mapping[str, float | str], say: Callable[[str], None]
) -> list[Version]:
    """Convert a recording in every way there is, beside the recording itself. Raises UserError."""
    source = check_input(source)
    if is_midi(source):
        raise UserError(f"{source}: is a MIDI file; --audio takes a recording")
    dry = Version("input", "The input", "The recording itself.")
    dry.sound = read_audio(source, RATE).astype(np.float32)
    say(f"{bundle.info.name} ...")
    versions = [dry, _rendered("ours", source, bundle, settings)]
    say("DDSP-VST ...")
    versions.append(_vst(source, bundle, settings))
    return _matched(versions)


def _rendered(
    key: str, source: Path, bundle: Bundle, settings: Mapping[str, float | str]
) -> Version:
    """Render it dry. A recording is moved into the model's range, as `ddsp-edge fit` does."""
    info = bundle.info
    chosen = Settings() if is_midi(source) else fitted(source, info)
    report = render(source, bundle, RATE, chosen.changed({"reverb_wet": 0.0, **settings}))
    kind = "ddsp-edge" if info.profile == "edge" else "DDSP-VST"
    what = (
        f"A network decides {info.n_harmonics} harmonics and {info.n_noise} bands of "
        f"noise {info.frame_rate:g} times a second, from pitch and loudness alone."
    )
    sound = report.sound.mean(axis=1).astype(np.float32)
    return Version(key, f"{kind}: {info.name}", what, sound, report.render_s, report=report)


def _vst(source: Path, bundle: Bundle, settings: Mapping[str, float | str]) -> Version:
    """The first of DDSP-VST's models on this machine; one of the same instrument goes first."""
    title, what = "DDSP-VST", "Magenta's plug-in (2022), its own model through this program."
    found = [e for e in entries() if e.info is not None and e.info.profile == "vst"]
    if not found or bundle.info.profile == "vst":
        why = "none of its models is installed (ddsp-edge models add FILE.tflite)"
        return Version("vst", title, what, missing=why if not found else "it is the first one here")
    ours = bundle.info.name.lower()
    found.sort(key=lambda entry: entry.info is None or entry.info.name.lower() != ours)
    try:
        return _rendered("vst", source, find_model(found[0].path), settings)
    except UserError as error:
        return Version("vst", title, what, missing=str(error))


def _peer(version: Version, make: Callable[[], np.ndarray]) -> Version:
    begun = time.perf_counter()
    try:
        version.sound = make().astype(np.float32)
    except UserError as error:
        version.missing = str(error)
    version.render_s = time.perf_counter() - begun
    return version


def active_level(sound: np.ndarray) -> float:
    """Level in dB re full scale where it sounds: within 30 dB of the loudest; -inf for silence."""
    level = loudness_track(sound, RATE)
    if not len(level) or level.max() <= -100.0:
        return float("-inf")
    active = level[level > level.max() + SOUNDS_DB]
    return float(10 * np.log10(np.mean(10 ** (active / 10))))


def _matched(versions: Sequence[Version]) -> list[Version]:
    """All at the same level and of the same length; none clips."""
    heard = [v for v in versions if not v.missing]
    for version in heard:
        level = active_level(version.sound)
        if level == float("-inf"):
            version.missing = "it plays nothing"
            continue
        version.sound = version.sound * np.float32(db_to_gain(LEVEL_DB - level))
    heard = [v for v in heard if not v.missing]
    if not heard:
        raise UserError("nothing is heard of any version")
    # Tails of a second or two after the end of the shortest are of no use.
    length = max(len(v.sound) for v in heard)
    highest = max(float(np.abs(v.sound).max()) for v in heard)
    gain = np.float32(min(1.0, PEAK / highest))
    for version in heard:
        version.sound = gain * np.pad(version.sound, (0, length - len(version.sound)))
    return list(versions)
