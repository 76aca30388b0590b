"""MIDI in, sound out of a paced card: pitch, a busy Python, models changed under a held note."""

from __future__ import annotations

import ctypes
import time

import mido
import numpy as np
from live_pump import level_db
from sounds import shaped

from ddsp_edge import evaluation
from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.settings import Settings

RATE = 48_000
VIOLIN, CELLO = find_model("violin"), find_model("cello")
DRY = Settings(reverb_wet=0.0, body=0.0, expression=0)


def steady(sound: np.ndarray) -> np.ndarray:
    """From a while after its start to a while before its end, mono, with its own ends faded."""
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 1e-3)
    return shaped(sound[loud[0] + RATE // 5 : loud[-1] - RATE // 5, 0])


def dips(sound: np.ndarray) -> float:
    """How far the softest 10 ms are below the median, dB; ends not counted."""
    levels = [level_db(sound[i : i + 480]) for i in range(4800, len(sound) - 4800, 480)]
    return float(np.median(levels) - min(levels))


def test_a_note_is_heard_in_tune_and_ends(jack_card, studio):
    with LiveEngine(CardSettings(jack_card.pcm, "none"), "synth", DRY) as engine:
        engine.play(VIOLIN).result(20)
        with studio.recording() as recorded:
            time.sleep(0.2)
            engine.midi(mido.Message("note_on", note=69, velocity=100))
            time.sleep(1.0)
            engine.midi(mido.Message("note_off", note=69))
            time.sleep(1.0)
        stats = engine.stats()
    sound = recorded[0]
    track = evaluation.track_f0(steady(sound), RATE)
    heard = np.median(track.f0_hz[track.f0_hz > 0])
    assert abs(1200 * np.log2(heard / 440)) < 3
    assert level_db(sound[-RATE // 10 :]) < -75
    assert stats["stream"]["xruns"] <= jack_card.overloads()
    assert stats["control"]["midi"]["count"] == 2


def test_pythons_lock_is_held_for_half_a_second_and_the_note_lives_on(jack_card, studio):
    """The vibrato goes on as if nothing were: C evaluates it, Python only chose it."""
    hold = ctypes.PyDLL(None).usleep  # PyDLL: keeps Python's lock while it sleeps
    settings = DRY.changed({"vibrato_rate": 5, "vibrato_depth": 0.5, "release": 0.5})
    with LiveEngine(CardSettings(jack_card.pcm, "none"), "synth", settings) as engine:
        engine.play(CELLO).result(20)
        with studio.recording() as recorded:
            engine.midi(mido.Message("control_change", control=1, value=127))
            engine.midi(mido.Message("note_on", note=50, velocity=100))
            time.sleep(0.7)
            before, overloads = engine.stats(), jack_card.overloads()
            hold(500_000)
            after = engine.stats()
            time.sleep(0.7)
    assert after["stream"]["xruns"] - before["stream"]["xruns"] <= jack_card.overloads() - overloads
    for counter in ("stalls", "late_frames", "tick_overruns", "frame_overruns"):
        assert after["rig"][counter] == before["rig"][counter] == 0
    assert after["control"]["skipped_ticks"] == 0
    sound = steady(recorded[0])
    assert dips(sound) < 9 and evaluation.lone_clicks(sound, RATE) == 0
    # Half a semitone each way, five times a second, in every stretch of 0.3 s.
    track = evaluation.track_f0(sound, RATE)
    pitch = 12 * np.log2(np.maximum(track.f0_hz, 1) / (440 * 2 ** ((50 - 69) / 12)))
    step = round(0.3 / float(np.median(np.diff(track.times_s))))
    for at in range(0, len(pitch) - step, step):
        stretch = pitch[at : at + step]
        assert stretch.max() > 0.35 and stretch.min() < -0.35


def test_models_change_under_a_held_note_without_gap_or_click(jack_card, studio):
    with LiveEngine(CardSettings(jack_card.pcm, "none"), "synth", DRY) as engine:
        engine.play(VIOLIN).result(20)
        with studio.recording() as recorded:
            engine.midi(mido.Message("note_on", note=62, velocity=100))
            time.sleep(0.6)
            for bundle in (CELLO, VIOLIN, CELLO):
                engine.play(bundle).result(20)
                time.sleep(0.4)
        status, stats = engine.status(), engine.stats()
    assert status["model"] == "Cello" and status["notes"] == [62]
    assert stats["models_played"] == 4 and stats["instruments"] == 1
    sound = steady(recorded[0])
    assert dips(sound) < 9
    assert evaluation.lone_clicks(sound, RATE) == 0
