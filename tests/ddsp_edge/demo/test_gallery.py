"""``ddsp-edge demo --all``: what is there is rendered and shown, what is not is said."""

import html.parser
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_decoder import tiny_bundle, vst_file

from ddsp_edge import cli
from ddsp_edge.bundles.bundle import read_bundle, write_bundle
from ddsp_edge.demo import PIANO, TUNE, VOICE, gallery, piano
from ddsp_edge.demo.gallery import GalleryInstrument, GalleryItem, fitted
from ddsp_edge.demo.page import check_page, page
from ddsp_edge.demo.tune import phrase_for
from ddsp_edge.library import catalog
from ddsp_edge.library.catalog import find_model
from ddsp_edge.system.fluidsynth import FONT

VOID = {"meta", "link", "img", "br", "hr", "input", "source"}


class Page(html.parser.HTMLParser):
    """Every tag closed in order; what it refers to, its ids and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.without_alt = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.references += [given[key] for key in ("src", "href", "poster") if key in given]
        self.ids += [given["id"]] if "id" in given else []
        self.without_alt += tag == "img" and not given.get("alt")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text += data


def check(text: str, folder: Path) -> Page:
    """The page is well formed, complete and refers to nothing outside its folder."""
    found = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert (found.open, found.wrong, found.without_alt) == ([], [], 0)
    assert len(set(found.ids)) == len(found.ids)
    assert not set(found.tags) & {"script", "iframe", "link", "object"}
    assert "@import" not in text and "url(" not in text
    for reference in found.references:
        if reference.startswith("#"):
            assert reference[1:] in found.ids, reference
        else:
            assert "/" not in reference and ":" not in reference, reference
            assert (folder / reference).stat().st_size > 0, reference
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The whole command on the two oldest of the shipped models."""
    folder, shipped = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("shipped")
    for name in ("violin", "cello"):
        shutil.copy(catalog.shipped_folder() / f"{name}.zip", shipped)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "shipped_folder", lambda: shipped)
        patch.setenv("DDSP_EDGE_MODELS", str(folder / "none"))
        assert cli.main(["demo", "--all", "--out", str(folder)]) == 0
    return folder


