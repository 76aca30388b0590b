"""Wheels, pedals and pressure in numbers: levels, bends, tuning, pan."""

from __future__ import annotations

import itertools

import mido
import pytest
from midi_driver import Driver, control, off, on, pressure, rpn, wheel
from tiny_decoder import INFO

from ddsp_edge.synth import midi_map

LOUDEST = INFO.max_loudness_db


def held(*messages: mido.Message, **settings: float) -> Driver:
    return Driver(**settings).play(on(60, 127), *messages)


def level_db(*messages: mido.Message) -> float:
    """How a note at full stroke sounds, against the loudest."""
    return held(*messages).last().loudness_db - LOUDEST


def test_velocity_and_its_range() -> None:
    for velocity, wide, db in ((127, 30, 0.0), (1, 30, -30 * 126 / 127), (64, 0, 0.0)):
        driver = Driver(velocity_range=wide).play(on(60, velocity))
        assert driver.last().loudness_db == pytest.approx(LOUDEST + db)
    quiet = Driver(velocity_range=60).play(on(60, 1)).last().loudness_db
    assert quiet == pytest.approx(LOUDEST - 50 * 126 / 127)  # the model knows no softer


@pytest.mark.parametrize("number", [2, 7, 11])
def test_level_controllers_in_db(number: int) -> None:
    assert level_db() == 0.0
    assert level_db(control(number, 64)) == pytest.approx(-11.9, abs=0.05)  # 40 log10(64 / 127)
    assert held(control(number, 1), control(number, 0)).last().loudness_db == -80.0


def test_a_breath_controller_at_rest_silences_nothing_until_it_was_blown() -> None:
    assert level_db(control(2, 0)) == 0.0
    assert level_db(control(2, 0), control(2, 64)) == pytest.approx(-11.9, abs=0.05)
    assert level_db(control(2, 64), control(121, 0), control(2, 0)) == 0.0


def test_pressure_of_the_channel_and_of_the_key() -> None:
    quiet = control(7, 100)
    before = level_db(quiet)
    assert level_db(quiet, pressure(127)) == pytest.approx(before + midi_map.PRESSURE_DB)
    key = mido.Message("polytouch", note=60, value=127)
    assert level_db(quiet, key) == pytest.approx(before + midi_map.PRESSURE_DB)
    assert level_db(quiet, key, pressure(90)) == level_db(quiet, key)
    assert level_db(quiet, mido.Message("polytouch", note=61, value=127)) == before
    driver = held(quiet, key, on(62, 127))
    assert driver.last().loudness_db == pytest.approx(LOUDEST + before)  # it was that key's
    chord = Driver(voices=2).play(quiet, on(60, 127), on(64, 127), key).run()
    assert chord.last(0).loudness_db == pytest.approx(chord.last(1).loudness_db + 6)


def test_soft_pedal() -> None:
    assert held(control(67, 127)).last().loudness_db == LOUDEST  # struck before
    driver = Driver().play(control(67, 64), on(60, 127))
    assert driver.last().loudness_db == pytest.approx(LOUDEST - midi_map.SOFT_DB)


@pytest.mark.parametrize(("value", "db"), [(64, 0), (127, 12), (0, -12), (32, -6.1)])
def test_brightness_is_not_level(value: int, db: float) -> None:
    frame = held(control(74, value)).last()
    assert frame.loudness_db == LOUDEST
    assert frame.brightness_db == pytest.approx(db, abs=0.01)


def test_bend_and_its_range() -> None:
    assert held(wheel(8191)).pitch() == pytest.approx(62.0)
    assert held(wheel(-8192)).pitch() == pytest.approx(58.0)
    assert held(wheel(8191), bend_range=7).pitch() == pytest.approx(67.0)
    assert held(wheel(-8192), *rpn(0, 12, 50)).pitch() == pytest.approx(47.5)
    assert held(wheel(-8192), *rpn(0, 12, 50), control(6, 3)).pitch() == pytest.approx(56.5)
    driver = held(wheel(-8192), *rpn(0, 12), bend_range=2.25)
    assert driver.pitch() == pytest.approx(60 - 12.25)
    assert driver.change(bend_range=1).pitch() == pytest.approx(59.0)  # the setting moved last


