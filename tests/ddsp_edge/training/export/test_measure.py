import numpy as np
import pytest

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.training.data.features import Piece
from ddsp_edge.training.export import measure
from ddsp_edge.training.plan import Plan
from ddsp_edge.training.profiles import EDGE

RATE, HOP, DELAY = EDGE.sample_rate, EDGE.hop, measure.delay(EDGE)

torch = pytest.importorskip("torch", reason="the train extra is not installed")


@pytest.fixture(scope="module")
def bundle(toy_dataset, toy_recipe, tmp_path_factory):
    from ddsp_edge.training.export.build import _info
    from ddsp_edge.training.export.card import Training
    from ddsp_edge.training.export.to_tflite import export
    from ddsp_edge.training.networks.model import EdgeDecoder, FrameDecoder

    torch.manual_seed(0)
    model = FrameDecoder(EdgeDecoder())
    exported = export(model, 96, 100, 65, quantization="none")
    return Bundle(
        _info(Training(toy_dataset, toy_recipe, Plan()), 96, "none"), exported.model, "", b""
    )


def test_play_is_the_length_of_the_piece_and_follows_its_loudness(bundle, toy_dataset):
    piece = toy_dataset.held_out[0]
    sound = measure.play(bundle, piece)
    assert len(sound) == len(piece.audio) + DELAY
    blocks = sound[DELAY:][: len(piece.audio) // HOP * HOP].reshape(-1, HOP)
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
    same = np.concatenate([np.zeros(DELAY, np.float32), audio])
    assert measure.spectral_loss([same], [piece]) < 1e-6
    assert measure.spectral_loss([0.5 * same], [piece]) > 1.0


def test_tracking_figures_show_each_fault(toy_dataset):
    pieces = toy_dataset.held_out
    rng = np.random.default_rng(0)

    def shifted(audio: np.ndarray) -> np.ndarray:
        return np.concatenate([np.zeros(DELAY, np.float32), audio])

    same = measure.follows([shifted(p.audio) for p in pieces], pieces)
    assert same.f0_right > 0.99 and same.f0_cents < 1 and same.f0_gross < 0.01
    assert same.loudness_correlation > 0.99 and same.loudness_db < 0.1
    assert same.hnr_db == pytest.approx(same.hnr_recording_db, abs=0.3)
    noisy = measure.follows(
        [shifted(p.audio + rng.normal(0, 0.01, len(p.audio))) for p in pieces], pieces
    )
    assert noisy.hnr_recording_db == pytest.approx(same.hnr_recording_db, abs=0.5)
    assert noisy.hnr_db < noisy.hnr_recording_db - 2
    # Half a semitone flat, and as loud as it likes.
    slower = [
        shifted(np.interp(np.arange(len(p.audio)) * 2 ** (-0.7 / 12), np.arange(len(p.audio)),
                          p.audio)).astype(np.float32)
        for p in pieces
    ]  # fmt: skip
    assert measure.follows(slower, pieces).f0_right < 0.2
    loud = [shifted(p.audio * np.repeat(rng.uniform(0.03, 1, len(p.audio) // 4800 + 1), 4800)
                    [: len(p.audio)]) for p in pieces]  # fmt: skip
    other = measure.follows(loud, pieces)
    assert other.loudness_correlation < 0.95 and other.loudness_db > 1
