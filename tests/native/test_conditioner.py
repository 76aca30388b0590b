"""The conditioner in C against a reference in NumPy, frame by frame."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from reference_conditioner import FLOOR, ReferenceConditioner

from ddsp_edge.bundles.bundle import Bundle, read_bundle
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.tflite.network import read_network
from native.conditioner import ConditionedModel, Conditioner, Conditioning
from native.decoder import ControlStruct, Network

MODELS = Path(__file__).resolve().parents[2] / "ddsp_edge/models"


def bundle(name: str, hz: float = 200.0, rate: int = 48000) -> Bundle:
    """A shipped model that says another frame rate or sample rate of itself."""
    found = read_bundle(MODELS / f"{name}.zip")
    info = replace(found.info, frame_rate=hz, sample_rate=rate, frame_size=round(rate / hz))
    return replace(found, info=info)


def model(source: Bundle, decoded_here: bool = True, offset_db: float = 0.0) -> ConditionedModel:
    info = source.info
    return ConditionedModel(
        Network(read_network(source.model)) if decoded_here else None,
        info.n_harmonics,
        info.n_noise,
        info.band_limit_hz,
        info.hop_s,
        math.sqrt(info.min_pitch_hz * info.max_pitch_hz),
        offset_db,
    )


def conditioning(settings: Settings) -> Conditioning:
    return Conditioning(
        settings.pitch_shift,
        settings.input_pitch,
        settings.input_gain,
        settings.harmonic_gain,
        settings.noise_gain,
        settings.unpitched,
        settings.morph,
    )


def frames(count: int, hop_s: float, seed: int = 2) -> list[FeatureFrame]:
    """Notes with onsets, rests, glides, brightness, breath; some without a pitch."""
    rng, found = np.random.default_rng(seed), []
    f0_hz = 220.0
    for i in range(count):
        f0_hz = float(np.float32(f0_hz * 2 ** rng.normal(0, 0.02)))
        resting = i % 50 > 42
        found.append(
            FeatureFrame(
                i * hop_s,
                0.0 if i < 3 else f0_hz,
                -80.0 if resting else float(np.float32(rng.uniform(-79, -3))),
                onset=i % 50 == 0 or i == 75,
                brightness_db=float(np.float32(rng.uniform(-8, 8))) if i % 3 == 0 else 0.0,
                pitched=float(np.float32(rng.uniform())) if i % 4 == 0 else 1.0,
                treble_db=float(np.float32(rng.uniform(-60, 0))) if i % 8 == 0 else 0.0,
            )
        )
    return found


def assert_same(mine: ControlStruct, wanted: ControlFrame) -> None:
    np.testing.assert_allclose(mine.f0_hz, wanted.f0_hz, rtol=1e-6)
    np.testing.assert_allclose(mine.amplitude, wanted.amplitude, rtol=2e-3, atol=2e-8)
    ours, theirs = mine.harmonic_distribution, wanted.harmonic_distribution
    np.testing.assert_allclose(
        ours * mine.amplitude / max(float(ours.sum()), 1e-9),
        theirs * wanted.amplitude / max(float(theirs.sum()), 1e-9),
        rtol=5e-3,
        atol=2e-6,
    )
    np.testing.assert_allclose(mine.noise_magnitudes, wanted.noise_magnitudes, rtol=3e-3, atol=2e-7)


def assert_like_the_reference(
    first: Bundle, second: Bundle | None, settings: Settings, count: int = 150
) -> None:
    reference = ReferenceConditioner(first, settings, other=second)
    conditioner = Conditioner(
        model(first), model(second) if second else None, conditioning(settings)
    )
    sizes = conditioner.sizes
    assert (sizes.n_harmonics, sizes.n_noise) == (reference.n_harmonics, reference.n_noise)
    assert reference.second == ((sizes.n_second, sizes.second_limit_hz) if sizes.n_second else None)
    for frame in frames(count, first.info.hop_s):
        wanted = [
            (offset_s, _copied(controls), ramp_s)
            for offset_s, controls, ramp_s in reference.targets(frame)
        ]
        found = 0
        for (offset_s, ramp_s), target in zip(conditioner.targets(frame), wanted, strict=True):
            assert offset_s == pytest.approx(target[0], abs=1e-7)
            assert ramp_s == pytest.approx(target[2], rel=1e-6)
            assert_same(conditioner.controls, target[1])
            found += 1
        assert found == len(wanted) >= 1
    assert conditioner.faults == 0


def _copied(controls: ControlFrame) -> ControlFrame:
    copy = ControlFrame(controls.n_harmonics, controls.n_noise, controls.f0_hz, controls.amplitude)
    copy.harmonic_distribution[:] = controls.harmonic_distribution
    copy.noise_magnitudes[:] = controls.noise_magnitudes
    return copy


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pitch_shift": 7, "input_pitch": -5, "input_gain": 9},
        {"input_gain": -30, "harmonic_gain": -12, "noise_gain": 6},
        {"unpitched": 0},
        {"unpitched": 0.5, "noise_gain": -60},
    ],
    ids=str,
)
def test_one_model_is_conditioned_as_in_the_reference(changes: dict[str, float]) -> None:
    assert_like_the_reference(bundle("violin"), None, Settings().changed(changes))


@pytest.mark.parametrize(
    ("hz", "rate"),
    [
        (200.0, 48000),
        (200.0, 24000),
        (200.0, 96000),
        (100.0, 48000),
        (400.0, 48000),
        (250.0, 48000),
    ],
)
@pytest.mark.parametrize("amount", [0.0, 0.3, 1.0])
def test_two_models_are_morphed_as_in_the_reference(hz: float, rate: int, amount: float) -> None:
    """The second model of the same, a slower and a faster rate, a narrower and a wider band."""
    assert_like_the_reference(
        bundle("violin"), bundle("trombone", hz, rate), Settings().changed({"morph": amount})
    )


def test_a_morph_that_is_turned_arrives_as_in_the_reference() -> None:
    """The second model joins in while a note sounds: lead, then 50 ms from one to the other."""
    first, second = bundle("violin"), bundle("cello")
    reference = ReferenceConditioner(first, Settings(), other=second)
    conditioner = Conditioner(model(first), model(second))
    for i in range(120):
        if i in (20, 70):
            settings = Settings().changed({"morph": 0.8 if i == 20 else 0.0})
            reference.set(settings)
            conditioner.set(conditioning(settings))
        frame = FeatureFrame(i / 200, 330.0, -20.0, onset=i == 0)
        for (_, wanted, _), _ in zip(
            reference.targets(frame), conditioner.targets(frame), strict=True
        ):
            assert_same(conditioner.controls, wanted)


def test_gains_are_ramped_while_a_note_sounds_and_jump_at_an_onset() -> None:
    violin = model(bundle("violin"))
    conditioner, plain = Conditioner(violin), Conditioner(violin)
    gains = []
    for i in range(30):
        if i == 10:
            conditioner.set(Conditioning(harmonic_gain_db=-40.0, noise_gain_db=-40.0))
        if i == 20:
            conditioner.set(Conditioning())
        frame = FeatureFrame(0.0, 330.0, -20.0, onset=i in (0, 20))
        for each in (conditioner, plain):
            list(each.targets(frame))
        gains.append(20 * math.log10(conditioner.controls.amplitude / plain.controls.amplitude))
    assert gains[:10] == pytest.approx([0.0] * 10, abs=1e-3)
    assert gains[10:14] == pytest.approx([-10.0, -20.0, -30.0, -40.0], abs=1e-3)
    assert gains[14:20] == pytest.approx([-40.0] * 6, abs=1e-3)
    assert gains[20:] == pytest.approx([0.0] * 10, abs=1e-3)


def test_silence_stays_silent_and_jumps_to_its_settings() -> None:
    conditioner = Conditioner(model(bundle("violin")))
    list(conditioner.targets(FeatureFrame(0.0, 330.0, -80.0)))
    assert conditioner.controls.amplitude == 0.0
    assert not conditioner.controls.noise_magnitudes.any()
    conditioner.set(Conditioning(input_gain_db=40.0))
    list(conditioner.targets(FeatureFrame(0.0, 330.0, -80.0)))
    assert conditioner.controls.amplitude == 0.0


def test_a_model_without_a_network_is_asked() -> None:
    """LiteRT's way: what is shown goes out, the answer comes in, the same is played."""
    violin = bundle("violin")
    settings = Settings().changed({"pitch_shift": 3, "input_gain": 5, "noise_gain": -6})
    asked = Conditioner(model(violin, False), model(violin, False), conditioning(settings))
    direct = Conditioner(model(violin), model(violin), conditioning(settings))
    asked.set(conditioning(settings.changed({"morph": 0.5})))
    direct.set(conditioning(settings.changed({"morph": 0.5})))
    decoders = [Decoder(violin), Decoder(violin)]
    into = ControlFrame(100, 65)
    models, forgot = set(), []
    for frame in frames(60, 0.005):
        asked.begin(frame)
        with pytest.raises(RuntimeError, match="asked first"):
            asked.next()
        while (question := asked.ask()) is not None:
            which, forgets, f0_hz, loudness_db = question
            models.add(which)
            if forgets:
                decoders[which].reset()
                forgot.append((frame.time_s, which))
            decoders[which].step(FeatureFrame(0.0, f0_hz, loudness_db), into)
            asked.answer(into.amplitude, into.harmonic_distribution, into.noise_magnitudes)
        wanted = list(direct.targets(frame))
        assert asked.next() == wanted[0] and asked.next() is None
        np.testing.assert_allclose(
            asked.controls.noise_magnitudes, direct.controls.noise_magnitudes, rtol=3e-3, atol=2e-7
        )
        np.testing.assert_allclose(
            asked.controls.amplitude, direct.controls.amplitude, rtol=3e-3, atol=2e-8
        )
    assert models == {0, 1}
    # At the first frame, and after each silent one.
    assert forgot[:2] == [(0.0, 0), (0.0, 1)] and forgot[2] == (pytest.approx(44 * 0.005), 0)


