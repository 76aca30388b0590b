"""A band, live: splits, layers, channels apart, levels and places, one budget of voices."""

from __future__ import annotations

from collections.abc import Iterator

import mido
import numpy as np
import pytest
from dry_bundle import dry
from live_pump import RATE, Pump, level_db, pumped
from row_decoder import row_bundle

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.settings import Settings

DRY = Settings(reverb_wet=0, expression=0, release=0.05)


@pytest.fixture(scope="module")
def violin() -> Bundle:
    return dry(find_model("violin"))


@pytest.fixture
def pump() -> Iterator[Pump]:
    with pumped(source="synth", settings=DRY) as pump:
        yield pump


def band(pump: Pump, bundle: Bundle, *parts: BandPart) -> None:
    pump.play(bundle, band=tuple((part, bundle) for part in parts))
    pump.run(0.2)


def press(pump: Pump, note: int, channel: int = 1, velocity: int = 100) -> None:
    pump.midi("note_on", note=note, channel=channel - 1, velocity=velocity)


def sides_db(sound: np.ndarray) -> tuple[float, float]:
    tail = sound[-RATE // 10 :]
    return level_db(tail[:, 0]), level_db(tail[:, 1])


LEFT, RIGHT = BandPart(channel=1, pan=-1), BandPart(channel=2, pan=1)


def test_each_channel_plays_its_part_at_its_place(pump: Pump, violin: Bundle) -> None:
    band(pump, violin, LEFT, RIGHT)
    press(pump, 72, channel=2)
    left, right = sides_db(pump.run(0.4))
    assert left < -90 and right > -40
    pump.midi("control_change", control=7, value=0, channel=0)
    pump.midi("pitchwheel", pitch=8191, channel=0)
    assert sides_db(pump.run(0.3))[1] == pytest.approx(right, abs=0.5)
    pump.midi("control_change", control=123, value=0, channel=1)
    assert sides_db(pump.run(0.4))[1] < -80


def test_a_split_and_a_layer(pump: Pump, violin: Bundle) -> None:
    band(
        pump,
        violin,
        BandPart(key_high=71, pan=-1),
        BandPart(key_low=72, pan=1),
        BandPart(key_low=72, velocity_low=100, pan=-1, transpose=12),
    )
    press(pump, 60)
    left, right = sides_db(pump.run(0.3))
    assert left > -40 and right < -90
    pump.midi("note_off", note=60)
    pump.run(0.3)
    press(pump, 76, velocity=60)
    left, right = sides_db(pump.run(0.3))
    assert left < -80 and right > -50
    pump.midi("note_off", note=76)
    pump.run(0.3)
    press(pump, 76, velocity=110)
    assert min(sides_db(pump.run(0.3))) > -50
    assert pump.engine.status()["notes"] == [76, 76]


def test_level_mute_and_pan_of_the_player_move_on_a_ramp(pump: Pump, violin: Bundle) -> None:
    band(pump, violin, BandPart(channel=1), BandPart(channel=2))
    press(pump, 69)
    before = pump.run(0.4)
    level = sides_db(before)[0]
    pump.engine.change_parts([BandPart(channel=1, level=-12), BandPart(channel=2)])
    after = pump.run(0.3)
    assert sides_db(after)[0] == pytest.approx(level - 12, abs=0.5)
    joined = np.concatenate([before[-4800:], after])[:, 0]
    assert np.abs(np.diff(joined)).max() <= 1.2 * np.abs(np.diff(before[-4800:, 0])).max()
    pump.midi("control_change", control=10, value=127, channel=0)
    left, right = sides_db(pump.run(0.2))
    assert left < -90 and right == pytest.approx(level - 12 + 3, abs=0.6)
    pump.engine.change_parts([BandPart(channel=1, mute=True), BandPart(channel=2)])
    assert max(sides_db(pump.run(0.2))) < -90
    assert pump.engine.status()["notes"] == [69]  # a muted part goes on


def test_a_band_goes_on_in_the_next_one_and_ends_where_another_begins(
    pump: Pump, violin: Bundle
) -> None:
    band(pump, violin, LEFT, RIGHT)
    press(pump, 72, channel=2)
    pump.run(0.3)
    band(pump, violin, LEFT, BandPart(channel=2, pan=1, level=-3))
    assert sides_db(pump.run(0.2))[1] > -45
    pump.play(violin)
    pump.run(0.3)
    assert pump.engine.status()["notes"] == [] and max(sides_db(pump.run(0.2))) < -80
    assert pump.engine.stats()["rig"]["parts"] == 1
    band(pump, violin, LEFT)
    press(pump, 72)
    assert sides_db(pump.run(0.2))[0] > -45


def test_one_budget_of_voices_for_all_parts(violin: Bundle) -> None:
    with pumped(source="synth", settings=DRY.changed({"voices": 4}), voices=3) as pump:
        band(pump, violin, LEFT, RIGHT)
        for note in (60, 64, 67):
            press(pump, note)
            pump.run(0.1)
        left = sides_db(pump.run(0.2))[0]
        before = pump.run(0.1)
        press(pump, 72, channel=2)
        sound = pump.run(0.2)
        assert sides_db(sound)[1] > -40 and sides_db(sound)[0] < left - 0.3
        step = np.abs(np.diff(before[:, 0])).max()
        assert np.abs(np.diff(sound[:, 0])).max() < 1.3 * step  # no click where one gave way


def test_panic_and_freeze_are_of_all_parts(pump: Pump, violin: Bundle) -> None:
    band(pump, violin, LEFT, RIGHT)
    press(pump, 69)
    press(pump, 72, channel=2)
    pump.engine.freeze(True)
    pump.run(0.2)
    pump.midi("note_off", note=69)
    pump.midi("note_off", note=72, channel=1)
    assert min(sides_db(pump.run(0.4))) > -45
    pump.engine.panic()
    assert max(sides_db(pump.run(0.3))) < -100


def test_a_program_names_its_channel(pump: Pump, violin: Bundle) -> None:
    told: list[dict[str, object]] = []
    pump.engine.subscribe(told.append)
    band(pump, violin, LEFT, RIGHT)
    pump.engine.midi(mido.Message("program_change", program=40, channel=4))
    pump.run(0.05)
    pump.engine.stop()
    programs = [event for event in told if event["event"] == "program"]
    assert programs == [{"event": "program", "bank": 0, "program": 40, "channel": 5}]


def test_parts_that_python_decodes_play_too(pump: Pump) -> None:
    """A network that C does not know."""
    band(pump, row_bundle(), LEFT, RIGHT)
    press(pump, 69, channel=2)
    left, right = sides_db(pump.run(0.4))
    assert left < -90 and right > -60


def test_the_effect_hears_the_input_whatever_the_band(violin: Bundle) -> None:
    with LiveEngine(None, "effect", DRY) as engine:
        pump = Pump(engine)
        band(pump, violin, LEFT, RIGHT)
        assert engine.stats()["rig"]["parts"] == 1
        pump.play(violin, source="synth", band=((LEFT, violin), (RIGHT, violin)))
        pump.run(0.3)
        assert engine.stats()["rig"]["parts"] == 2
