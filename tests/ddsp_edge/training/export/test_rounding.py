import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.export.quantization import MIN_WEIGHTS  # noqa: E402
from ddsp_edge.training.export.rounding import LEVELS, round_to_int8  # noqa: E402
from ddsp_edge.training.networks.model import EdgeDecoder, FrameDecoder, Shape  # noqa: E402


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


def test_every_large_layer_is_on_its_grid_with_the_same_step(decoder, track):
    rounded = large(round_to_int8(decoder, *track))
    assert len(rounded) >= 5
    for name, before in large(decoder).items():
        step = before.weight.abs().max() / LEVELS
        steps = rounded[name].weight / step
        assert (steps - steps.round()).abs().max() < 1e-3
        assert steps.abs().max().round() == LEVELS


def test_better_than_rounding_to_the_nearest(decoder, track):
    import copy

    nearest = copy.deepcopy(decoder)
    for layer in large(nearest).values():
        step = layer.weight.abs().max() / LEVELS
        layer.weight.data = (layer.weight / step).round() * step

    def error(other):
        total, state, state_other = 0.0, torch.zeros(40), torch.zeros(40)
        with torch.no_grad():
            for f0, loudness in track.T[::-1].copy():  # another order than it was fitted to
                inputs = torch.tensor([f0]), torch.tensor([loudness])
                *_, h, _, state = decoder(*inputs, state)
                *_, h_other, _, state_other = other(*inputs, state_other)
                total += float((h.log() - h_other.log()).abs().mean())
        return total

    assert error(round_to_int8(decoder, *track)) < 0.8 * error(nearest)


def test_the_decoder_itself_is_left_alone(decoder, track):
    before = {k: v.clone() for k, v in decoder.state_dict().items()}
    round_to_int8(decoder, *track)
    assert all(torch.equal(v, before[k]) for k, v in decoder.state_dict().items())
