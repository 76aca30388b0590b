"""A sound between two models: exact at both ends, in between in between, without a click."""

from dataclasses import replace

import numpy as np
import pytest
from dry_bundle import dry
from row_decoder import row_bundle
from tiny_decoder import INFO, tiny_bundle, weights

from ddsp_edge.bundles.bundle import Bundle, with_response
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.decoding.conditioned import ConditionedDecoder, decoding_of
from ddsp_edge.evaluation import lone_clicks, peak_dbfs, track_f0
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.renderer import Engine
from ddsp_edge.settings import Settings

RATE = 48_000
#: Without the violin's response, which stays behind a whole morph.
VIOLIN, CELLO = dry(find_model("violin")), find_model("cello")
VST: ModelInfo = replace(
    INFO, name="Slow", profile="vst", sample_rate=16_000, frame_rate=50.0, frame_size=1024
)
EDGE_A, EDGE_B = tiny_bundle(weights(1)), tiny_bundle(weights(2))
SLOW = replace(tiny_bundle(weights(3)), info=VST)
PAIRS = {
    "edge and edge": (EDGE_A, EDGE_B),
    "edge and vst": (EDGE_A, SLOW),
    "vst and edge": (SLOW, EDGE_A),
    "violin and cello": (VIOLIN, CELLO),
    "violin and vst": (VIOLIN, SLOW),
    "vst and violin": (SLOW, VIOLIN),
}
SILENT = {"noise_gain": -60.0}


def note(info: ModelInfo, seconds: float, hz: float = 330.0, loudness_db: float = -20.0):
    """Struck at once, then held; the last tenth of a second is silence."""
    hop = info.hop_s
    first = FeatureFrame(0.0, hz, loudness_db, onset=True)
    held = [FeatureFrame(i * hop, hz, loudness_db) for i in range(1, round(seconds / hop))]
    return [first, *held, FeatureFrame(seconds, hz, -90.0)]


def play(
    a: Bundle,
    b: Bundle | None,
    morph: float = 0.0,
    seconds: float = 1.0,
    runtime: str | None = None,
    **settings,
):
    chosen = Settings(**{"reverb_wet": 0.0, "morph": morph, **settings})
    engine = Engine(a, RATE, chosen, runtime, other=b)
    return engine.render(note(a.info, seconds), seconds + 0.1)[:, 0]


def clicks(sound):
    """Of a piece that was cut out: its ends are faded, they are no clicks."""
    fade = np.ones(len(sound))
    fade[:960] = np.sin(np.linspace(0, np.pi / 2, 960)) ** 2
    fade[-960:] = fade[:960][::-1]
    return lone_clicks(sound * fade, RATE)


def level_db(sound):
    return 10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-20)


