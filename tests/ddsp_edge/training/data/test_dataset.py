import shutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from ddsp_edge.errors import UserError
from ddsp_edge.training.data import piece_cache
from ddsp_edge.training.data.dataset import LOUD_DB, prepare
from ddsp_edge.training.data.features import FIELDS
from ddsp_edge.training.profiles import EDGE, VST


def test_pieces_line_up(toy_dataset):
    for piece in toy_dataset.train + toy_dataset.held_out:
        frames = len(piece.audio) // EDGE.hop
        for name in FIELDS[1:]:
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
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(toy_folder.iterdir())[::3]:
        shutil.copy(path, few)
    cache, said = tmp_path / "caches" / "few", []
    first = prepare(few, toy_recipe, cache, say=said.append)
    again = prepare(few, toy_recipe, cache, say=said.append)
    assert len(said) == 1
    assert np.array_equal(first.train[0].audio, again.train[0].audio)
    pieces = len(first.train) + len(first.held_out)
    assert len(list(cache.iterdir())) == pieces + 1  # nothing half-written is left


def test_a_preparation_that_was_cut_off_goes_on(toy_folder, toy_cache, toy_recipe, tmp_path):
    """What is there is not made again; what is damaged is."""
    quiet = {"say": lambda _: None}
    shutil.copytree(toy_cache, tmp_path, dirs_exist_ok=True)
    first = prepare(toy_folder, toy_recipe, tmp_path, **quiet)
    pieces = sorted(tmp_path.glob("*.npz"))
    times = {p.name: p.stat().st_mtime_ns for p in pieces[2:]}
    next(tmp_path.glob("*.json")).unlink()
    pieces[0].unlink()
    pieces[1].write_bytes(pieces[1].read_bytes()[:1000])
    again = prepare(toy_folder, toy_recipe, tmp_path, **quiet)
    assert {p.name: p.stat().st_mtime_ns for p in pieces[2:]} == times
    for a, b in zip(first.train, again.train, strict=True):
        assert np.array_equal(a.harmonics, b.harmonics)
    pieces[3].write_bytes(b"not a piece")  # with its index in place
    third = prepare(toy_folder, toy_recipe, tmp_path, **quiet)
    assert len(third.train) == len(first.train)
    assert all(piece_cache.load(p) is not None for p in pieces)


def test_evened_out_recordings_get_the_level_of_their_mark_back(toy_folder, toy_recipe, tmp_path):
    """The same notes once more, 20 dB softer: as loud as what they are marked says."""
    marked, notes = tmp_path / "marked", sorted(toy_folder.iterdir())[2::3]
    marked.mkdir()
    for i, path in enumerate(notes):
        shutil.copy(path, marked / f"note-{i}_fortissimo.wav")
        audio, rate = soundfile.read(path)
        # Not to the byte the same: copies are left out.
        soundfile.write(marked / f"note-{i}_piano.wav", 0.99 * audio, rate)
    spread = {}
    for evened in (False, True):
        recipe = replace(toy_recipe, evened_out=evened)
        pieces = prepare(marked, recipe, tmp_path / f"c{evened}", say=lambda _: None).train
        loud = np.concatenate([p.loudness_db[p.weight > 0] for p in pieces])
        spread[evened] = np.subtract(*np.percentile(loud, [75, 25]))
    assert spread[True] > spread[False] + 5


def test_each_piece_knows_its_room(toy_folder, toy_recipe, tmp_path):
    """Subfolders are rooms where recordings are cut to pieces; phrases of notes have none."""
    notes = [soundfile.read(path) for path in sorted(toy_folder.iterdir())]
    for i, name in enumerate(("b/1", "a/2", "a/3")):
        path = tmp_path / "in" / f"{name}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        audio = np.concatenate([audio for audio, _ in notes[i:-1:3]])
        soundfile.write(path, audio, notes[0][1])
    recipe = replace(toy_recipe, single_notes=False)
    first = prepare(tmp_path / "in", recipe, tmp_path / "cache", say=lambda _: None)
    again = prepare(tmp_path / "in", recipe, tmp_path / "cache", say=lambda _: None)
    for dataset in (first, again):
        assert dataset.rooms == ("a", "b")  # two files, and one
        assert [piece.room for piece in dataset.train] == [p.room for p in first.train]
        assert {piece.room for piece in dataset.train + dataset.held_out} == {"a", "b"}
    joined = prepare(tmp_path / "in", toy_recipe, tmp_path / "joined", say=lambda _: None)
    assert joined.rooms == ("",)


def test_the_vst_profile_has_its_own_rates(vst_dataset):
    dataset = vst_dataset
    assert dataset.profile == VST
    for piece in dataset.train + dataset.held_out:
        assert piece.harmonics.shape == (len(piece.audio) // VST.hop, VST.n_harmonics)
    assert dataset.summary["usable_minutes"] > 0.25
    assert 140 < dataset.summary["f0_low_hz"] < 165


def test_notes_held_out_are_in_no_round_that_is_trained_on(toy_dataset):
    dataset = toy_dataset
    assert dataset.rounds == 3  # 43 seconds of notes are few
    held = np.concatenate([p.synth_f0_hz[p.weight > 0] for p in dataset.held_out])
    assert len(held) > 100
    # Three of the 36 notes are held out; the minutes count each note once.
    assert 0.3 < dataset.minutes() < 0.9


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "holds no audio"),
        (lambda folder: (folder / "a.wav").write_text("not audio"), "none of its 1 audio files"),
        (
            lambda folder: soundfile.write(
                folder / "a.wav", np.full(48_000, np.nan), 48_000, subtype="FLOAT"
            ),
            "none of its 1 audio files",
        ),
        (
            lambda folder: soundfile.write(folder / "a.wav", np.zeros(480_000), 48_000),
            "none of its 1 audio files",
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


def test_files_left_out_are_reported_with_a_reason(toy_folder, toy_recipe, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(toy_folder, folder)
    (folder / "a-text.wav").write_text("not audio")
    soundfile.write(folder / "silent.wav", np.zeros(48_000), 48_000)
    nan = np.full(48_000, np.nan)
    soundfile.write(folder / "nan.wav", nan, 48_000, subtype="FLOAT")
    said = []
    dataset = prepare(folder, toy_recipe, tmp_path / "cache", say=said.append)
    assert len(dataset.sources) == 36
    reasons = {item.file: item.reason for item in dataset.left_out}
    assert set(reasons) == {"a-text.wav", "silent.wav", "nan.wav"}
    assert "cannot be read" in reasons["a-text.wav"] and "silent" in reasons["silent.wav"]
    assert "not numbers" in reasons["nan.wav"]
    assert sum(line.startswith("left out: ") for line in said) == 3
    again = prepare(folder, toy_recipe, tmp_path / "cache", say=said.append)
    assert again.left_out == dataset.left_out
    assert repr(again.sources) == repr(dataset.sources)  # nan is not equal to itself
