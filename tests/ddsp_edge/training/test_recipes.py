"""The recipes, the shipped bundles and NOTICE speak of the same instruments."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.training.recipes import MARKS_DB, RECIPES, Recipe

ROOT = Path(__file__).resolve().parents[3]
MODELS = ROOT / "ddsp_edge" / "models"


def test_each_recipe_ships_and_each_shipped_model_has_a_recipe() -> None:
    assert {path.stem for path in MODELS.glob("*.zip")} == set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_the_bundle_and_the_notice_name_licence_and_source(name: str) -> None:
    recipe, info = RECIPES[name], read_bundle(MODELS / f"{name}.zip").info
    assert (info.name, info.licence) == (recipe.name, recipe.licence)
    # Without the command in brackets: a module may move after the bundle was made.
    assert info.attribution.split(" (")[0] == recipe.attribution.split(" (")[0]
    (entry,) = re.findall(
        rf"^ddsp_edge/models/{name}\.zip\n((?: {{4}}.+\n)+)", (ROOT / "NOTICE").read_text(), re.M
    )
    assert recipe.licence in " ".join(entry.split())


def test_a_room_is_a_subfolder_or_what_the_recipe_says() -> None:
    phrases = Recipe("Toy", "toy", False, 100.0, 900.0, "CC0", "nobody", rooms=("hall",))
    assert phrases.room_of("hall_1.flac") == phrases.room_of("hall/2.flac") == "hall"
    assert phrases.room_of("studio/take 1/a.flac") == "studio/take 1"
    assert phrases.room_of("a.flac") == ""
    notes = Recipe("Toy", "toy", True, 100.0, 900.0, "CC0", "nobody", rooms=("hall",))
    assert notes.room_of("hall_1.flac") == ""  # phrases are made of notes of all of them
    violin = RECIPES["violin"]
    assert violin.room_of("john-garner_bwv1002_mov7.mp3") == "john-garner"
    assert violin.room_of("minji-kim_bwv1003_mov3.opus") == "minji-kim"


def test_recordings_that_were_evened_out_are_as_loud_as_their_mark_says() -> None:
    recipe = Recipe("Toy", "toy", True, 100.0, 900.0, "CC0", "nobody", evened_out=True)
    assert recipe.level_db("toy_A3_1_pianissimo_normal.mp3") == -25.0
    assert recipe.level_db("low/toy_A3_15_mezzo-forte_normal.mp3") == -10.0
    assert recipe.level_db("piano.mp3") == MARKS_DB["piano"]
    # A swell begins and ends soft by itself; other words are no marks.
    assert recipe.level_db("toy_A3_very-long_cresc-decresc_normal.mp3") == 0.0
    assert recipe.level_db("fortepiano_A3.wav") == 0.0
    assert RECIPES["cello"].level_db("sus_A3_piano.wav") == 0.0  # as it was recorded
    assert list(MARKS_DB.values()) == sorted(MARKS_DB.values())
