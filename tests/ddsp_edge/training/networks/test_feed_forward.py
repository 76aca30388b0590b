"""Decoders without recurrence: one frame at a time is the sequence, exported or not."""

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.networks.feed_forward import FeedForwardDecoder, FeedForwardShape  # noqa: E402

SIZES = {"n_harmonics": 12, "n_noise": 9, "widths": (24, 16)}
SHAPES = {
    "smoothed": FeedForwardShape(**SIZES, smoothing=(1.0, 9.0), delays=()),
    "convolution": FeedForwardShape(**SIZES, smoothing=(), delays=(1, 2, 5)),
    "both": FeedForwardShape(**SIZES, smoothing=(4.0,), delays=(3,)),
}


@pytest.fixture(params=SHAPES, ids=list(SHAPES))
def model(request):
    torch.manual_seed(0)
    return FeedForwardDecoder(SHAPES[request.param]).eval()


def test_a_frame_at_a_time_is_the_sequence(model):
    f0, loudness = torch.rand(1, 40) * 0.4 + 0.3, torch.rand(1, 40)
    one, state = model.frame_decoder().eval(), torch.zeros(model.shape.state_size)
    with torch.no_grad():
        whole = model.sequence(f0, loudness)
        for i in range(40):
            *frame, state = one(f0[0, i : i + 1], loudness[0, i : i + 1], state)
            assert state.shape == (model.shape.state_size,)
            for found, wanted in zip(frame, whole, strict=True):
                assert torch.allclose(found, wanted[0, i].reshape(-1), atol=1e-5)


def test_the_state_forgets_old_input(model):
    """What was played longer ago than its longest delay or mean is forgotten."""
    f0 = torch.full((2, 400), 0.5)
    loudness = torch.full((2, 400), 0.7)
    loudness[0, :5] = 0.2
    with torch.no_grad():
        for controls in model.sequence(f0, loudness):
            assert torch.allclose(controls[0, -1], controls[1, -1], atol=1e-6)
            assert not torch.allclose(controls[0, 5], controls[1, 5], atol=1e-6)


def test_silence_is_exactly_silent(model):
    amplitude, _, noise = model.sequence(torch.rand(1, 30), torch.zeros(1, 30))
    assert amplitude.abs().max() == 0 and noise.abs().max() == 0


def test_an_exported_file_is_the_module(model):
    pytest.importorskip("litert_torch", reason="exporting needs the extra `train`")
    from ddsp_edge.tflite.batching import with_rows
    from ddsp_edge.training.export.to_tflite import LIMITS, export

    shape = model.shape
    sizes = (shape.state_size, shape.n_harmonics, shape.n_noise)
    exported = export(model.frame_decoder(), *sizes, quantization="int8", steps=100)
    assert exported.report.drift.within(LIMITS["int8", "float"])
    # Means and delays together are cut apart along the row, which no rows survive.
    assert (with_rows(exported.model) is None) == bool(shape.delays)
