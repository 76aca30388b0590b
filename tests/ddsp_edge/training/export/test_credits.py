"""Credits in bundles are those of the recipes, and name what exists."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_decoder import tiny_bundle

from ddsp_edge.bundles.bundle import read_bundle, write_bundle
from ddsp_edge.training.export.credits import main
from ddsp_edge.training.recipes import RECIPES

SHIPPED = sorted((Path(__file__).parents[4] / "ddsp_edge/models").glob("*.zip"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_bundle_has_its_recipes_credits(path: Path) -> None:
    bundle, recipe = read_bundle(path), RECIPES[path.stem]
    assert (bundle.info.attribution, bundle.info.licence) == (recipe.attribution, recipe.licence)
    assert recipe.attribution in bundle.card
    for module in re.findall(r"python -m ([\w.]+)", bundle.card):
        assert importlib.util.find_spec(module), module


def test_credits_are_renewed_once_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cello.zip"
    old = tiny_bundle()
    info = replace(old.info, attribution="Trained on old words", licence="CC0")
    card = "# Cello\n\nTrained on old words.\nLicence: CC0.\n"
    written = write_bundle(path, replace(old, info=info, card=card))
    assert main([str(path)]) == 0
    new, recipe = read_bundle(path), RECIPES["cello"]
    assert new.card == f"# Cello\n\n{recipe.attribution}.\nLicence: {recipe.licence}.\n"
    assert new.info == replace(info, attribution=recipe.attribution, licence=recipe.licence)
    assert (new.model, new.preview) == (written.model, written.preview)
    data = path.read_bytes()
    assert main([str(path)]) == 0
    assert path.read_bytes() == data
    assert capsys.readouterr().out.splitlines() == [
        f"{path}: credits renewed",
        f"{path}: credits are as they were",
    ]


@pytest.mark.parametrize(("name", "said"), [("kazoo", "no recipe"), ("cello", "does not say")])
def test_what_cannot_be_renewed_is_left(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"{name}.zip"
    write_bundle(path, replace(tiny_bundle(), card="# Another\n"))
    data = path.read_bytes()
    assert main([str(path)]) == 2
    assert said in capsys.readouterr().err
    assert path.read_bytes() == data
