import numpy as np
import pytest
import soundfile

from ddsp_edge.errors import UserError
from ddsp_edge.training import dataset
from ddsp_edge.training.dataset import HOP, LOUD_DB, prepare, read_mono


def test_pieces_line_up(toy_dataset):
    for piece in toy_dataset.train + toy_dataset.held_out:
        frames = len(piece.audio) // HOP
        for name in dataset.FIELDS[1:]:
            assert len(getattr(piece, name)) == frames, name
            assert np.all(np.isfinite(getattr(piece, name))), name
        assert piece.harmonics.min() >= 0 and piece.noise.min() >= 0
        assert set(np.unique(piece.weight)) <= {0.0, 1.0}
    loud = np.concatenate([p.loudness_db for p in toy_dataset.train])
    assert np.percentile(loud, 99) == pytest.approx(LOUD_DB, abs=1.5)


def test_pitch_is_that_of_the_notes(toy_dataset):
    pitched = np.concatenate([p.synth_f0_hz[p.weight > 0] for p in toy_dataset.train])
    assert pitched.min() > 150 * 0.93 and pitched.max() < 600 * 1.07
    assert toy_dataset.summary["usable_minutes"] > 0.3


def test_louder_notes_are_analysed_as_brighter(toy_dataset):
    """The targets carry the dependence that the model must learn."""
    weight = np.concatenate([p.weight for p in toy_dataset.train]) > 0
    loud = np.concatenate([p.loudness_db for p in toy_dataset.train])[weight]
    h = np.concatenate([p.harmonics for p in toy_dataset.train])[weight]
    ratio = h[:, 4] / np.maximum(h[:, 0], 1e-6)
    audible = loud > -50
    top = audible & (loud > np.percentile(loud[audible], 75))
    low = audible & (loud < np.percentile(loud[audible], 25))
    assert np.median(ratio[top]) > 1.5 * np.median(ratio[low])


def test_the_second_call_reads_the_cache(toy_folder, toy_recipe, tmp_path):
    said = []
    first = prepare(toy_folder, toy_recipe, tmp_path, say=said.append)
    again = prepare(toy_folder, toy_recipe, tmp_path, say=said.append)
    assert len(said) == 1
    assert np.array_equal(first.train[0].audio, again.train[0].audio)
    assert len(list(tmp_path.iterdir())) == 1  # nothing half-written is left


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "holds no audio"),
        (lambda folder: (folder / "a.wav").write_text("not audio"), "cannot be read as audio"),
        (
            lambda folder: soundfile.write(
                folder / "a.wav", np.full(48_000, np.nan), 48_000, subtype="FLOAT"
            ),
            "not numbers",
        ),
        (
            lambda folder: soundfile.write(folder / "a.wav", np.zeros(480_000), 48_000),
            "not enough|clear single pitch",
        ),
    ],
)
def test_bad_folders_are_refused(make, message, toy_recipe, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    make(folder)
    with pytest.raises(UserError, match=message):
        prepare(folder, toy_recipe, tmp_path / "cache", say=lambda _: None)
    with pytest.raises(UserError, match="no such folder"):
        prepare(tmp_path / "none", toy_recipe, tmp_path / "cache")


def test_stereo_at_another_rate_becomes_mono(tmp_path):
    t = np.arange(96_000) / 96_000
    tone = 0.5 * np.sin(2 * np.pi * 440 * t)
    soundfile.write(tmp_path / "a.flac", np.stack([tone, tone], 1), 96_000)
    mono = read_mono(tmp_path / "a.flac")
    assert mono.shape == (48_000,) and mono.dtype == np.float32
    assert np.abs(mono[1000:-1000]).max() == pytest.approx(0.5, abs=0.01)
