"""The parts of a band on the box: changed, saved with presets, chosen by program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from live_pump import Pump

from ddsp_edge.errors import UserError
from ddsp_edge.live.engine import LiveEngine
from firmware_py.band import BandEditor
from firmware_py.config import Config, InstrumentConfig
from firmware_py.notices import Notices
from firmware_py.playback import Playback
from firmware_py.preset_editor import PresetEditor


class Box:
    def __init__(self, engine: LiveEngine, folder: Path) -> None:
        config = Config(instrument=InstrumentConfig(source="synth", state=str(folder / "state")))
        self.engine, self.pump = engine, Pump(engine)
        self.notices = Notices(engine.publish)
        self.playback = Playback(engine, config, self.notices, lambda mappings: None)
        self.band = BandEditor(self.playback, config.instrument.voices)
        self.editor = PresetEditor(self.playback)

    def do(self, verb: str, *arguments: Any) -> Any:
        """A method of the band or of playback, and the time in which its cross-fade ends."""
        home = self.band if hasattr(self.band, verb) else self.playback
        answer = getattr(home, verb)(*arguments)
        self.pump.run(0.3)
        return answer

    @property
    def models(self) -> list[str]:
        return [row["plays"] for row in self.band.rows()["parts"]]

    @property
    def playing(self) -> int:
        return int(self.engine.stats()["rig"]["parts"])


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with LiveEngine(None, "synth") as engine:
        box = Box(engine, tmp_path)
        box.do("play_model", "violin")
        yield box


def test_a_band_grows_from_what_plays_and_shrinks_to_it(box: Box) -> None:
    assert box.band.rows() == {"parts": [], "most": 16, "voices": 16}
    answer = box.do("add", {"model": "flute", "key_low": 60})
    assert box.models == ["violin", "flute"] and box.playing == 2
    assert answer["parts"][1] == {
        "number": 2,
        "model": "flute",
        "channel": 0,
        "level": 0.0,
        "pan": 0.0,
        "transpose": 0,
        "key_low": 60,
        "key_high": 127,
        "velocity_low": 1,
        "velocity_high": 127,
        "voices": 0,
        "mute": False,
        "plays": "flute",
    }
    assert box.playback.playing()["parts"] == answer["parts"]
    box.do("change", 1, {"key_high": 59, "level": -6, "mute": True})
    assert box.playing == 2 and box.playback.now.parts[0].level == -6
    box.do("change", 1, {"model": "cello"})
    assert box.models == ["cello", "flute"]
    box.do("remove", 1)
    box.do("remove", 1)
    assert box.models == [] and box.playing == 1


def test_a_model_that_is_named_plays_alone(box: Box) -> None:
    box.do("add", {"model": "flute"})
    box.do("play_model", None, None, "synth")  # only the source
    assert box.models == ["violin", "flute"]
    box.do("play_model", "trombone")
    assert box.models == [] and box.playback.now.model == "trombone"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"level": 99}, "outside"),
        ({"levle": 1}, "did you mean 'level'"),
        ({"level": "loud"}, "not a number"),
        ({"channel": 1.5}, "not a whole number"),
        ({"key_low": 90, "key_high": 30}, "is above"),
        ({"model": "none"}, "remove it"),
        ({"model": "celo"}, "did you mean 'cello'"),
    ],
)
def test_a_wrong_value_changes_nothing(box: Box, values: dict[str, Any], told: str) -> None:
    box.do("add", {})
    before = box.playback.now.parts
    with pytest.raises(UserError, match=told):
        box.do("change", 2, values)
    assert box.playback.now.parts == before and box.playing == 2
    with pytest.raises(UserError, match="they are 1 to 2"):
        box.do("change", 3, {"level": 0})


def test_no_more_than_sixteen(box: Box) -> None:
    box.do("add", {})
    box.playback.now = replace(box.playback.now, parts=box.playback.now.parts * 8)
    with pytest.raises(UserError, match="has 17 parts, at most 16"):
        box.do("add", {})
    with pytest.raises(UserError, match="there is none"):
        box.do("remove", 0)


def test_a_preset_holds_the_band(box: Box) -> None:
    box.do("add", {"model": "flute", "channel": 2, "pan": 0.5})
    box.editor.save("duo")
    assert not box.playback.edited()
    box.do("change", 2, {"level": -3})
    assert box.playback.edited()
    box.do("play_model", "trombone")
    box.do("play_preset", "duo")
    assert box.models == ["violin", "flute"] and box.playing == 2
    assert box.playback.now.parts[1].pan == 0.5 and not box.playback.edited()
    row = next(row for row in box.editor.list_presets()["presets"] if row["name"] == "duo")
    assert row["parts"] == 2


def test_what_played_comes_back_as_a_band(box: Box, tmp_path: Path) -> None:
    box.do("add", {"model": "flute"})
    box.editor.save("duo")
    with LiveEngine(None, "synth") as engine:
        again = Box(engine, tmp_path)
        again.do("restore")
        assert again.models == ["violin", "flute"] and again.playing == 2


def test_a_program_changes_the_part_of_its_channel(box: Box) -> None:
    box.do("add", {"model": "flute", "channel": 2})
    box.do("change", 1, {"channel": 1})
    box.do("play_program", 0, 42, 2)
    assert box.models == ["violin", "cello"]
    box.do("play_program", 0, 56, 1)
    assert box.models == ["trumpet", "cello"]
    with pytest.raises(UserError, match="has no pitch"):
        box.do("play_program", 0, 127, 2)
    box.do("play_program", 0, 0, 5)  # no part is there: as without a band
    assert box.models == []


def test_the_program_map_takes_precedence(box: Box) -> None:
    box.do("add", {"model": "flute", "channel": 2})
    box.editor.choose_program(0, 42, model="trombone")
    box.do("play_program", 0, 42, 2)
    assert box.models == ["violin", "trombone"]


def test_the_other_source_and_back_is_the_same_band(box: Box) -> None:
    box.do("add", {"model": "flute"})
    box.do("play_model", None, None, "auto")
    box.do("follow", "synth")
    assert box.playing == 2
    assert box.do("follow", "effect") and box.playing == 1
    assert box.do("follow", "synth") and box.playing == 2