def test_however_far_it_is_bent_the_pitch_is_one_that_can_be_played() -> None:
    driver = Driver().play(on(127), wheel(8191), *rpn(0, 127, 127), *rpn(2, 127))
    assert 20_000 < driver.last().f0_hz < 50_000
    assert 0 < driver.play(wheel(-8192), *rpn(2, 0)).last().f0_hz < 20


def test_an_nrpn_or_another_rpn_leaves_the_range_alone() -> None:
    for leave in ([control(99, 0)], [control(98, 3)], [control(100, 5)], [control(101, 127)]):
        driver = held(wheel(8191), *rpn(0, 4), *leave, control(6, 12), control(38, 12))
        assert driver.pitch() == pytest.approx(64.0)


def test_tuning() -> None:
    assert held(*rpn(1, 96, 0)).pitch() == pytest.approx(60.5)
    assert held(*rpn(1, 0, 0)).pitch() == pytest.approx(59.0)
    assert held(*rpn(1, 64, 64)).pitch() == pytest.approx(60 + 64 / 8192)
    assert held(*rpn(2, 64 - 12)).pitch() == pytest.approx(48.0)
    assert held(*rpn(2, 66), *rpn(1, 32)).pitch() == pytest.approx(61.5)
    assert Driver(tuning=432).play(on(69)).last().f0_hz == pytest.approx(432)


def test_vibrato() -> None:
    def extremes(**settings: float) -> tuple[float, float]:
        driver = held(control(1, 127), **settings).run(1.0)
        hz = [f.f0_hz for f in driver.frames]
        return min(hz), max(hz)

    middle = 440 * 2 ** (-9 / 12)
    low, high = extremes(vibrato_depth=1.0)
    assert high == pytest.approx(middle * 2 ** (1 / 12), rel=1e-3)
    assert low == pytest.approx(middle * 2 ** (-1 / 12), rel=1e-3)
    assert extremes(vibrato_depth=0.0) == (pytest.approx(middle), pytest.approx(middle))
    driver = held(control(1, 127), vibrato_rate=4.0).run(2.0)
    above = [f.f0_hz > middle for f in driver.frames if not f.onset]
    assert sum(a and not b for a, b in itertools.pairwise(above)) in (7, 8)


def test_a_change_of_the_vibrato_s_rate_is_no_jump() -> None:
    driver = held(control(1, 127), vibrato_rate=3.0).run(1.077)
    for rate in (7, 0.5, 6):
        before = driver.frames[-1].f0_hz
        driver.change(vibrato_rate=rate).run(0.006)
        assert driver.frames[-1].f0_hz == pytest.approx(before, rel=0.02)
        driver.run(0.5)


@pytest.mark.parametrize(("value", "pan"), [(0, -1.0), (64, 0.0), (127, 1.0), (96, 32 / 63)])
def test_pan(value: int, pan: float) -> None:
    assert Driver().player.pan == 0.0
    assert Driver().play(control(10, value)).player.pan == pytest.approx(pan)


def test_reset_controllers_leaves_what_is_of_the_instrument() -> None:
    stays = [control(7, 100), control(10, 20), *rpn(0, 7), *rpn(2, 65), control(74, 90)]
    driver = Driver(voices=2).play(*stays, on(60))
    frame, pan = driver.last(), driver.player.pan
    driver.play(control(1, 80), control(11, 10), control(2, 10), wheel(4000), pressure(99))
    driver.play(control(64, 127), control(66, 127), control(67, 127), control(65, 127), off(60))
    driver.play(control(121, 0)).run(0.2)
    assert driver.player.sounding == () and driver.player.pan == pan
    after = driver.play(on(60)).last(1)
    assert (after.f0_hz, after.loudness_db) == (frame.f0_hz, frame.loudness_db)
    assert after.brightness_db == frame.brightness_db
    driver.play(control(6, 12), wheel(8191))  # the RPN is left
    assert driver.pitch(1) == pytest.approx(68.0)
