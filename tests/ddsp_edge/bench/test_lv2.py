"""The benchmark of the plug-in measures instances that sound, and says what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from lv2_host import built_plugin

from ddsp_edge.bench import lv2, table
from ddsp_edge.bench.lv2 import FAT1, LIVE, NotMeasured, Subject

EFFECT = Subject("effect", "urn:ddsp-edge:effect", 0)
INSTRUMENT = Subject("instrument", "urn:ddsp-edge:instrument", 1)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return lv2.built_host(tmp_path_factory.mktemp("lv2-cost"))
    except NotMeasured as reason:
        pytest.skip(str(reason))


def test_what_is_measured_sounds(host: Path) -> None:
    path = built_plugin()
    levels = {}
    for keys in (0, 1, 4):
        subject = replace(INSTRUMENT if keys else EFFECT, keys=keys, options=("voices=4",))
        took_s, levels[keys] = lv2.played(host, path, subject, 0.1)
        assert took_s > 0 and levels[keys] > 0.01
    assert levels[4] > 1.2 * levels[1], "all keys are held"


def test_one_that_is_silent_is_no_figure(host: Path) -> None:
    bypassed = replace(INSTRUMENT, options=("enabled=0",))
    with pytest.raises(NotMeasured, match="it plays nothing"):
        lv2.seconds_of(host, built_plugin(), bypassed, 0.1)


def test_one_that_is_not_installed_names_its_package(host: Path, tmp_path: Path) -> None:
    stranger = Subject("stranger", "urn:ddsp-edge-tests:nobody", 0, "stranger-plugins")
    with pytest.raises(NotMeasured, match="not installed: apt-get install stranger-plugins"):
        lv2.seconds_of(host, tmp_path, stranger)


def test_each_is_beside_the_peers_of_its_kind() -> None:
    best = {"effect": 0.005, f"{LIVE}: effect": 0.01, f"{FAT1}: effect": 0.0025}
    best["instrument, 4 keys"] = 0.02
    effect_live, effect_fat1, instrument = lv2._beside(best)
    assert (effect_live.against, effect_live.ratio, effect_live.value) == (LIVE, 2.0, 200.0)
    assert (effect_fat1.against, effect_fat1.ratio) == (FAT1, 0.5)
    assert instrument.name == "LV2 instrument, an instance, 4 keys" and instrument.ratio is None


def test_the_tables_say_what_is_left_out() -> None:
    found = {
        "processor": "Abacus",
        "python": "3",
        "date": "2026-11-29",
        "commit": "",
        "peers": {},
        "results": {"lv2": lv2._beside({"effect": 0.01})},
        "left_out": {"lv2": ["fat1.lv2: it is not installed"]},
    }
    assert "  left out: fat1.lv2: it is not installed" in table.lines(found)
    assert "\nLeft out: fat1.lv2: it is not installed.\n" in table.markdown(found)
