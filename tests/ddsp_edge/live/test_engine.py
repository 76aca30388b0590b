"""The live engine without a card: the same sound as offline, models changed without a gap."""

from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import replace

import mido
import numpy as np
import pytest
import tiny_decoder
from live_pump import PERIOD, RATE, Pump, level_db, pumped
from sounds import shaped

from ddsp_edge import evaluation
from ddsp_edge.demo import VOICE
from ddsp_edge.effect.source import effect_frames
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings
from ddsp_edge.synth.player import SynthPlayer
from ddsp_edge.system.audio_file import read_audio

VIOLIN, CELLO = find_model("violin"), find_model("cello")


@pytest.mark.parametrize("period", [64, 128, 100])
def test_effect_is_the_offline_render(period):
    """To the sample, noise and all: a frame sounds in the block in which it is known."""
    settings = Settings(reverb_wet=0.2, input_gain=3.0, pan=0.3)
    audio = read_audio(VOICE, RATE)[: 2 * RATE]
    frames = effect_frames(audio, RATE, VIOLIN.info, settings)
    offline = Engine(VIOLIN, RATE, settings).render(frames, len(audio) / RATE)
    with pumped(VIOLIN, period, settings=settings) as pump:
        live = pump.run(audio)
        rig = pump.engine.stats()["rig"]
        assert rig["late_frames"] == rig["tick_overruns"] == rig["frame_overruns"] == 0
    assert np.abs(offline).max() > 0.1
    assert np.abs(live - offline[: len(live)]).max() < 1.5e-3


def test_a_note_sounds_with_the_next_block():
    with pumped(CELLO, source="synth", settings=Settings(reverb_wet=0.0)) as pump:
        assert np.abs(pump.run(0.5)).max() == 0.0
        pump.midi("note_on", note=50, velocity=110)
        sound = pump.run(0.5)
        first = int(np.flatnonzero(np.abs(sound[:, 0]) > 1e-5)[0])
        assert first < 24  # half a millisecond into the onset's ramp
        assert pump.engine.status()["notes"] == [50]
        pump.midi("note_off", note=50)
        pump.run(1.5)
        assert level_db(pump.run(0.1)) < -75
        assert pump.engine.status()["notes"] == []
        stats = pump.engine.stats()
        assert stats["control"]["midi"]["count"] == 2 and stats["control"]["errors"] == 0


def test_the_noise_of_a_chord_is_as_loud_as_in_the_file():
    """The voices share one noise in both; it is another piece, as notes begin with a block."""
    settings = Settings(reverb_wet=0.0, expression=0, voices=4, attack=0.001, harmonic_gain=-60.0)
    notes, hop_s = (50, 57, 62), VIOLIN.info.hop_s
    messages = [mido.Message("note_on", note=note, velocity=100) for note in notes]
    player = SynthPlayer(VIOLIN.info, settings)
    for message in messages:
        player.receive(0.0, message)
    frames = player.onsets(0.0)
    for i in range(1, round(2.0 / hop_s)):
        frames += player.frames(i * hop_s)
    engine = Engine(VIOLIN, RATE, settings, voices=4, notes=True)
    offline = engine.render(frames, 2.0)
    with pumped(VIOLIN, source="synth", settings=settings) as pump:
        for message in messages:
            pump.engine.midi(message)
        pump.engine.catch_up()
        live = pump.run(2.0)
    assert level_db(offline[RATE:]) > -60.0
    assert level_db(live[RATE:]) == pytest.approx(level_db(offline[RATE:]), abs=0.5)


def test_a_pitch_is_the_one_that_was_played():
    with pumped(VIOLIN, source="synth", settings=Settings(reverb_wet=0.0, expression=0)) as pump:
        pump.midi("note_on", note=69, velocity=100)
        pump.run(0.5)
        sound = pump.run(1.0)[:, 0]
    track = evaluation.track_f0(sound, RATE)
    assert abs(1200 * np.log2(np.median(track.f0_hz[track.f0_hz > 0]) / 440)) < 3


