"""The quick GRU is torch's: its states, its gradients, its parameters."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training import c_loops  # noqa: E402
from ddsp_edge.training.networks.gru import Gru  # noqa: E402
from native import training  # noqa: E402

pytestmark = pytest.mark.skipif(not training.AVAILABLE, reason="native._training is not built")


@pytest.fixture
def pair():
    """Ours and torch's own with the same weights, and what both are shown."""
    torch.manual_seed(1)
    ours, theirs = Gru(6, 20), torch.nn.GRU(6, 20, batch_first=True)
    theirs.load_state_dict(ours.state_dict())
    return ours, theirs, 3 * torch.randn(4, 30, 6)


def answer(network, x):
    """States, and the gradients of a sum of theirs by x and by each parameter."""
    torch.manual_seed(2)
    x = x.clone().requires_grad_()
    states, last = network(x)
    assert torch.equal(last[0], states[:, -1])
    network.zero_grad()
    (states * torch.randn_like(states)).sum().backward()
    gradients = {name: weight.grad.clone() for name, weight in network.named_parameters()}
    return {"states": states.detach(), "x": x.grad, **gradients}


@pytest.mark.parametrize("one_dnn", [True, False])
def test_it_answers_as_torch_s_own(pair, one_dnn, monkeypatch):
    ours, theirs, x = pair
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: one_dnn)
    found = answer(ours, x)
    assert ours(x)[0].grad_fn.name().startswith("_Sequence")  # and not torch's
    for name, wanted in answer(theirs, x).items():
        assert torch.allclose(found[name], wanted, atol=1e-5 * float(wanted.abs().max())), name


def test_where_the_c_is_not_or_nothing_is_learnt_it_is_torch_s_own(pair, monkeypatch):
    ours, theirs, x = pair
    with torch.no_grad():
        assert torch.equal(ours(x)[0], theirs(x)[0])
    monkeypatch.setattr(c_loops, "usable", lambda _: False)
    assert torch.equal(ours(x)[0], theirs(x)[0])


def test_in_bfloat16_it_is_nearly_the_same(pair):
    ours, theirs, x = pair
    wanted = answer(theirs, x)
    with torch.autocast("cpu", torch.bfloat16):
        found = answer(ours, x)
    assert found["states"].dtype == found["x"].dtype == torch.float32
    for name in wanted:
        near, far = found[name].flatten(), wanted[name].flatten()
        assert not torch.equal(near, far)
        assert torch.nn.functional.cosine_similarity(near, far, dim=0) > 0.999, name


def test_gates_that_are_far_beyond_their_range_saturate(pair):
    ours, theirs, x = pair
    for factor in (1e3, 1e30):
        states = ours(factor * x)[0]
        assert torch.isfinite(states).all()
        assert torch.allclose(states, theirs(factor * x)[0], atol=1e-5)


def test_what_is_no_number_stays_none(pair):
    ours, _, x = pair
    x[1, 3] = float("nan")
    states = ours(x)[0]
    assert torch.isfinite(states[0]).all() and torch.isfinite(states[1, :3]).all()
    assert torch.isnan(states[1, 3:]).all()


def test_wrong_shapes_types_and_steps_are_refused():
    gates, states = np.zeros((5, 2, 9), np.float32), np.zeros((5, 2, 3), np.float32)
    product, bias = np.zeros((2, 9), np.float32), np.zeros(3, np.float32)
    loop = training.GruSteps(gates, states, states.copy(), product)
    step = loop.forward(bias)
    step(4)
    for at in (-1, 5):
        with pytest.raises(ValueError, match="of 5"):
            step(at)
    with pytest.raises(ValueError, match="instead of"):
        loop.forward(np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="float32"):
        loop.forward(bias.astype(np.float64))
    with pytest.raises(ValueError, match="instead of"):
        loop.backward(states, product, gates)
    with pytest.raises(ValueError, match="instead of"):
        training.GruSteps(gates[:, :, :8], states, states, product)
