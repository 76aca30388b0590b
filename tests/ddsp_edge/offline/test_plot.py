import builtins
import contextlib
import os
import resource

import numpy as np
import pytest

from ddsp_edge.demo import TUNE, VOICE
from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import check_picture, draw, note_name, save_figure
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings

plt = pytest.importorskip("matplotlib.pyplot", reason="the picture extra is not installed")


@pytest.mark.parametrize("source", [VOICE, TUNE], ids=["audio", "midi"])
def test_draws_what_happened(source, tiny_path, tmp_path):
    report = render(source, tiny_path)
    draw(report, tmp_path / "a.png")
    image = plt.imread(tmp_path / "a.png")
    assert image.shape[:2] == (1000, 1600)
    assert image[..., :3].std() > 0.1
    draw(report, tmp_path / "again.png")
    assert np.array_equal(image, plt.imread(tmp_path / "again.png"))


def test_each_voice_has_its_own_line(tiny_path, tmp_path):
    from ddsp_edge.offline.plot import _tracks

    report = render(TUNE, tiny_path, settings=Settings(voices=3))
    times, f0, loudness = _tracks(report)
    gaps = np.flatnonzero(np.isnan(times))
    assert len(gaps) == 2 and np.isnan(f0[gaps]).all() and np.isnan(loudness[gaps]).all()
    assert all(np.all(np.diff(part) > 0) for part in np.split(times, gaps)[:1])
    assert len(times) == len(report.frames) + 2
    draw(report, tmp_path / "a.png")


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg", "PNG"])
def test_a_full_disk_leaves_no_half_picture(suffix, tmp_path, capfd):
    figure, axis = plt.subplots()
    axis.plot(np.random.default_rng(1).normal(size=5000))
    kept = tmp_path / f"kept.{suffix}"
    save_figure(figure, kept)
    whole = kept.read_bytes()
    with full_after(len(whole) // 2):
        for path in (kept, tmp_path / f"new.{suffix}"):
            with pytest.raises(UserError, match=f"^{path}: cannot be written ") as caught:
                save_figure(figure, path)
            assert "\n" not in str(caught.value)
    (tmp_path / f"full.{suffix}").symlink_to("/dev/full")
    with pytest.raises(UserError, match=r"cannot be written \(No space left on device\)"):
        save_figure(figure, tmp_path / f"full.{suffix}")
    plt.close(figure)
    assert kept.read_bytes() == whole
    assert sorted(os.listdir(tmp_path)) == [f"full.{suffix}", f"kept.{suffix}"]
    assert capfd.readouterr().err == ""


@contextlib.contextmanager
def full_after(size):
    """No file may grow beyond ``size`` bytes: writing fails in the middle, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_note_names():
    assert [note_name(n) for n in (60, 69, 0, 61)] == ["C4", "A4", "C-1", "C#4"]


def test_bad_names_and_a_missing_matplotlib(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="a picture is"):
        check_picture(tmp_path / "a.wav")
    with pytest.raises(UserError, match="does not exist"):
        check_picture(tmp_path / "no" / "a.png")
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UserError, match=r"pip install 'ddsp-edge\[picture\]'"):
        check_picture(tmp_path / "a.png")
