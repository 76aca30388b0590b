"""A morph while it is played live: one path with the file, chords, no click."""

import numpy as np
import pytest
from dry_bundle import dry
from live_pump import RATE, level_db, pumped
from tiny_decoder import INFO, tiny_bundle, weights

from ddsp_edge.bundles.bundle import with_response
from ddsp_edge.evaluation import lone_clicks
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings

VIOLIN, CELLO = dry(find_model("violin")), find_model("cello")
SLOW = tiny_bundle(weights(3), profile="vst", sample_rate=16_000, frame_rate=50.0, frame_size=1024)
DRY = {"reverb_wet": 0.0, "noise_gain": -60.0, "expression": 0.0}


def faded(sound):
    ramp = np.ones(len(sound))
    ramp[:960] = np.linspace(0, 1, 960)
    ramp[-960:] = ramp[:960][::-1]
    return sound * ramp


@pytest.mark.parametrize("source", ["effect", "synth"])
@pytest.mark.parametrize(("other", "runtime"), [(CELLO, None), (SLOW, "litert")])
def test_at_0_a_second_model_changes_no_bit(source, other, runtime):
    """Where C decodes both, and where a runtime does (SLOW is foreign to C)."""
    tone = 0.2 * np.sin(2 * np.pi * 330 * np.arange(RATE // 2) / RATE)
    sounds = []
    for second in (None, other):
        dry = Settings(reverb_wet=0.0, expression=0)  # no performance is like another
        with pumped(source=source, settings=dry, runtime=runtime) as pump:
            pump.play(VIOLIN, other=second)
            if source == "synth":
                pump.midi("note_on", note=64, velocity=100)
            sounds.append(pump.run(tone))
    assert level_db(sounds[0]) > -50
    assert np.array_equal(sounds[0], sounds[1])


@pytest.mark.parametrize("pair", [(VIOLIN, CELLO), (VIOLIN, SLOW), (SLOW, VIOLIN)])
def test_a_chord_is_swept_without_a_click(pair):
    chosen = Settings(**DRY, voices=4, output_gain=-12, attack=0.05)
    with pumped(source="synth", settings=chosen) as pump:
        pump.play(pair[0], other=pair[1])
        for note in (60, 64, 67):
            pump.midi("note_on", note=note, velocity=90)
        begun, heard = pump.run(0.3), []
        # By a fast pedal, by jumps, and home again.
        for value in (*np.linspace(0, 1, 40), 0.0, 1.0, 0.5, 0.0):
            pump.engine.set({"morph": float(value)})
            heard.append(pump.run(0.02 if 0 < value < 1 else 0.15))
        sound = np.concatenate(heard)[:, 0]
        status, stats = pump.engine.status(), pump.engine.stats()
    assert level_db(begun) > -60 and level_db(sound) > -60
    assert lone_clicks(faded(sound), RATE) == 0
    assert stats["rig"]["late_frames"] == 0 and stats["rig"]["frame_overruns"] == 0
    assert status["faults"] == 0 and status["morph_model"] == pair[1].info.name


def test_the_first_models_response_is_behind_a_morph():
    room = np.zeros(2400, np.float32)
    room[[600, 2399]] = 0.5, -0.25
    behind, sounds = with_response(VIOLIN, room), []
    for first in (VIOLIN, behind):
        chosen = Settings(**DRY, morph=0.5, attack=0.001, output_gain=-20)  # below the limiter
        with pumped(source="synth", settings=chosen) as pump:
            pump.play(first, other=with_response(CELLO, room[::-1].copy()))
            pump.run(0.1)  # it fades in, after the response
            pump.midi("note_on", note=64, velocity=100)
            sounds.append(pump.run(0.3)[:, 0])
    voices, wet = sounds
    wanted = voices.copy()
    for at in (600, 2399):
        wanted[at:] += behind.response.samples[at] * voices[:-at]
    assert level_db(voices) > -50
    assert np.abs(wet - wanted).max() < 1e-4


def test_live_is_the_file_one_period_later():
    """Half way between models of different pace, with tones only: noise is another piece."""
    from ddsp_edge.synth.player import SynthPlayer  # the same frames as the engine's

    chosen = Settings(**DRY, morph=0.5, attack=0.001)
    with pumped(source="synth", settings=chosen) as pump:
        pump.play(SLOW, other=VIOLIN)
        pump.midi("note_on", note=64, velocity=100)
        live = pump.run(1.0)[:, 0]
    import mido

    player = SynthPlayer(SLOW.info, chosen)
    player.receive(0.0, mido.Message("note_on", note=64, velocity=100))
    frames = player.onsets(0.0)
    for i in range(1, 50):
        frames += player.frames(i * SLOW.info.hop_s)
    engine = Engine(SLOW, RATE, chosen, other=VIOLIN, notes=True)
    offline = engine.render(frames, 1.0)[:, 0]
    assert level_db(live[RATE // 2 :]) == pytest.approx(level_db(offline[RATE // 2 :]), abs=0.3)
    assert INFO.hop_s < SLOW.info.hop_s
