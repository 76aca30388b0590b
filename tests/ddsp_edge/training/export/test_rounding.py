from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.data.features import Piece  # noqa: E402
from ddsp_edge.training.export.equalising import equalised  # noqa: E402
from ddsp_edge.training.export.quantization import MIN_WEIGHTS  # noqa: E402
from ddsp_edge.training.export.rounding import (  # noqa: E402
    BEYOND,
    LEVELS,
    calibration,
    round_to_int8,
)
from ddsp_edge.training.networks.model import EdgeDecoder, FrameDecoder, Shape  # noqa: E402
from ddsp_edge.units import SILENCE_DB, scale_f0, scale_loudness  # noqa: E402


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(3)
    model = EdgeDecoder(Shape(n_harmonics=40, n_noise=17, state_size=40, hidden=32, dense=48))
    with torch.no_grad():
        model.head.weight.mul_(8)
    return FrameDecoder(model)


@pytest.fixture(scope="module")
def track():
    rng = np.random.default_rng(0)
    steps = np.cumsum(rng.normal(0, 0.03, (2, 600)), axis=1) + 0.5
    return np.clip(steps, 0.2, 0.9).astype(np.float32)


def large(decoder):
    return {n: c for n, c in decoder.named_children() if c.weight.numel() >= MIN_WEIGHTS}


def played(decoder, track):
    """Harmonics' shares and gains of noise of every frame, in nepers."""
    rows, state = [], torch.zeros(decoder.state_size)
    with torch.no_grad():
        for f0, loudness in track.T.copy():
            inputs = torch.tensor([f0]), torch.tensor([loudness])
            _, harmonics, noise, state = decoder(*inputs, state)
            rows.append(torch.cat([harmonics, noise]).clamp(min=1e-9).log())
    return torch.stack(rows)


def error(other, decoder, track):
    """Mean difference of two decoders' answers, in nepers."""
    return float((played(other, track) - played(decoder, track)).abs().mean())


def nearest(decoder):
    """Its weights rounded one by one."""
    decoder = copy.deepcopy(decoder)
    for layer in large(decoder).values():
        step = layer.weight.abs().max() / LEVELS
        layer.weight.data = (layer.weight / step).round() * step
    return decoder


def uneven(decoder):
    """The same decoder, its units of sizes that differ up to a hundred times."""
    decoder, rng = copy.deepcopy(decoder), np.random.default_rng(5)
    with torch.no_grad():
        for writers, readers in (
            (["first"], ["second"]),
            (["second"], ["in_reset", "in_update", "in_new", "dense_body"]),
            (["dense_body", "dense_state"], ["amplitude", "harmonics", "noise"]),
        ):
            count = getattr(decoder, writers[0]).out_features
            factors = torch.tensor(10 ** rng.uniform(-1, 1, count), dtype=torch.float32)
            for name in writers:
                getattr(decoder, name).weight.mul_(factors[:, None])
                getattr(decoder, name).bias.mul_(factors)
            for name in readers:
                getattr(decoder, name).weight.div_(factors)
    return decoder


def test_every_large_layer_is_on_its_grid_with_the_same_step(decoder, track):
    rounded = large(round_to_int8(decoder, [track]))
    assert len(rounded) >= 5
    for name, before in large(equalised(decoder)).items():
        step = before.weight.abs().max() / LEVELS
        steps = rounded[name].weight / step
        assert (steps - steps.round()).abs().max() < 1e-3
        assert steps.abs().max().round() == LEVELS


def test_better_than_rounding_to_the_nearest(decoder, track):
    backwards = track[:, ::-1].copy()  # another order than it was fitted to
    rounded = round_to_int8(decoder, [track])
    assert error(rounded, decoder, backwards) < 0.8 * error(nearest(decoder), decoder, backwards)


def test_units_of_uneven_sizes_are_rounded_as_well_as_even_ones(decoder, track):
    other = uneven(decoder)
    assert error(other, decoder, track) < 1e-4
    even, odd = (error(round_to_int8(each, [track]), decoder, track) for each in (decoder, other))
    assert odd < 2 * even < 0.02 * error(nearest(other), decoder, track)


def test_an_equalised_decoder_answers_as_before(decoder, track):
    assert error(equalised(decoder), decoder, track) < 1e-4
    assert error(equalised(uneven(decoder)), decoder, track) < 1e-4


def test_a_unit_without_weights_is_no_division_by_zero(decoder, track):
    dead = copy.deepcopy(decoder)
    with torch.no_grad():
        for layer in (dead.in_reset, dead.in_update, dead.in_new, dead.dense_body):
            layer.weight[:, 3] = 0.0
        dead.dense_body.weight[7] = dead.dense_state.weight[7] = 0.0
        dead.second.weight.zero_()
    assert error(equalised(dead), dead, track) < 1e-4
    assert torch.isfinite(played(round_to_int8(dead, [track]), track)).all()


def test_it_is_fitted_to_what_was_played_and_to_every_note_and_loudness():
    frames = 3000
    f0, loudness = np.linspace(220, 440, frames), np.linspace(-40, -10, frames)
    blank = np.zeros((frames, 1), np.float32)
    piece = Piece(np.zeros(1), f0, loudness, f0, blank, blank, np.ones(frames))
    tracks = calibration([piece])
    recorded = [pw for f, pw in tracks if len(np.unique(f)) > 1]
    held = [(f[0], pw[0]) for f, pw in tracks if len(np.unique(f)) == 1]
    assert (
        min(map(min, recorded))
        < scale_loudness(-39)
        < scale_loudness(-11)
        < max(map(max, recorded))
    )
    notes, levels = (np.unique(each) for each in np.array(held, np.float64).T)
    assert len(notes) > 8 and len(levels) > 12 and len(held) == len(notes) * len(levels)
    wanted = scale_f0(220.0 * 2 ** (-BEYOND / 12)), scale_f0(440.0 * 2 ** (BEYOND / 12))
    assert notes.min() < wanted[0] + 0.01 and notes.max() > wanted[1] - 0.01
    assert levels.min() < scale_loudness(SILENCE_DB + 15) and levels.max() > scale_loudness(-11)


def test_the_decoder_itself_is_left_alone(decoder, track):
    before = {k: v.clone() for k, v in decoder.state_dict().items()}
    round_to_int8(decoder, [track])
    assert all(torch.equal(v, before[k]) for k, v in decoder.state_dict().items())
