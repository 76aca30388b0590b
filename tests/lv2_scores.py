"""What the plug-in is made to play in its tests, and what `ddsp-edge render` makes of it."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
from lv2_host import VIOLIN

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.effect.mix import trimmed, with_dry
from ddsp_edge.effect.source import effect_frames
from ddsp_edge.lv2.ports import Plugin
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings
from ddsp_edge.synth.source import synth_frames

#: Each message and the sample at which it comes, in order.
Score = list[tuple[int, mido.Message]]


def note(number: int, at: int, length: int, velocity: int = 80, channel: int = 0) -> Score:
    on = mido.Message("note_on", note=number, velocity=velocity, channel=channel)
    off = mido.Message("note_off", note=number, channel=channel)
    return [(at, on), (at + length, off)]


def later(score: Score, samples: int) -> Score:
    return [(at + samples, message) for at, message in score]


def in_files(score: Score, rate: int, folder: Path) -> tuple[Path, Path]:
    """A MIDI file whose tick is a sample, and the same for tests/lv2/play.c."""
    file = mido.MidiFile(ticks_per_beat=rate // 2)
    track = mido.MidiTrack()
    file.tracks.append(track)
    last = 0
    for at, message in score:
        track.append(message.copy(time=at - last))
        last = at
    file.save(folder / "score.mid")
    text = "".join(f"{at} {message.hex()}\n" for at, message in score)
    (folder / "score.txt").write_text(text)
    return folder / "score.mid", folder / "score.txt"


def controls(plugin: Plugin, settings: Settings) -> dict[str, float]:
    """Every setting by its port's symbol, as the value of the port."""
    found = {}
    for port in plugin.ports:
        value = getattr(settings, port.symbol)
        if isinstance(value, str):
            value = port.setting.choices.index(value)  # type: ignore[union-attr]
        found[port.symbol] = float(value)
    return found


def ports(plugin: Plugin, settings: Settings) -> list[str]:
    """Every setting as the number of its port and its value, for tests/lv2/play.c."""
    values = controls(plugin, settings).values()
    return [f"{index}={value!r}" for index, value in enumerate(values, plugin.first)]


def rendered_notes(
    midi: Path, rate: int, settings: Settings, seed: int = 1, bundle: Bundle = VIOLIN
) -> np.ndarray:
    """What `render` plays, as a live instrument does (see tests/lv2/test_golden.py).

    ``seed``: of the performer's choices; the noise is always the same.
    """
    performance = synth_frames(midi, bundle.info, settings, seed=seed, read_ahead=False)
    first = next(i for i, frame in enumerate(performance.frames) if frame.onset)
    engine = Engine(bundle, rate, settings, voices=settings.voices, notes=True)
    return engine.render(performance.frames[first:], performance.duration_s, performance.pans)


def rendered_audio(audio: np.ndarray, rate: int, settings: Settings) -> np.ndarray:
    heard = trimmed(audio, settings)
    frames = effect_frames(heard, rate, VIOLIN.info, settings)
    wanted = Engine(VIOLIN, rate, settings).render(frames, len(audio) / rate)
    return with_dry(wanted, heard, settings)