def test_another_page_is_not_replaced(tmp_path, capsys):
    (tmp_path / "index.html").write_text("<title>My band</title>")
    assert cli.main(["demo", "--all", "--no-picture", "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and "index.html: is there already, and another page" in said[0]
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    (tmp_path / "index.html").write_text(page([], []))
    check_page(tmp_path)


def test_the_page_is_whole_and_stands_alone(made):
    found = check((made / "index.html").read_text(encoding="utf-8"), made)
    for words in (
        "A piano line as a cello",
        "A sung voice as a flute",
        "the flute is not installed here",
        "the trumpet is not installed here",
        "A MIDI tune on the violin",
        "A phrase on the cello",
        "median f0 error",
        "loudness correlation",
        "faster than real time",
        "CC BY 3.0",
        "Brahms, Wiegenlied",
        "held-out loss",
    ):
        assert words in found.text, words
    assert found.tags.count("audio") == 2 * 2 + 2 + 2 + 2  # in and out, tunes, phrases, previews


def test_every_sound_is_there_and_sounds(made):
    sounds = {p.stem for p in made.glob("*.wav") if not p.name.startswith("compare-")}
    assert sounds == {"piano-as-cello", "voice-as-violin", "tune-on-violin", "tune-on-cello",
                      "phrase-violin", "phrase-cello"}  # fmt: skip
    for name in sounds:
        audio, rate = soundfile.read(made / f"{name}.wav")
        assert rate == 48_000 and 0.05 < np.abs(audio).max() <= 1.0
        assert (made / f"{name}.png").stat().st_size > 50_000


def test_the_tune_is_there_side_by_side(made):
    page = (made / "index.html").read_text(encoding="utf-8")
    assert '<a href="compare.html">Side by side</a>' in page
    beside = (made / "compare.html").read_text(encoding="utf-8")
    assert 'src="compare-ours.wav"' in beside and 'src="compare-ours.png"' in beside
    audio, rate = soundfile.read(made / "compare-ours.wav")
    assert rate == 48_000 and 0.05 < np.abs(audio).max() <= 1.0


def test_the_json_output_has_the_same_figures(tmp_path, capsys, models_folder, monkeypatch):
    monkeypatch.setattr(catalog, "shipped_folder", lambda: tmp_path / "none")
    monkeypatch.setattr(gallery, "GALLERY", gallery.GALLERY[:1])
    words = ["demo", "--all", "--json", "--no-picture", "--out", str(tmp_path / "out")]
    assert cli.main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(p["name"], p["out"], p["problem"]) for p in said["pieces"]] == [
        ("voice-as-flute", None, "the flute is not installed here")
    ]
    check(Path(said["page"]).read_text(encoding="utf-8"), tmp_path / "out")


def test_every_instrument_plays_its_phrase_within_the_limits(tmp_path, models_folder, monkeypatch):
    monkeypatch.setattr(gallery, "GALLERY", ())
    models = gallery.instruments(tmp_path)
    assert len(models) == len(list(catalog.shipped_folder().glob("*.zip"))) >= 12
    pieces = gallery.make(tmp_path, models, pictures=False)
    missed = [f"{p.entry.title}: {f}" for p in pieces for f in p.judged if not f.met]
    assert missed == [] and all(piece.met for piece in pieces)


def test_octaves_are_chosen_to_fit():
    violin, cello = (find_model(name).info for name in ("violin", "cello"))
    assert fitted(VOICE, violin).pitch_shift == 0
    assert fitted(PIANO, cello).pitch_shift == 0
    assert fitted(TUNE, cello).pitch_shift == 0
    tune = fitted(TUNE, violin)
    assert tune.pitch_shift == 12 and tune.input_gain == 0
    assert fitted(VOICE, violin).input_gain != 0


def test_text_from_a_model_is_escaped_on_the_page(models_folder, tmp_path):
    models_folder.mkdir()
    card = '# X\n```json\n{"measured": 3}\n```\n<script>alert(1)</script>'
    evil = tiny_bundle(name="<b>Evil", attribution='"><script src="http://x.y/z.js">')
    write_bundle(models_folder / "evil.zip", type(evil)(evil.info, evil.model, card))
    (models_folder / "horn.tflite").write_bytes(vst_file())
    (models_folder / "broken.zip").write_text("nonsense")
    models = gallery.instruments(tmp_path)
    names = [model.name for model in models]
    assert {"evil", "horn", "violin", "cello"} <= set(names) and "broken" not in names
    pieces = [GalleryItem(gallery.GALLERY[0], "<script>no model</script>")]
    found = check(page(pieces, models), tmp_path)
    assert "<b>Evil" in found.text and "<script>no model</script>" in found.text


def test_a_bundle_s_picture_is_shown():
    bundle = read_bundle(catalog.shipped_folder() / "cello.zip")
    assert bundle.picture
    from ddsp_edge.demo.page import _model

    shown = _model(GalleryInstrument("cello", bundle, "p.ogg", "cello-model.png", "c.md"))
    assert 'src="cello-model.png"' in shown and "held-out loss" in shown


@pytest.mark.parametrize(("low", "high"), [(38.0, 62.0), (55.0, 86.0), (20.0, 24.0), (110, 127)])
def test_a_phrase_lies_in_the_middle_of_a_range(low, high):
    keys = [m.note for m in phrase_for(low, high).tracks[0] if m.type == "note_on"]
    assert min(keys) >= 0 and max(keys) <= 127 and len(keys) == 9
    assert abs((min(keys) + max(keys)) / 2 - (low + high) / 2) <= 4.5


def test_the_piano_is_what_its_maker_plays():
    if shutil.which("fluidsynth") is None or not FONT.exists():
        pytest.skip("apt: fluidsynth fluid-soundfont-gm")
    ours, rate = soundfile.read(PIANO, dtype="float32")
    again = piano.play()
    assert rate == piano.RATE and len(ours) == len(again)
    assert np.abs(ours - again).max() < 1e-3


def test_the_piano_plays_one_key_at_a_time():
    down = 0
    for message in piano.score():
        down += {"note_on": 1, "note_off": -1}.get(message.type, 0)
        assert down in (0, 1)
    assert 10 < piano.score().length < 20
