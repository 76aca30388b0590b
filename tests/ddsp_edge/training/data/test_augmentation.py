import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.data import augmentation  # noqa: E402

FRAMES = 2000


def a_batch() -> dict[str, torch.Tensor]:
    pw = torch.full((4, FRAMES), 0.7)
    pw[:, :100] = 0.0
    return {
        "f0_scaled": torch.full((4, FRAMES), 0.5),
        "pw_scaled": pw,
        "weight": torch.ones(4, FRAMES),
        "harmonics": torch.ones(4, FRAMES, 3),
        "noise": torch.full((4, FRAMES, 2), 0.1),
        "audio": torch.ones(4, FRAMES * 10),
    }


def test_targets_are_louder_by_what_the_loudness_input_says() -> None:
    before = a_batch()
    after = augmentation.augment(before, np.random.default_rng(1))
    shown_db = 80 * (after["pw_scaled"] - before["pw_scaled"])[:, 100:].mean(dim=1)
    for name in ("audio", "harmonics", "noise"):
        target_db = 20 * torch.log10((after[name] / before[name]).reshape(4, -1).mean(dim=1))
        assert target_db.numpy() == pytest.approx(shown_db.numpy(), abs=0.05)
    assert 0.2 < float(shown_db.std()) < 5


def test_silence_stays_silence() -> None:
    after = augmentation.augment(a_batch(), np.random.default_rng(2))
    assert torch.all(after["pw_scaled"][:, :100] == 0)
    assert torch.all(after["pw_scaled"][:, 100:] > 0)


def test_pitch_moves_by_cents_and_the_batch_itself_not_at_all() -> None:
    before = a_batch()
    after = augmentation.augment(before, np.random.default_rng(3))
    cents = 127 * 100 * (after["f0_scaled"] - 0.5)
    assert float(cents.abs().max()) < 6 * augmentation.PITCH_CENTS
    assert float(cents.std(dim=1).mean()) == pytest.approx(augmentation.FRAME_CENTS, rel=0.1)
    assert torch.equal(before["f0_scaled"], a_batch()["f0_scaled"])
    assert torch.equal(after["weight"], before["weight"])


def test_the_same_step_draws_the_same() -> None:
    one, two = (augmentation.augment(a_batch(), np.random.default_rng([1, 7])) for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