def test_a_note_after_silence_sounds_as_if_it_were_the_first() -> None:
    conditioner = Conditioner(model(bundle("violin")))
    note, silence = FeatureFrame(0.0, 330.0, -20.0), FeatureFrame(0.0, 200.0, -80.0)

    def play() -> np.ndarray:
        for _ in range(30):
            list(conditioner.targets(note))
        return conditioner.controls.harmonic_distribution.copy()

    first = play()
    list(conditioner.targets(silence))
    for _ in range(40):  # another note, then one silent frame
        list(conditioner.targets(FeatureFrame(0.0, 660.0, -12.0)))
    list(conditioner.targets(silence))
    np.testing.assert_array_equal(play(), first)
    for _ in range(40):
        list(conditioner.targets(FeatureFrame(0.0, 660.0, -12.0)))
    assert np.abs(play() - first).max() > 1e-3  # without silence it remembers


def test_a_second_model_forgets_what_it_played_when_it_joins_in_again() -> None:
    """Whoever decodes it is told so with the first question, until that is answered."""
    violin = model(bundle("violin"), False)
    conditioner = Conditioner(violin, violin)
    frame, joined = FeatureFrame(0.0, 330.0, -20.0), []
    silence = (0.0, np.zeros(100, np.float32), np.zeros(65, np.float32))

    def play(count: int) -> None:
        for _ in range(count):
            conditioner.begin(frame)
            while (question := conditioner.ask()) is not None:
                joined.append((question.model, question.forgets))
                conditioner.answer(*silence)
            assert conditioner.next() is not None and conditioner.next() is None

    play(2)
    assert joined == [(0, True), (0, False)]
    conditioner.set(Conditioning(morph=0.5))
    conditioner.begin(frame)
    conditioner.answer(*silence)
    assert conditioner.ask().forgets  # dropped by the next frame: it is told again
    joined.clear()
    play(2)
    assert joined == [(0, False), (1, True), (0, False), (1, False)]
    conditioner.set(Conditioning())
    play(20)
    conditioner.set(Conditioning(morph=1.0))
    joined.clear()
    play(1)
    assert joined == [(0, False), (1, True)]


