"""The folder of issue 4: a corrupt MP3, a silent file, stereo at 96 kHz, drums and a text file."""

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from made_recordings import RATE, drum_loop, melody

from ddsp_edge.errors import UserError
from ddsp_edge.training.data import sources
from ddsp_edge.training.data.dataset import prepare
from ddsp_edge.training.recipes import Recipe

RECIPE = Recipe("Mixed", "mixed", False, 100.0, 1000.0, "CC0 1.0", "made by the test")


@pytest.fixture(scope="module")
def mixed_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    take = melody(3)
    soundfile.write(folder / "take-1.wav", take, RATE)
    (folder / "more").mkdir()
    stereo = np.stack([take[::-1], take[::-1]], axis=1).repeat(2, axis=0)
    soundfile.write(folder / "more" / "take-2.flac", stereo, 2 * RATE)
    soundfile.write(folder / "take-3.ogg", melody(2), RATE)
    soundfile.write(folder / "whole.mp3", melody(2)[::-1], RATE)
    noise = np.random.default_rng(5).integers(0, 256, 50_000, dtype=np.uint8)
    (folder / "corrupt.mp3").write_bytes(noise.tobytes())
    soundfile.write(folder / "silent.wav", np.zeros(3 * RATE), RATE)
    soundfile.write(folder / "drums.wav", drum_loop(), RATE)
    (folder / "notes.txt").write_text("take 2 is the better one")
    (folder / "text.wav").write_text("this is no sound")
    (folder / ".hidden.wav").write_text("not looked at")
    shutil.copy(folder / "take-1.wav", folder / "zz-copy.wav")
    soundfile.write(folder / "short.wav", take[: RATE // 2], RATE)
    return folder


def test_the_mixed_folder_is_prepared_from_what_is_good(mixed_folder, tmp_path):
    said = []
    dataset = prepare(mixed_folder, RECIPE, tmp_path / "cache", say=said.append)
    good = {"take-1.wav", "more/take-2.flac", "take-3.ogg", "whole.mp3"}
    assert {source.file for source in dataset.sources} == good
    seconds = {source.file: source.seconds for source in dataset.sources}
    assert seconds["more/take-2.flac"] == pytest.approx(seconds["take-1.wav"], abs=0.01)
    assert all(source.assessment.trusted > 0.9 for source in dataset.sources)
    reasons = {item.file: item.reason for item in dataset.left_out}
    expected = {
        "corrupt.mp3": "cannot be read as audio",
        "silent.wav": "is silent",
        "drums.wav": "clear single pitch",
        "notes.txt": "not an audio file",
        "text.wav": "cannot be read as audio",
        "zz-copy.wav": "same as take-1.wav",
        "short.wav": "shorter than 2 s",
    }
    assert set(reasons) == set(expected)
    for file, reason in expected.items():
        assert reason in reasons[file], file
        line = next(line for line in said if line.startswith(f"left out: {file}: "))
        assert "\n" not in line and str(mixed_folder) not in line
    assert dataset.summary["usable_minutes"] > 0.5


def test_a_second_preparation_finds_the_same(mixed_folder, tmp_path):
    first, second = [], []
    prepare(mixed_folder, RECIPE, tmp_path / "cache", say=first.append)
    prepare(mixed_folder, RECIPE, tmp_path / "cache", say=second.append)
    assert sorted(first[1:]) == sorted(second) and len(second) == 7


def test_a_folder_without_usable_files_is_one_error(tmp_path):
    soundfile.write(tmp_path / "drums.wav", drum_loop(), RATE)
    said = []
    with pytest.raises(UserError, match="none of its 1 audio files"):
        prepare(tmp_path, RECIPE, tmp_path / "cache", say=said.append)
    assert any("drums.wav" in line for line in said)


def test_run_folders_links_and_skipped_files_are_passed_over(mixed_folder, tmp_path):
    folder = tmp_path / "in"
    shutil.copytree(mixed_folder, folder)
    for name in ("runs/a", "cache"):
        (folder / name).mkdir(parents=True)
        shutil.copy(folder / "take-1.wav", folder / name / "sample.wav")
    (folder / "runs/a/checkpoint.pt").write_bytes(b"")
    (folder / "loop").symlink_to(folder)
    files, left = sources.find(folder, ("take-3*",), (folder / "cache",))
    names = {str(path.relative_to(folder)) for path in files}
    assert "take-1.wav" in names and "more/take-2.flac" in names
    assert not any("sample" in name or "loop" in name or "hidden" in name for name in names)
    assert {item.file for item in left} == {"take-3.ogg", "notes.txt"}


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")
def test_m4a_is_read_by_ffmpeg_and_needs_it(mixed_folder, tmp_path, monkeypatch):
    folder = tmp_path / "in"
    folder.mkdir()
    command = ["ffmpeg", "-v", "error", "-i", str(mixed_folder / "take-1.wav")]
    subprocess.run([*command, str(folder / "take.m4a")], check=True)
    (folder / "bad.m4a").write_bytes(b"no sound at all")
    # A playlist in disguise may not make ffmpeg read what it names.
    (folder / "list.m4a").write_text(f"#EXTM3U\n#EXTINF:1,\n{mixed_folder / 'take-1.wav'}\n")
    heard = {
        path.name: sources.read_and_assess(path, path.name, RATE, RECIPE)
        for path in sources.find(folder)[0]
    }
    good = heard["take.m4a"]
    assert good.audio is not None and good.assessment.trusted > 0.9
    assert len(good.audio) == pytest.approx(len(melody(3)), rel=0.01)
    for name in ("bad.m4a", "list.m4a"):
        assert heard[name].audio is None and "cannot be read" in heard[name].reason
    monkeypatch.setenv("PATH", str(tmp_path))
    reason = sources.read_and_assess(folder / "take.m4a", "take.m4a", RATE, RECIPE).reason
    assert "apt install ffmpeg" in reason


def test_a_range_that_fits_nothing_leaves_all_out(mixed_folder, tmp_path):
    piccolo = replace(RECIPE, lowest_hz=1500.0, highest_hz=2000.0)
    with pytest.raises(UserError, match="can be trained on"):
        prepare(mixed_folder, piccolo, tmp_path / "cache", say=lambda _: None)
