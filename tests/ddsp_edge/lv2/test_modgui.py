"""MOD's drawn interface: its files are there and named, and it shows the trained range."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lv2_host import built_plugin
from lv2_modgui import CHROMIUM, chromium, page

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.library.folders import shipped_folder
from ddsp_edge.lv2.folder import export
from ddsp_edge.lv2.generate import FOLDER
from ddsp_edge.lv2.model_file import model_bytes, model_range
from ddsp_edge.lv2.modgui import SCRIPT, description, icon, knobs
from ddsp_edge.lv2.ports import EFFECT, METERS, PLUGINS, Plugin


def test_every_file_that_is_named_is_built() -> None:
    folder = built_plugin() / "ddsp-edge.lv2"
    named = set(re.findall(r"<(modgui/[^>]+)>", description()))
    assert len(named) == 8
    there = {str(path.relative_to(folder)) for path in (folder / "modgui").iterdir()}
    assert there == named, "each is named, and each that is named is there"
    for name in named:
        if name.endswith(".png"):
            assert (folder / name).read_bytes().startswith(b"\x89PNG"), name
    manifest = (folder / "manifest.ttl").read_text()
    assert manifest.count("<modgui.ttl>") == len(PLUGINS)
    assert (folder / "modgui.ttl").read_text() == description()


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_each_knob_is_a_port_of_the_plugin(plugin: Plugin) -> None:
    symbols = {port.symbol for port in plugin.ports}
    turned = re.findall(r'mod-role="input-control-port" mod-port-symbol="(\w+)"', icon(plugin))
    assert turned == [port.symbol for port in knobs(plugin)] and set(turned) <= symbols
    for symbol in turned:
        assert f'lv2:symbol "{symbol}"' in (FOLDER / f"{plugin.name}.ttl").read_text()


def test_the_range_of_a_file_is_the_bundles() -> None:
    bundle = read_bundle(shipped_folder() / "flute.zip")
    found = model_range(model_bytes(bundle))
    assert found.name == bundle.info.name
    assert found.notes[0] == pytest.approx(bundle.info.min_pitch_note, abs=0.01)
    assert found.notes[1] == pytest.approx(bundle.info.max_pitch_note, abs=0.01)
    assert found.loudness_db == pytest.approx(bundle.info.note_loudness_db)
    with pytest.raises(ValueError, match="no model"):
        model_range(b"PK")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As in the plug-in's, with two models, one of whose names is rude."""
    folder = tmp_path_factory.mktemp("modgui") / "ddsp-edge.lv2"
    (folder / "modgui").mkdir(parents=True)
    for path in (FOLDER / "modgui").iterdir():
        (folder / "modgui" / path.name).write_bytes(path.read_bytes())
    (folder / "ddsp-edge.so").touch()
    names = ("violin", "flute")
    export([(name, read_bundle(shipped_folder() / f"{name}.zip")) for name in names], folder)
    data = (folder / "models" / "flute.ddspw").read_bytes()
    rude = data.replace(b"Flute", b"</s>\\")
    assert rude != data
    (folder / "models" / "rude.ddspw").write_bytes(rude)
    export([], folder)
    return folder


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium: apt-get install chromium")
@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("", "Violin, G3 to "),
        ("/root/.lv2/x/flute.ddspw", "Flute, "),
        ("rude.ddspw", "&lt;/s&gt;\\, "),
        ("constructor.ddspw", "constructor"),
    ],
)
def test_it_shows_where_the_model_was_trained(
    folder: Path, tmp_path: Path, model: str, shown: str
) -> None:
    seen = chromium(page(folder, EFFECT, model), tmp_path, "--dump-dom")
    picture = seen.partition('class="ddsp-range">')[2].partition("</div>")[0]
    assert f">{shown}" in picture
    assert picture.count("<rect") == (0 if "constructor" in model else 1)


def place_of_point(seen: str) -> dict[str, str]:
    style = seen.partition('class="ddsp-point" style="')[2].partition('"')[0]
    return dict(each.strip().split(": ") for each in style.split(";") if each.strip())


@pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium: apt-get install chromium")
def test_the_point_is_where_the_outputs_say(folder: Path, tmp_path: Path) -> None:
    """At a corner of the region, with its notes and loudness; in silence there is none."""
    trained = model_range((folder / "models" / "violin.ddspw").read_bytes())
    corner = {"pitch": trained.notes[0], "loudness": trained.loudness_db[1]}
    seen = chromium(page(folder, EFFECT, "", corner), tmp_path, "--dump-dom")
    region = dict(re.findall(r'(\w+)="([\d.]+)"', seen.partition("<rect")[2].partition(">")[0]))
    point = place_of_point(seen)
    assert point["display"] == "block"
    assert float(point["left"].removesuffix("px")) == pytest.approx(float(region["x"]), abs=0.1)
    assert float(point["top"].removesuffix("px")) == pytest.approx(float(region["y"]), abs=0.1)
    silence = page(folder, EFFECT, "", {"pitch": 0, "loudness": -80})
    assert place_of_point(chromium(silence, tmp_path, "--dump-dom"))["display"] == "none"


def test_every_output_is_named_for_mods_page() -> None:
    """It tells the script no others."""
    listed = re.findall(r"modgui:monitoredOutputs (.*) ;", description())
    assert len(listed) == len(PLUGINS)
    for plugin, line in zip(PLUGINS, listed, strict=True):
        named = re.findall(r'lv2:symbol "(\w+)"', line)
        assert named == [meter.symbol for meter in METERS]
        text = (FOLDER / f"{plugin.name}.ttl").read_text()
        for symbol in named:
            block = next(each for each in text.split("    ] ") if f'lv2:symbol "{symbol}"' in each)
            assert "a lv2:OutputPort , lv2:ControlPort" in block


def test_the_script_of_the_sources_knows_no_model() -> None:
    assert "var RANGES = {};" in (FOLDER / SCRIPT).read_text()
