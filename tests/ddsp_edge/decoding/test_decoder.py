"""The decoder against a NumPy reference, and what it does when the model misbehaves."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_decoder
from hypothesis import given
from hypothesis import strategies as st
from row_decoder import row_bundle
from tiny_decoder import HARMONICS, NOISE, STATE, reference_step, tiny_bundle, weights

from ddsp_edge.bundles.bundle import Bundle, write_bundle
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.errors import UserError
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.library.catalog import find_model
from ddsp_edge.tflite.runtimes import usable_runtimes
from ddsp_edge.units import scale_f0, scale_loudness

RUNTIMES = usable_runtimes()
FRAMES = [FeatureFrame(0.005 * i, 80.0 * 1.06**i, -80.0 + 2.0 * i) for i in range(40)]


def _out() -> ControlFrame:
    return ControlFrame(HARMONICS, NOISE)


def _bundle(model: bytes) -> Bundle:
    return replace(tiny_bundle(), model=model)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    "model",
    [
        tiny_decoder.tiny_model(),
        tiny_decoder.tiny_model(reverse_inputs=True),
        tiny_decoder.looping_model(),
    ],
    ids=["plain", "inputs reversed", "loop"],
)
def test_follows_the_reference_through_its_state(runtime: str, model: bytes) -> None:
    decoder, out, state = Decoder(_bundle(model), runtime), _out(), np.zeros(STATE)
    assert decoder.runtime == runtime
    for frame in FRAMES:
        decoder.step(frame, out)
        f0, pw = float(scale_f0(frame.f0_hz)), float(scale_loudness(frame.loudness_db))
        amplitude, harmonics, noise, state = reference_step(weights(), f0, pw, state)
        assert out.f0_hz == frame.f0_hz
        assert out.amplitude == pytest.approx(amplitude, rel=1e-5)
        np.testing.assert_allclose(out.harmonic_distribution, harmonics, rtol=1e-5)
        np.testing.assert_allclose(out.noise_magnitudes, noise, rtol=1e-5)


def _play(decoder: Decoder) -> np.ndarray:
    rows, out = [], _out()
    for frame in FRAMES:
        decoder.step(frame, out)
        rows.append([out.amplitude, *out.harmonic_distribution, *out.noise_magnitudes])
    return np.array(rows)


def test_reset_forgets() -> None:
    decoder = Decoder(tiny_bundle())
    first = _play(decoder)
    again = _play(decoder)
    assert not np.array_equal(first, again)  # the state was carried over
    decoder.reset()
    np.testing.assert_array_equal(_play(decoder), first)


def test_two_decoders_of_one_bundle_do_not_share_their_state() -> None:
    bundle = tiny_bundle()
    one, two = Decoder(bundle), Decoder(bundle)
    first = _play(one)
    np.testing.assert_array_equal(_play(two), first)


def test_voices_step_in_turn_each_with_its_own_state() -> None:
    decoder, alone = Decoder(tiny_bundle(), voices=3), Decoder(tiny_bundle())
    alone_first, out = _play(alone), _out()
    for i, frame in enumerate(FRAMES):
        # Others step in between, one of them later and one wild.
        decoder.step(FRAMES[-1], out, 0)
        if i > 20:
            decoder.step(FRAMES[i // 2], out, 1)
        decoder.step(frame, out, 2)
        row = [out.amplitude, *out.harmonic_distribution, *out.noise_magnitudes]
        np.testing.assert_array_equal(row, alone_first[i])
    decoder.reset(2)
    decoder.step(FRAMES[0], out, 2)
    assert out.amplitude == alone_first[0][0]
    decoder.step(FRAMES[0], out, 0)
    assert out.amplitude != alone_first[0][0]
    decoder.reset()
    decoder.step(FRAMES[0], out, 0)
    assert out.amplitude == alone_first[0][0]


def test_out_is_filled_in_place() -> None:
    decoder, out = Decoder(tiny_bundle()), _out()
    harmonics, noise = out.harmonic_distribution, out.noise_magnitudes
    decoder.step(FRAMES[0], out)
    assert out.harmonic_distribution is harmonics
    assert out.noise_magnitudes is noise
    assert harmonics.any()
    assert noise.any()


def test_silence_steps_the_model() -> None:
    decoder, other = Decoder(tiny_bundle()), Decoder(tiny_bundle())
    out = _out()
    decoder.step(FeatureFrame(0.0, 220.0, -80.0), out)
    decoder.step(FRAMES[9], out)
    after_silence = out.amplitude
    other.step(FRAMES[9], out)
    assert out.amplitude != after_silence


_ANY = st.floats() | st.sampled_from([0.0, -0.0, 1e-30, 440.0, 1e30, -80.0, -200.0, 50.0])
_DECODER = Decoder(tiny_bundle())


@given(f0_hz=_ANY, loudness_db=_ANY)
def test_any_features_give_the_controls_of_the_nearest_sane_ones(
    f0_hz: float, loudness_db: float
) -> None:
    out = _out()
    _DECODER.reset()
    _DECODER.step(FeatureFrame(0.0, f0_hz, loudness_db), out)
    sane_f0 = f0_hz if 0.0 < f0_hz < math.inf else 0.0
    sane_db = -80.0 if math.isnan(loudness_db) else loudness_db
    wanted = reference_step(
        weights(), float(scale_f0(sane_f0)), float(scale_loudness(sane_db)), np.zeros(STATE)
    )
    assert out.f0_hz == sane_f0
    assert out.amplitude == pytest.approx(wanted[0], rel=1e-5)
    np.testing.assert_allclose(out.harmonic_distribution, wanted[1], rtol=1e-5)


@pytest.mark.parametrize("row", [0, 3, 1 + HARMONICS], ids=["amplitude", "harmonics", "noise"])
def test_what_is_not_finite_gives_silence_and_a_fresh_state(row: int) -> None:
    w = weights()
    w.head[row] = 0.0
    w.head[row, 0] = 1e4  # exp overflows once the state's first number is large enough
    w.body[0], w.body_bias[0] = 0.0, -0.5
    w.body[0, 1] = 1.0  # state[0] = tanh(pw_scaled - 0.5)
    decoder, out = Decoder(_bundle(tiny_decoder.tiny_model(w)), voices=2), _out()
    quiet, loud = FeatureFrame(0.0, 220.0, -60.0), FeatureFrame(0.0, 220.0, -10.0)
    decoder.step(quiet, out)
    first = (out.amplitude, out.harmonic_distribution.copy(), out.noise_magnitudes.copy())
    assert decoder.faults == 0
    decoder.step(quiet, out, 1)
    decoder.step(quiet, out, 1)
    other = np.concatenate([out.harmonic_distribution, out.noise_magnitudes])
    decoder.reset(1)
    decoder.step(quiet, out, 1)
    decoder.step(loud, out)
    assert decoder.faults == 1
    assert out.amplitude == 0.0
    assert not out.harmonic_distribution.any()
    assert not out.noise_magnitudes.any()
    decoder.step(quiet, out, 1)  # the other voice goes on where it was
    np.testing.assert_array_equal(
        np.concatenate([out.harmonic_distribution, out.noise_magnitudes]), other
    )
    decoder.step(quiet, out)  # as if nothing had been played
    assert decoder.faults == 1
    assert out.amplitude == first[0]
    np.testing.assert_array_equal(out.harmonic_distribution, first[1])
    np.testing.assert_array_equal(out.noise_magnitudes, first[2])


def test_an_unknown_runtime() -> None:
    with pytest.raises(UserError, match="choose one of litert, tflite-runtime"):
        Decoder(tiny_bundle(), "onnx")


def test_per_channel_weights_are_refused_under_tflite_runtime(
    tmp_path: Path, tflite_env: object
) -> None:
    """The trap of DESIGN.md: they load, and are wrong, so the decoder must not play them."""
    from tflite_runtime_env import Environment

    assert isinstance(tflite_env, Environment)
    path = tmp_path / "tiny.zip"
    write_bundle(path, tiny_bundle())
    code = (
        "import sys; from dataclasses import replace; "
        "from ddsp_edge.bundles.bundle import read_bundle; "
        "from ddsp_edge.decoding.decoder import Decoder; "
        "Decoder(replace(read_bundle(sys.argv[1]), per_channel=True))"
    )
    done = tflite_env.run("-c", code, str(path))
    assert "scale per channel" in done.stderr


def test_a_bundle_whose_sizes_are_not_its_model_s() -> None:
    wrong = replace(tiny_bundle(), info=replace(tiny_decoder.INFO, n_noise=NOISE + 1))
    with pytest.raises(UserError, match="its metadata says"):
        Decoder(wrong)


def _row(out: ControlFrame) -> np.ndarray:
    return np.array([out.amplitude, *out.harmonic_distribution, *out.noise_magnitudes])


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize(
    ("bundle", "rows"),
    [(row_bundle(), (1, 4, 16)), (tiny_bundle(), (1,))],
    ids=["in rows", "one by one"],
)
def test_many_voices_at_once_are_each_as_alone(
    runtime: str, bundle: Bundle, rows: tuple[int, ...]
) -> None:
    together, alone = Decoder(bundle, runtime, 16), Decoder(bundle, runtime, 16)
    assert together.rows == rows
    rng, out = np.random.default_rng(5), _out()
    for _ in range(60):
        voices = rng.permutation(16)[: rng.integers(0, 17)]
        frames = [
            FeatureFrame(0.0, rng.uniform(60, 900), rng.uniform(-85, 0), voice=int(voice))
            for voice in voices
        ]
        outs = [_out() for _ in frames]
        together.step_many(frames, outs)
        for frame, each in zip(frames, outs, strict=True):
            alone.step(frame, out, frame.voice)
            assert each.f0_hz == out.f0_hz
            np.testing.assert_allclose(_row(each), _row(out), rtol=1e-4)


@pytest.mark.parametrize(
    ("voices", "invocations"), [(0, 0), (1, 1), (2, 1), (4, 1), (5, 2), (8, 2), (9, 1), (16, 1)]
)
def test_the_cheapest_way_is_taken(voices: int, invocations: int) -> None:
    decoder = Decoder(row_bundle(), voices=16)
    frames = [FeatureFrame(0.0, 220.0, -20.0, voice=voice) for voice in range(voices)]
    decoder.step_many(frames, [_out() for _ in frames])
    assert decoder.invocations == invocations


def test_few_voices_need_no_large_batch() -> None:
    assert Decoder(row_bundle(), voices=1).rows == (1,)
    assert Decoder(row_bundle(), voices=8).rows == (1, 4)


def test_one_voice_that_is_not_finite_leaves_the_others_alone() -> None:
    w = weights()
    w.head[3] = 0.0
    w.head[3, 0] = 1e4
    w.body[0], w.body_bias[0] = 0.0, -0.5
    w.body[0, 1] = 1.0  # as above: loud frames overflow
    decoder, alone = Decoder(row_bundle(w), voices=4), Decoder(row_bundle(w), voices=4)
    levels = [-60.0, -10.0, -50.0, -55.0]
    frames = [FeatureFrame(0.0, 220.0, db, voice=i) for i, db in enumerate(levels)]
    outs, out = [_out() for _ in frames], _out()
    decoder.step_many(frames, outs)
    assert decoder.faults == 1
    assert not _row(outs[1]).any()
    for i in (0, 2, 3):
        alone.step(frames[i], out, i)
        np.testing.assert_allclose(_row(outs[i]), _row(out), rtol=1e-4)
    decoder.step_many(frames[1:2], outs)  # it starts afresh, and faults again
    assert decoder.faults == 2


@pytest.mark.parametrize("name", ["violin", "cello"])
def test_the_shipped_instruments_play_chords_in_rows(name: str) -> None:
    bundle = find_model(name)
    info = bundle.info
    together, alone = Decoder(bundle, voices=16), Decoder(bundle)
    assert together.rows == (1, 4, 16)
    outs = [ControlFrame(info.n_harmonics, info.n_noise) for _ in range(16)]
    out = ControlFrame(info.n_harmonics, info.n_noise)
    for step in range(100):
        frames = [
            FeatureFrame(0.0, 110.0 * 1.05**i * (1 + 0.001 * step), -40.0 + 2 * i, voice=i)
            for i in range(16)
        ]
        together.step_many(frames, outs)
        alone.step(frames[11], out)
        np.testing.assert_allclose(_row(outs[11]), _row(out), rtol=1e-3, atol=1e-7)
