import builtins

import numpy as np
import pytest

from ddsp_edge.demo import TUNE, VOICE
from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import check_picture, draw, note_name
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
