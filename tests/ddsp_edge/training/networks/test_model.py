import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.networks.model import SIZES, EdgeDecoder, FrameDecoder  # noqa: E402


@pytest.fixture
def model():
    torch.manual_seed(0)
    return EdgeDecoder().eval()


def test_a_frame_at_a_time_is_the_sequence(model):
    f0, loudness = torch.rand(1, 50) * 0.4 + 0.3, torch.rand(1, 50)
    with torch.no_grad():
        whole = model.sequence(f0, loudness)
        state = torch.zeros(model.shape.state_size)
        one = FrameDecoder(model)
        for i in range(50):
            *frame, state = one(f0[0, i : i + 1], loudness[0, i : i + 1], state)
            assert torch.allclose(frame[0], whole[0][0, i : i + 1], atol=1e-5)
            assert torch.allclose(frame[1], whole[1][0, i], atol=1e-6)
            assert torch.allclose(frame[2], whole[2][0, i], atol=1e-5)


def test_silence_is_exactly_silent(model):
    amplitude, _, noise = model.sequence(torch.rand(1, 30), torch.zeros(1, 30))
    assert amplitude.abs().max() == 0 and noise.abs().max() == 0


def test_ten_decibels_in_are_about_ten_out(model):
    """The level is applied by construction; the network only corrects it."""
    levels = []
    for db in (-30.0, -20.0):
        amplitude, _, _ = model.sequence(torch.full((1, 20), 0.5), torch.full((1, 20), db / 80 + 1))
        levels.append(float(20 * torch.log10(amplitude[0, -1])))
    assert levels[1] - levels[0] == pytest.approx(10, abs=2)


def test_outputs_are_in_range_for_any_input(model):
    f0 = torch.tensor([[0.0, 1.0, 0.5, 0.5]])
    loudness = torch.tensor([[1.0, 1.0, 0.0, 1.0]])
    amplitude, harmonics, noise = model.sequence(f0, loudness)
    assert torch.isfinite(amplitude).all() and (amplitude >= 0).all()
    assert torch.allclose(harmonics.sum(-1), torch.ones(1, 4), atol=1e-5)
    assert torch.isfinite(noise).all() and (noise >= 0).all()


@pytest.mark.parametrize(("size", "count"), [("large", 82_566), ("small", 22_438), ("tiny", 6_822)])
def test_the_sizes_have_the_parameters_that_the_help_tells(size, count):
    assert EdgeDecoder(SIZES[size]).parameters_count() == count
