"""The plug-in's description follows the table of settings, and hosts' validators accept it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.library.folders import shipped_folder
from ddsp_edge.lv2.folder import export, found_presets
from ddsp_edge.lv2.generate import FOLDER, generated
from ddsp_edge.lv2.ports import EFFECT, INSTRUMENT, LEFT_OUT, PLUGINS, Plugin, kind_of
from ddsp_edge.lv2.turtle import BINARY, FactoryPreset, description, manifest, presets_file
from ddsp_edge.settings import SETTINGS, Choice


@pytest.mark.parametrize("name", sorted(generated()))
def test_the_generated_files_are_those_of_the_settings(name: str) -> None:
    """If not: python -m ddsp_edge.lv2.generate."""
    assert (FOLDER / name).read_text(encoding="utf-8") == generated()[name]


def test_every_setting_has_a_port_and_both_plugins_have_the_common_ones() -> None:
    of_effect = {port.symbol for port in EFFECT.ports}
    of_instrument = {port.symbol for port in INSTRUMENT.ports}
    assert of_effect | of_instrument == set(SETTINGS) - set(LEFT_OUT)
    common = {name for name, setting in SETTINGS.items() if not kind_of(setting.doc)}
    assert of_effect & of_instrument == common


@pytest.mark.parametrize("plugin", PLUGINS, ids=["effect", "instrument"])
def test_the_turtle_says_of_each_setting_what_the_table_says(plugin: Plugin) -> None:
    text = description(plugin)
    blocks = {
        m[1]: m[0]
        for m in re.finditer(r'\[\n(?:(?!\n    \]).)*?lv2:symbol "(\w+)".*?\n    \]', text, re.S)
    }
    indices = [int(x) for x in re.findall(r"lv2:index (\d+)", text)]
    assert indices == list(range(len(indices)))
    for port in plugin.ports:
        block, setting = blocks[port.symbol], SETTINGS[port.symbol]
        said = {
            key: float(x) for key, x in re.findall(r"lv2:(minimum|maximum|default) (\S+)", block)
        }
        assert said == {
            "minimum": pytest.approx(port.minimum),
            "maximum": pytest.approx(port.maximum),
            "default": pytest.approx(port.default),
        }
        labels = re.findall(r'rdfs:label "([^"]*)"', block)
        assert labels == list(setting.choices if isinstance(setting, Choice) else ())
        assert ("units:unit" in block) == bool(getattr(setting, "unit", ""))
        assert "pg:group" in block


def test_presets_are_escaped() -> None:
    presets = [FactoryPreset('a "b\\c"\n', "models/x y>.ddspw")]
    text = presets_file(presets)
    assert '"a \\"b\\\\c\\" "' in text
    assert "<models/x%20y%3E.ddspw>" in text
    assert "urn:ddsp-edge:preset:effect:x_y_" in manifest(presets)


def test_export_writes_models_presets_and_the_manifest(tmp_path: Path) -> None:
    violin = read_bundle(shipped_folder() / "violin.zip")
    own = tmp_path / "mine.lv2"
    written = export([("violin", violin)], own)
    assert written == [own / "models" / "violin.ddspw"]
    assert [preset.name for preset in found_presets(own)] == [violin.info.name]
    assert "lv2:binary" not in (own / "manifest.ttl").read_text()
    (own / BINARY).write_bytes(b"")
    export([("again", violin)], own)
    assert "lv2:binary" in (own / "manifest.ttl").read_text()
    assert len(found_presets(own)) == 2
    (own / "models" / "bad.ddspw").write_bytes(b"PK")
    with pytest.raises(UserError, match=r"bad\.ddspw"):
        export([], own)
    with pytest.raises(UserError, match=r"name it X\.lv2"):
        export([], tmp_path / "mine")


def specifications(folder: Path) -> list[Path]:
    """LV2's own description of what our files speak of, without installed plug-ins' files."""
    named = [
        path.parent
        for path in sorted(folder.glob("*/manifest.ttl"))
        if re.search(r"lv2:Specification|owl:Ontology", path.read_text(errors="replace"))
    ]
    return [path for each in named for path in sorted(each.glob("*.ttl"))]


def test_the_validator_finds_nothing(tmp_path: Path) -> None:
    schemas = specifications(Path("/usr/lib/lv2"))
    if shutil.which("sord_validate") is None or not schemas:
        pytest.skip("no sord_validate or LV2's own schemas: apt-get install sordi lv2-dev")
    schemas.append(Path(__file__).resolve().parents[2] / "lv2" / "mod_vocabulary.ttl")
    folder = tmp_path / "ddsp-edge.lv2"
    folder.mkdir()
    for name, text in generated().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / BINARY).write_bytes(b"")
    export([("violin", read_bundle(shipped_folder() / "violin.zip"))], folder)
    files = [*map(str, schemas), *map(str, folder.glob("*.ttl"))]
    done = subprocess.run(["sord_validate", *files], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Found 0 errors" in done.stdout + done.stderr
    broken = folder / "effect.ttl"
    broken.write_text(broken.read_text().replace('lv2:symbol "pan" ;', "", 1))
    done = subprocess.run(["sord_validate", *files], capture_output=True, text=True, timeout=120)
    assert "Found 0 errors" not in done.stdout + done.stderr  # it would have been seen
