"""Struck, plucked and sung notes into the effect: no treble of its own where they join."""

from __future__ import annotations

import shutil
from dataclasses import replace

import mido
import numpy as np
import pytest
import soundfile

from ddsp_edge.demo import VOICE
from ddsp_edge.demo.piano import MELODY, TONIC
from ddsp_edge.effect.autofit import learn
from ddsp_edge.effect.source import analyse, effect_frames
from ddsp_edge.evaluation import measure_joins
from ddsp_edge.evaluation.joins import HOP_S, TREBLE_HZ, band_level
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings
from ddsp_edge.system import fluidsynth

RATE = 48_000
BURST_DB = 3.0  #: above the input's own treble, and above that of the held note
needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not fluidsynth.FONT.is_file(),
    reason="no fluidsynth with its General MIDI font (apt: fluidsynth fluid-soundfont-gm)",
)


def struck(program: int, overlap: int, beats_a_minute: float) -> tuple[np.ndarray, list[float]]:
    """The demo's melody on an instrument of the sound font, and when each note starts.

    Each key is let go ``overlap`` ticks (of 480 a beat) after the next one goes down.
    """
    events, starts, at = [], [], 0
    for degree, beats, velocity in MELODY[:14]:
        ticks = round(480 * beats)
        key = TONIC + degree
        events.append((at, mido.Message("note_on", note=key, velocity=velocity)))
        events.append((at + ticks + overlap, mido.Message("note_off", note=key)))
        starts.append(at / 480 * 60 / beats_a_minute)
        at += ticks
    tempo = mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(beats_a_minute))
    track, before = mido.MidiTrack([tempo, mido.Message("program_change", program=program)]), 0
    for tick, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=tick - before))
        before = tick
    sound = fluidsynth.play(mido.MidiFile(ticks_per_beat=480, type=0, tracks=[track]), RATE)
    return (sound * (0.5 / np.abs(sound).max())).astype("f4"), starts


def plucked() -> tuple[np.ndarray, list[float]]:
    """Strings plucked with a fingertip (Karplus-Strong), each ringing 80 ms into the next."""
    rng, starts = np.random.default_rng(3), [0.1 + 0.4 * i for i in range(10)]
    keys = (55, 59, 62, 60, 57, 64, 62, 67, 66, 59)
    sound = np.zeros(round(RATE * 4.6))
    for start, key in zip(starts, keys, strict=True):
        period = round(RATE / (440 * 2 ** ((key - 69) / 12)))
        finger = np.hanning(24) / 12  # a fingertip is wide: it plucks no high overtones
        line = np.convolve(rng.uniform(-1, 1, period), finger, "same")
        length = round(0.48 * RATE)
        string = np.empty(length + period)
        for at in range(0, length, period):
            string[at : at + period] = line
            line = 0.498 * (line + np.roll(line, 1))
        first = round(start * RATE)
        damped = np.minimum(1.0, np.arange(length, 0, -1) / (0.03 * RATE))
        sound[first : first + length] += string[:length] * damped
    return (sound * (0.4 / np.abs(sound).max())).astype("f4"), starts


def rendered(sound: np.ndarray, name: str, **settings: float) -> np.ndarray:
    """What a model makes of it, in its own range."""
    bundle = find_model(name)
    fitted = learn(analyse(sound, RATE, bundle.info.hop_s), bundle.info.hop_s).fit(bundle.info)
    chosen = Settings(reverb_wet=0.0, body=0.0).changed({**fitted.settings, **settings})
    frames = effect_frames(sound, RATE, bundle.info, chosen)
    return Engine(bundle, RATE, chosen).render(frames, len(sound) / RATE).mean(axis=1)


def assert_no_bursts(sound: np.ndarray, starts: list[float], name: str) -> None:
    joins = measure_joins(sound, rendered(sound, name), RATE, starts)
    # What the model's own note has there, in place of the noise: an instrument may be bright.
    notes = measure_joins(sound, rendered(sound, name, unpitched=0.0), RATE, starts)
    for join, note in zip(joins, notes, strict=True):
        assert join.burst_db <= max(BURST_DB, note.burst_db + 1.0), (join, note)
        # The new note's onset is caught: noise is there as soon as a note would be.
        assert join.late_s <= max(0.02, note.late_s + 0.004), (join, note)


@needs_fluidsynth
@pytest.mark.parametrize("name", ["cello", "flute", "violin"])
@pytest.mark.parametrize(("overlap", "beats_a_minute"), [(-24, 92), (20, 92)])
def test_a_piano(name: str, overlap: int, beats_a_minute: float) -> None:
    assert_no_bursts(*struck(0, overlap, beats_a_minute), name)


@needs_fluidsynth
@pytest.mark.parametrize("name", ["flute", "violin"])
def test_a_guitar(name: str) -> None:
    assert_no_bursts(*struck(24, 20, 92), name)


@pytest.mark.parametrize("name", ["cello", "flute"])
def test_a_plucked_string(name: str) -> None:
    assert_no_bursts(*plucked(), name)


def test_a_consonant_of_a_voice_is_as_bright_as_it_was() -> None:
    sound, rate = soundfile.read(VOICE, dtype="float32")
    sound = sound[: rate // 5]  # it begins with an s, from 0.045 to 0.07 s
    violin, settings = find_model("violin"), Settings(reverb_wet=0.0, body=0.0)
    frames = effect_frames(sound, rate, violin.info)
    hiss = [frame for frame in frames if 0.045 <= frame.time_s <= 0.07]
    assert all(frame.pitched == 0.0 and frame.treble_db > -7.0 for frame in hiss)
    free = [replace(frame, treble_db=0.0) for frame in frames]
    at = slice(round(0.05 / HOP_S), round(0.07 / HOP_S))
    bounded, unbounded = (
        band_level(Engine(violin, rate, settings).render(each, 0.2)[:, 0], rate, *TREBLE_HZ)[at]
        for each in (frames, free)
    )
    assert bounded.max() > unbounded.max() - 1.5
