import io
import json

import numpy as np
import pytest
import soundfile
from made_recordings import RATE, in_a_room, melody, tone

from ddsp_edge.errors import UserError
from ddsp_edge.training.data.dataset import prepare
from ddsp_edge.training.data.recordings_report import report
from ddsp_edge.training.data.sources import Source
from ddsp_edge.training.recipes import Recipe

RECIPE = Recipe("Mixed", "mixed", False, 70.0, 1000.0, "CC0 1.0", "made by the test")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("takes")
    soundfile.write(folder / "clean.wav", melody(4), RATE)
    soundfile.write(folder / "chords $1.wav", tone(330, 8.0) + tone(412.5, 8.0), RATE)
    soundfile.write(folder / "church.wav", 0.7 * in_a_room(melody(2), 3.0), RATE)
    # A stereo file whose channels cancel, and whose name does not tell that it is one.
    turned = melody(1)[:, None] * [0.9, -1.0]
    soundfile.write(folder / "from the phone", turned, RATE, format="WAV")
    (folder / "readme.txt").write_text("hello")
    return prepare(folder, RECIPE, tmp_path_factory.mktemp("run") / "cache", say=lambda _: None)


def test_the_summary_is_printed_and_the_report_written(dataset, tmp_path):
    said = []
    found = report(dataset, tmp_path / "run", say=said.append, least_minutes=0.2)
    assert said[0].startswith("1.3 minutes in 4 files"), said[0]
    assert any("usable minutes are few" in line for line in said)
    assert any("chords $1.wav: more than one note at once" in line for line in said)
    assert any("church.wav: reverberant" in line for line in said)
    assert not any("clean.wav" in line for line in said)
    written = json.loads((tmp_path / "run" / "report.json").read_text())
    assert written["usable_minutes"] == pytest.approx(found.usable_minutes)
    assert [item["file"] for item in written["left_out"]] == ["readme.txt"]
    clean = next(item for item in written["files"] if item["file"] == "clean.wav")
    assert clean["warnings"] == [] and 0.9 < clean["trusted"] <= 1.0
    assert 70 < written["lowest_hz"] < 250 and 400 < written["highest_hz"] < 700


def test_the_channel_that_is_taken_is_said(dataset, tmp_path):
    said = []
    found = report(dataset, tmp_path / "run", say=said.append, least_minutes=0.2)
    taken = "channel 2, the loudest, is taken"
    assert any(line.startswith("warning: from the phone: ") and taken in line for line in said)
    item = next(item for item in found.files if item["file"] == "from the phone")
    assert taken in item["warnings"][0] and item["trusted"] > 0.9
    # It is in the cache too: the second run says it again.
    source = next(s for s in dataset.sources if s.file == "from the phone")
    assert Source.of(json.loads(json.dumps(source.as_dict()))) == source


def test_the_plot_of_the_report_is_a_png(dataset, tmp_path):
    import matplotlib.image

    report(dataset, tmp_path, say=lambda _: None, least_minutes=0)
    page = matplotlib.image.imread(io.BytesIO((tmp_path / "report.png").read_bytes()))
    assert page.shape[0] > 900 and page.shape[1] > 900
    assert np.ptp(page[..., :3]) > 0.9
    # Drawn anew only where the recordings have changed, or it is gone.
    (tmp_path / "report.png").write_bytes(b"drawn before")
    report(dataset, tmp_path, say=lambda _: None, least_minutes=0)
    assert (tmp_path / "report.png").read_bytes() == b"drawn before"
    (tmp_path / "report.json").write_text("{}")
    report(dataset, tmp_path, say=lambda _: None, least_minutes=0)
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")


def test_too_little_material_is_reported_then_refused(dataset, tmp_path):
    said = []
    with pytest.raises(UserError, match=r"only 0\.\d minutes .* at least 2 are needed"):
        report(dataset, tmp_path, say=said.append)
    assert (tmp_path / "report.json").exists() and len(said) > 2
