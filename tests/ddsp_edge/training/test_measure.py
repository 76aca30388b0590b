import numpy as np
import pytest

from ddsp_edge.bundle import Bundle
from ddsp_edge.training import measure
from ddsp_edge.training.dataset import HOP, RATE, Piece

torch = pytest.importorskip("torch", reason="the train extra is not installed")


@pytest.fixture(scope="module")
def bundle(toy_dataset, toy_recipe, tmp_path_factory):
    from ddsp_edge.training.build import _info
    from ddsp_edge.training.export import export
    from ddsp_edge.training.model import EdgeDecoder, FrameDecoder

    torch.manual_seed(0)
    model = FrameDecoder(EdgeDecoder())
    exported = export(model, 96, 100, 65, quantization="none")
    return Bundle(_info(toy_dataset, toy_recipe, 96, "none"), exported.model, "", b"")


def test_play_is_the_length_of_the_piece_and_follows_its_loudness(bundle, toy_dataset):
    piece = toy_dataset.held_out[0]
    sound = measure.play(bundle, piece)
    assert len(sound) == len(piece.audio) + measure.DELAY
    blocks = sound[measure.DELAY :][: len(piece.audio) // HOP * HOP].reshape(-1, HOP)
    level = 10 * np.log10(np.mean(blocks**2, axis=1) + 1e-9)
    audible = piece.loudness_db > -60
    assert np.corrcoef(level[audible], piece.loudness_db[audible])[0, 1] > 0.9


def test_response_of_a_decoder_without_memory_is_at_once(bundle):
    found = measure.response(bundle)
    assert 0 <= found.attack_s < 0.05
    assert found.silence_dbfs < -150


def test_spectral_loss_is_zero_only_for_the_piece_itself():
    rng = np.random.default_rng(0)
    audio = rng.normal(0, 0.1, RATE * 2).astype(np.float32)
    frames = len(audio) // HOP
    one = np.ones(frames, np.float32)
    piece = Piece(audio, one, one, one, one[:, None], one[:, None], one)
    same = np.concatenate([np.zeros(measure.DELAY, np.float32), audio])
    assert measure.spectral_loss([same], [piece]) < 1e-6
    assert measure.spectral_loss([0.5 * same], [piece]) > 1.0