def spectrum_db(sound):
    """In bands of 200 Hz."""
    part = np.asarray(sound[RATE // 2 : RATE], np.float64)
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    return 10 * np.log10(power[: 100 * 100].reshape(100, 100).sum(axis=1) + 1e-9)


@pytest.mark.parametrize("pair", PAIRS)
def test_at_0_the_first_model_is_as_if_alone(pair):
    a, b = PAIRS[pair]
    # A runtime decodes both where C knows only one of them: so it does the one alone.
    runtime = "litert" if b is SLOW else None
    assert np.array_equal(play(a, b, 0.0), play(a, None, runtime=runtime))


@pytest.mark.parametrize("pair", PAIRS)
def test_at_1_it_is_the_other_model(pair):
    a, b = PAIRS[pair]
    morphed, alone = play(a, b, 1.0), play(b, None)
    assert level_db(morphed[RATE // 2 : RATE]) == pytest.approx(
        level_db(alone[RATE // 2 : RATE]), abs=0.5
    )
    # The noise is another sequence where its bands are others: compare the tones to the sample.
    tone, single = play(a, b, 1.0, **SILENT), play(b, None, **SILENT)
    late = slice(RATE // 2, RATE)
    there = spectrum_db(single) > spectrum_db(single).max() - 40
    assert np.allclose(spectrum_db(tone)[there], spectrum_db(single)[there], atol=0.5)
    if a.info.frame_rate == b.info.frame_rate:
        assert level_db(tone[late] - single[late]) < level_db(single[late]) - 30


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("morph", [0.1, 0.5, 0.9])
def test_in_between_the_pitch_is_exact_and_loudness_is_between(pair, morph):
    a, b = PAIRS[pair]
    ends = sorted(level_db(play(a, b, end)[RATE // 2 : RATE]) for end in (0.0, 1.0))
    sound = play(a, b, morph)
    assert ends[0] - 0.5 <= level_db(sound[RATE // 2 : RATE]) <= ends[1] + 0.5
    tone = play(a, b, morph, **SILENT)[:RATE]
    f0 = track_f0(tone, RATE, 200, 600).f0_hz[30:-10]
    assert np.abs(1200 * np.log2(f0 / 330)).max() < 1.5
    assert clicks(tone[2400:]) == 0


@pytest.mark.parametrize("morph", [0.0, 0.5, 1.0])
def test_the_first_models_response_is_behind_all_of_it(morph):
    """Behind the second model too: the room that it stands in stays."""
    room = np.zeros(2400, np.float32)
    room[[480, 2399]] = 0.5, -0.25
    a, b = with_response(EDGE_A, room), with_response(EDGE_B, room[::-1].copy())
    dry = play(EDGE_A, EDGE_B, morph, 0.4)
    wanted = dry.copy()
    for at in (480, 2399):
        wanted[at:] += a.response.samples[at] * dry[:-at]
    assert level_db(dry) > -60
    assert np.abs(play(a, b, morph, 0.4) - wanted).max() < 1e-5
    # The second model's is not heard, whether or not the first has one.
    assert np.array_equal(play(EDGE_A, b, morph, 0.4), dry)


def test_the_brightness_goes_one_way():
    def centroid(sound):
        power = np.abs(np.fft.rfft(sound[RATE // 2 : RATE])) ** 2
        return float(np.sum(power * np.arange(len(power))) / np.sum(power))

    steps = [centroid(play(VIOLIN, CELLO, m, **SILENT)) for m in (0, 0.25, 0.5, 0.75, 1)]
    assert steps == sorted(steps) or steps == sorted(steps, reverse=True)


def test_the_second_model_only_runs_above_0():
    morph = decoding_of(EDGE_A, Settings(), other=EDGE_B)
    frames = note(INFO, 0.5)
    assert asked(morph, frames[:20]) == (20, 0)
    morph.set(Settings(morph=0.5))
    assert asked(morph, frames[20:40]) == (20, 20)
    morph.set(Settings(morph=0.0))
    # Its fade from a half, at the end one that says nothing; no more.
    assert asked(morph, frames[40:70]) == (30, 6)
    morph.set(Settings(morph=1.0))
    assert asked(morph, frames[70:80]) == (10, 10)


def asked(decoder: ConditionedDecoder, frames) -> tuple[int, int]:
    """How often each of the two models is stepped for these frames."""
    before = [each.invocations for each in decoder.decoders]
    for frame in frames:
        decoder.targets(frame)
    first, second = (
        each.invocations - at for each, at in zip(decoder.decoders, before, strict=True)
    )
    return first, second


def test_a_second_model_that_joins_in_again_is_as_new():
    """What it played before it fell silent has no influence; its memory is of this note only."""
    held = [FeatureFrame(0.0, 330.0, -20.0, onset=i == 0) for i in range(40)]
    low = [replace(frame, f0_hz=150.0, loudness_db=-50.0) for frame in held]
    once, twice = (decoding_of(EDGE_A, Settings(morph=1.0), other=EDGE_B) for _ in range(2))
    for decoder, frames in ((twice, low), (twice, held), (once, held)):
        decoder.set(Settings(morph=1.0))
        sounds = [decoder.targets(frame)[0].controls for frame in frames]
        decoder.set(Settings(morph=0.0))
        for frame in (*held[1:20], FeatureFrame(0.0, 330.0, -90.0)):  # it falls silent
            decoder.targets(frame)
        if decoder is twice and frames is held:
            again = sounds
    for one, other in zip(again, sounds, strict=True):
        assert one.amplitude == pytest.approx(other.amplitude, rel=1e-6)
        np.testing.assert_allclose(one.noise_magnitudes, other.noise_magnitudes, rtol=1e-6)


def test_many_voices_are_morphed_in_few_invocations_and_as_one_by_one():
    """Each voice is at another pitch; the second model joins in on all of them at once."""
    a, b = row_bundle(), row_bundle()
    together, alone = (decoding_of(a, Settings(), "litert", voices=8, other=b) for _ in range(2))
    for i in range(10):
        if i == 5:
            for each in (together, alone):
                each.set(Settings(morph=0.5))
        frames = [FeatureFrame(0.0, 200.0 + 50 * v, -20.0, onset=i == 0, voice=v) for v in range(8)]
        before = [each.invocations for each in together.decoders]
        found = together.targets_of(frames)
        counts = [x.invocations - at for x, at in zip(together.decoders, before, strict=True)]
        assert counts == [2, 2 if i >= 5 else 0]  # of four voices each
        for frame, targets in zip(frames, found, strict=True):
            for one, other in zip(targets, alone.targets(frame), strict=True):
                assert one.ramp_s == other.ramp_s
                assert one.controls.amplitude == pytest.approx(other.controls.amplitude, rel=1e-4)


@pytest.mark.parametrize(("a", "b", "steps"), [(EDGE_A, SLOW, 25), (SLOW, EDGE_A, 100)])
def test_each_model_keeps_its_own_time(a, b, steps):
    """Half a second is 100 steps of the fast model and 25 of the slow one."""
    morph = decoding_of(a, Settings(morph=0.5), other=b)
    before, ends = morph.decoders[1].invocations, []
    for i in range(round(0.5 / a.info.hop_s)):
        for offset_s, _, ramp_s in morph.targets(FeatureFrame(i * a.info.hop_s, 330.0, -20.0)):
            ends.append(i * a.info.hop_s + offset_s + ramp_s)
    assert abs(morph.decoders[1].invocations - before - steps) <= 4
    assert np.allclose(np.diff(ends), 0.005)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_sweep_has_no_click(pair):
    """Jumps and slow moves of the setting while a note is held."""
    a, b = PAIRS[pair]
    engine = Engine(a, RATE, Settings(reverb_wet=0.0, **SILENT), other=b)
    hop = a.info.hop_s
    moves = {0.3: 1.0, 0.6: 0.0, 0.8: 0.5, 0.9: 1.0, 1.1: 0.2, 1.2: 0.0, 1.25: 0.9}
    targets = engine._decoding.targets

    def moved(frame):
        for time_s, value in moves.items():
            if abs(frame.time_s - time_s) < hop / 2:
                engine._decoding.set(Settings(reverb_wet=0.0, morph=value, **SILENT))
        return targets(frame)

    engine._decoding.targets = moved
    sound = engine.render(note(a.info, 1.6), 1.7)[:, 0]
    steady = sound[2400 : round(1.6 * RATE)]
    assert peak_dbfs(steady) > -60 and clicks(steady) == 0
    f0 = track_f0(steady, RATE, 200, 600).f0_hz[30:-10]
    assert np.abs(1200 * np.log2(f0 / 330)).max() < 1.5