@pytest.mark.parametrize("source", ["synth", "effect"])
def test_a_model_is_changed_while_it_sounds_without_gap_or_click(source):
    settings = Settings(reverb_wet=0.0, expression=0)
    heard = {"synth": lambda s: s, "effect": lambda s: steady_voice()[: round(s * RATE)]}
    with pumped(VIOLIN, source=source, settings=settings) as pump:
        if source == "synth":
            pump.midi("note_on", note=62, velocity=100)
        before = pump.run(heard[source](1.0))
        pump.play(CELLO)
        across = pump.run(heard[source](0.5))
        after = pump.run(heard[source](0.5))
        assert pump.engine.status()["model"] == "Cello"
        assert pump.engine.stats()["instruments"] == 1  # the old one is gone
    sound = np.concatenate([before[RATE // 2 :], across, after])[:, 0]
    levels = [level_db(sound[i : i + 480]) for i in range(0, len(sound) - 480, 480)]
    assert min(levels) > min(level_db(before[-4800:]), level_db(after[-4800:])) - 6
    assert evaluation.lone_clicks(shaped(sound), RATE) == 0  # its own ends faded


def steady_voice() -> np.ndarray:
    """A second that can be repeated for ever."""
    t = np.arange(RATE) / RATE
    return (0.2 * sum(np.sin(2 * np.pi * 294 * k * t) / k for k in range(1, 8))).astype(np.float32)


def test_other_hops_and_sizes():
    """As DDSP-VST's: 20 ms at 16 kHz, and back."""
    slow = tiny_decoder.tiny_bundle(
        profile="vst", sample_rate=16000, frame_rate=50.0, frame_size=1024, name="Slow"
    )
    with pumped(CELLO, source="synth") as pump:
        pump.midi("note_on", note=60, velocity=100)
        pump.run(0.3)
        pump.play(slow)
        pump.run(0.5)
        assert pump.engine.status()["model"] == "Slow" and level_db(pump.run(0.2)) > -60
        pump.play(VIOLIN)
        pump.run(0.5)
        assert level_db(pump.run(0.2)) > -60
        assert pump.engine.status()["notes"] == [60]
        assert pump.engine.stats()["control"]["errors"] == 0


def test_a_bad_model_leaves_the_old_one_playing():
    bad = replace(tiny_decoder.tiny_bundle(name="Bad"), model=b"\0\0\0\0TFL3 no model")
    events: list[dict] = []
    with pumped(CELLO, source="synth") as pump:
        pump.engine.subscribe(events.append)
        pump.midi("note_on", note=50, velocity=100)
        pump.run(0.3)
        with pytest.raises(UserError):
            pump.engine.play(bad, settings=Settings(reverb_wet=1.0)).result(20)
        assert level_db(pump.run(0.3)) > -60
        status = pump.engine.status()
        assert status["model"] == "Cello" and status["settings"]["reverb_wet"] != 1.0
    assert [(e["what"], e["model"]) for e in events if e["event"] == "fault"] == [("load", "Bad")]


def test_the_newest_wish_wins():
    with pumped(source="synth") as pump:
        futures = [pump.engine.play(b) for b in (VIOLIN, CELLO) * 10]
        outcomes = []
        for future in futures:
            while not future.done():
                pump.run(0.05)
            outcomes.append("overtaken" if future.cancelled() else future.result().name)
        assert outcomes[-1] == "Cello" and "overtaken" in outcomes
        with pytest.raises(CancelledError):
            futures[outcomes.index("overtaken")].result()
        assert pump.engine.status()["model"] == "Cello"


def test_settings_reach_what_plays_and_bad_ones_nothing():
    with pumped(CELLO, source="synth", settings=Settings(reverb_wet=0.0, expression=0)) as pump:
        pump.midi("note_on", note=50, velocity=100)
        pump.run(0.5)
        loud = level_db(pump.run(0.3))
        assert pump.engine.set({"output_gain": -20, "pan": -1}).output_gain == -20
        pump.run(0.2)
        quiet = pump.run(0.3)
        assert level_db(quiet[:, 0]) == pytest.approx(loud - 20 + 3.01, abs=1.0)
        assert level_db(quiet[:, 1]) < -100
        with pytest.raises(UserError, match="did you mean"):
            pump.engine.set({"output_gian": 0})
        assert pump.engine.settings.output_gain == -20
        assert pump.engine.status()["settings"]["output_gain"] == -20


def test_bypass_is_the_input_bit_for_bit_and_mute_is_silence():
    audio = read_audio(VOICE, RATE)[:RATE]
    with pumped(VIOLIN) as pump:
        pump.run(audio)
        pump.engine.bypass(True)
        pump.run(audio[:4800])
        heard = audio[: 128 * 80]
        assert np.array_equal(pump.run(heard), np.repeat(heard[:, None], 2, axis=1))
        pump.engine.mute(True)
        pump.run(audio[:4800])
        assert not pump.run(heard).any()
        assert (pump.engine.status()["bypass"], pump.engine.status()["mute"]) == (True, True)


def test_panic_silences_and_forgets_but_the_next_note_sounds():
    with pumped(CELLO, source="synth", settings=Settings(reverb_wet=0.8)) as pump:
        pump.midi("control_change", control=64, value=127)
        pump.midi("note_on", note=50, velocity=100)
        pump.run(0.5)
        pump.engine.panic()
        pump.run(0.02)
        assert level_db(pump.run(0.2)) < -90
        assert pump.engine.status()["notes"] == []
        pump.midi("note_on", note=52, velocity=100)
        pump.run(0.1)
        assert level_db(pump.run(0.2)) > -50


def test_freeze_holds_the_sound_of_voice_and_of_keys():
    with pumped(VIOLIN, settings=Settings(reverb_wet=0.0, body=0.0)) as pump:
        pump.run(steady_voice())
        pump.engine.freeze(True)
        pump.run(1.0)
        assert level_db(pump.run(0.2)) > -45 and pump.engine.status()["freeze"]
        pump.engine.freeze(False)
        pump.run(1.0)
        assert level_db(pump.run(0.2)) < -75
    with pumped(CELLO, source="synth", settings=Settings(reverb_wet=0.0, expression=0)) as pump:
        pump.midi("note_on", note=50, velocity=100)
        pump.engine.freeze(True)
        pump.midi("note_off", note=50)
        pump.run(1.0)
        assert level_db(pump.run(0.2)) > -50
        pump.engine.freeze(False)
        pump.run(1.5)
        assert level_db(pump.run(0.2)) < -75


def test_the_tuner_shows_the_note_and_mutes():
    with pumped(VIOLIN) as pump:
        t = np.arange(RATE) / RATE
        pump.engine.tuner(True)
        sound = pump.run((0.3 * np.sin(2 * np.pi * 441.0 * t)).astype(np.float32))
        status = pump.engine.status()
        assert status["note"] == "A4" and status["cents"] == pytest.approx(3.93, abs=1.0)
        assert status["tuner"] and not sound[RATE // 2 :].any()


def test_autofit_moves_the_player_into_the_models_range():
    with pumped(VIOLIN) as pump:
        future = pump.engine.autofit(2.0)
        t = np.arange(3 * RATE) / RATE
        pump.run((0.02 * np.sin(2 * np.pi * 98 * t)).astype(np.float32))  # a low, soft voice
        found = future.result(10)
        assert found["pitch_shift"] >= 12 and found["input_gain"] > 6
        assert pump.engine.settings.pitch_shift == found["pitch_shift"]
        hasty = pump.engine.autofit(0.2)
        pump.run(0.5)
        with pytest.raises(UserError, match="clear pitch"):
            hasty.result(10)
    with pumped(CELLO, source="synth") as pump:
        refused = pump.engine.autofit()
        with pytest.raises(UserError, match="listens to sound"):
            refused.result(10)


def test_a_model_that_gives_no_numbers_is_counted_and_told():
    w = tiny_decoder.weights()
    w.head_bias[:] = 100.0  # exp overflows
    events: list[dict] = []
    with pumped(tiny_decoder.tiny_bundle(w), source="synth") as pump:
        pump.engine.subscribe(events.append)
        pump.midi("note_on", note=60, velocity=100)
        assert np.isfinite(pump.run(0.5)).all()
        assert pump.engine.status()["faults"] > 10
    told = [e for e in events if e["event"] == "fault"]
    assert told and told[-1]["what"] == "model" and told[-1]["count"] > 10


def test_programs_are_told():
    events: list[dict] = []
    with pumped(CELLO, source="effect") as pump:
        pump.engine.subscribe(events.append)
        pump.midi("control_change", control=0, value=1)
        pump.midi("program_change", program=3)
    assert {"event": "program", "bank": 128, "program": 3, "channel": 1} in events


def test_no_voice_is_lost_when_the_control_thread_was_late():
    """Ten blocks pass unanswered: what is sent then still ends where it should."""
    with pumped(CELLO, source="synth", settings=Settings(reverb_wet=0.0, expression=0)) as pump:
        pump.midi("note_on", note=50, velocity=100)
        pump.run(0.5)
        block = np.zeros((PERIOD, 2), np.float32)
        for _ in range(40):
            pump.engine.rig.process(None, block)
        pump.run(0.2)
        assert level_db(pump.run(0.2)) > -50


def test_wrong_source_and_two_starts():
    with pytest.raises(UserError, match="effect, synth"):
        LiveEngine(source="drums")
    with pumped() as pump:
        with pytest.raises(UserError, match="effect, synth"):
            pump.engine.play(CELLO, source="drums")
        with pytest.raises(RuntimeError):
            pump.engine.start()
        assert isinstance(pump, Pump)