def blended(first: list[float], second: list[float], amount: float) -> np.ndarray:
    """Partials between two spectra of partials, of models without noise."""
    size, silence = len(first), np.zeros(65, np.float32)
    asked = ConditionedModel(None, size, 65, 24_000.0, 0.005, 330.0)
    conditioner = Conditioner(asked, asked, Conditioning(morph=amount))
    conditioner.begin(FeatureFrame(0.0, 330.0, 0.0, onset=True))
    while (question := conditioner.ask()) is not None:
        weights = np.array((first, second)[question.model], np.float32)
        conditioner.answer(float(weights.sum()), weights, silence)
    assert conditioner.next() is not None
    controls = conditioner.controls
    total = max(float(controls.harmonic_distribution.sum()), 1e-30)
    return controls.harmonic_distribution * (controls.amplitude / total)


def test_spectra_with_nothing_in_common_stay_soft_and_finite() -> None:
    a, b, silent = [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0] * 4
    for amount in np.linspace(0, 1, 21):
        partials = blended(a, b, float(amount))
        assert np.all(np.isfinite(partials)) and np.all(partials >= 0)
        assert np.linalg.norm(partials) <= 1.001
    assert np.allclose(blended(a, b, 1e-6), a, atol=10 * FLOOR)
    assert np.allclose(blended(silent, b, 0.5), np.array(b) / 2)
    assert not blended(silent, silent, 0.5).any()


def test_voices_do_not_hear_each_other() -> None:
    violin = model(bundle("violin"))
    many, one = Conditioner(violin, voices=3), Conditioner(violin)
    for frame in frames(40, 0.005):
        for voice in range(3):
            list(many.targets(replace(frame, f0_hz=frame.f0_hz * (1 + voice)), voice))
            if voice == 1:
                list(one.targets(replace(frame, f0_hz=frame.f0_hz * 2)))
                assert many.controls.amplitude == one.controls.amplitude
                np.testing.assert_array_equal(
                    many.controls.noise_magnitudes, one.controls.noise_magnitudes
                )
    many.reset()
    with pytest.raises(ValueError, match="outside the range"):
        Conditioner(violin, voices=17)
    with pytest.raises(ValueError, match="outside the range"):
        Conditioner(replace(violin, n_noise=64))
