"""Messages to what sounds: channels, ports, programs, panic, active sensing, MPE."""

from __future__ import annotations

from typing import Any

import mido
import pytest
from midi_driver import Driver, control, off, on, pressure, rpn, wheel

SENSE = mido.Message("active_sensing")


def test_velocity_zero_is_a_note_off_and_unknown_note_offs_do_nothing() -> None:
    driver = Driver().play(on(60)).run().play(on(60, 0)).run(0.2)
    assert driver.player.sounding == ()
    assert Driver().play(off(60), on(62), off(60)).sounding_notes() == [62]


def test_one_channel_or_all_but_the_drums() -> None:
    def heard(channel: int, setting: int) -> bool:
        return bool(Driver(channel=setting).play(on(60, channel=channel)).player.held_notes)

    assert [heard(c, 0) for c in range(16)] == [c != 9 for c in range(16)]
    for setting in (1, 10, 16):
        assert [heard(c, setting) for c in range(16)] == [c == setting - 1 for c in range(16)]


def test_another_channel_lets_go_of_what_it_will_not_hear_any_more() -> None:
    driver = Driver().play(on(60, channel=3)).run().change(channel=1).run(0.2)
    assert driver.player.held_notes == () and driver.player.sounding == ()


def test_program_change_names_the_bank() -> None:
    program = mido.Message("program_change", program=7)
    assert Driver().play(program).programs == [(0, 7)]
    assert Driver().play(control(0, 2), control(32, 3), program).programs == [(2 * 128 + 3, 7)]
    assert Driver(channel=2).play(program).programs == []


def test_all_sound_off_is_at_once_all_notes_off_a_release() -> None:
    driver = Driver(release=1, voices=2).play(on(60), on(64)).run().play(control(120, 0))
    last = driver.frames[-2:]
    assert [(f.voice, f.onset, f.loudness_db) for f in last] == [(0, True, -80), (1, True, -80)]
    assert driver.player.held_notes == ()
    for number in (123, 124, 125, 126, 127):
        driver = Driver(release=1).play(on(60)).run().play(control(number, 0))
        assert driver.player.held_notes == () and driver.player.sounding == (0,)
        assert driver.run(2).player.sounding == ()


@pytest.mark.parametrize("number", [123, 124, 125])
@pytest.mark.parametrize("pedal", [64, 66])
def test_all_notes_off_lifts_fingers_what_a_pedal_holds_goes_on(number: int, pedal: int) -> None:
    # A Roland piano sends 123 whenever its last key comes up.
    driver = Driver(voices=4).play(on(60), control(pedal, 127), on(64)).run()
    driver.play(control(number, 0)).run(0.5)
    assert driver.player.held_notes == ((60, 64) if pedal == 64 else (60,))
    assert driver.play(control(pedal, 0)).run(0.5).player.sounding == ()


def test_all_notes_off_is_for_its_own_port_and_channel() -> None:
    driver = Driver(voices=4).play(on(60), on(62, channel=1)).play(on(64), port="other").run()
    driver.play(control(123, 0)).run(0.5)
    assert driver.player.held_notes == (62, 64)


@pytest.mark.parametrize("number", [120, 126, 127])
def test_all_sound_off_and_changes_of_mode_ask_no_pedal(number: int) -> None:
    driver = Driver(voices=4).play(control(64, 127), on(60), on(64)).run().play(control(number, 0))
    assert driver.player.held_notes == () and driver.run(0.5).player.sounding == ()


def two_channels(*messages: mido.Message, **settings: Any) -> Driver:
    """Key 60 on channel 1 and key 72 on channel 2."""
    driver = Driver(voices=2, **settings)
    return driver.play(*messages, on(60, 127), on(72, 127, channel=1)).run()


@pytest.mark.parametrize(
    "messages",
    [
        [control(7, 0, 1)],
        [control(11, 0, 1)],
        [control(2, 1, 1), control(2, 0, 1)],
        [wheel(8191, 1)],
        [pressure(127, 1), control(7, 64, 1)],
        [control(74, 127, 1)],
        [control(1, 127, 1)],
        rpn(2, 70, channel=1),
        [*rpn(0, 12, channel=1), wheel(4000, 1)],
        [control(67, 127, 1)],
    ],
    ids=str,
)
def test_what_a_channel_is_told_stays_on_that_channel(messages: list) -> None:
    plain, told = two_channels(), two_channels(*messages)
    assert told.last(0) == plain.last(0)
    assert told.last(1) != plain.last(1)


def test_pedals_and_all_notes_off_are_a_channel_s_own() -> None:
    driver = two_channels(control(64, 127, 1)).play(off(60), off(72, 1)).run(0.3)
    assert driver.player.held_notes == (72,)
    driver = two_channels().play(control(120, 0, 1)).run(0.3)
    assert driver.player.held_notes == (60,) and driver.player.sounding == (0,)
    driver = two_channels(control(64, 127), control(64, 127, 1)).play(control(121, 0, 1), off(60))
    assert driver.play(off(72, 1)).player.held_notes == (60,)


def test_pan_follows_the_channel_that_was_struck_last() -> None:
    driver = two_channels(control(10, 0, 1), control(10, 127))
    assert driver.player.pan == -1.0
    assert driver.play(on(62)).run().player.pan == 1.0


def test_a_held_sound_is_held_on_every_channel() -> None:
    driver = two_channels()
    driver.player.hold(True)
    assert driver.play(off(60), off(72, 1)).run(0.3).player.held_notes == (60, 72)
    driver.player.hold(False)
    assert driver.run(0.3).player.sounding == ()


def test_panic() -> None:
    driver = Driver(voices=3).play(control(64, 127), control(1, 127), wheel(8191), on(60), on(64))
    driver.run().player.panic(driver.now)
    driver.onsets()
    assert [f.loudness_db for f in driver.frames[-2:]] == [-80, -80]
    assert driver.player.held_notes == () and driver.player.sounding == ()
    driver.play(on(60)).run().play(off(60)).run(0.2)
    assert driver.player.sounding == ()  # the pedal is up
    assert driver.player.bend() == 0.0


def test_system_reset_is_power_on() -> None:
    driver = Driver().play(*rpn(0, 12), *rpn(2, 70), control(7, 10), control(10, 0), wheel(8191))
    driver.play(on(60)).run().play(mido.Message("reset"))
    assert driver.frames[-1].loudness_db == -80
    assert driver.player.pan == 0.0
    fresh = Driver().play(on(60)).last()
    after = driver.play(on(60)).last()
    assert (after.f0_hz, after.loudness_db) == (fresh.f0_hz, fresh.loudness_db)
    assert driver.play(wheel(8191)).pitch() == pytest.approx(62.0)


# Keyboards that go.


def test_an_unplugged_keyboard_leaves_no_note_and_no_pedal() -> None:
    driver = Driver(voices=4)
    driver.play(on(60), control(64, 127), wheel(8191), control(1, 90), port="a")
    driver.play(on(64), on(67), port="b").play(off(67), port="b").run()
    assert driver.player.held_notes == (60, 64, 67)
    driver.player.unplugged(driver.now, "a")
    assert driver.player.held_notes == (64,)
    assert driver.run(0.2).sounding_notes() == [64] and driver.player.bend() == 0.0


def test_one_voice_goes_back_to_the_key_of_the_keyboard_that_is_left() -> None:
    driver = Driver().play(on(60), on(62), port="a").play(on(64), port="b").run()
    driver.play(on(65), port="a").run()
    driver.frames.clear()
    driver.player.unplugged(driver.now, "a")
    assert driver.sounding_notes() == [64]
    onsets = [f for f in driver.frames if f.onset]
    assert len(onsets) == 1  # straight there


def test_keyboards_do_not_let_go_of_each_other_s_keys() -> None:
    driver = Driver(voices=2).play(on(60), port="a").play(on(60), port="b").run()
    assert driver.play(off(60), port="a").player.held_notes == (60,)
    assert driver.play(off(60), port="b").player.held_notes == ()


def test_active_sensing_that_stops_lets_go_of_its_port() -> None:
    driver = Driver(voices=2).play(on(60), SENSE, port="a").play(on(64), port="b")
    for _ in range(10):
        driver.run(0.25).play(SENSE, port="a")
    assert driver.player.held_notes == (60, 64)
    driver.run(0.25).play(control(7, 90), port="a").run(0.28)  # any message will do
    assert driver.player.held_notes == (60, 64)
    driver.run(0.04)
    assert driver.player.held_notes == (64,)
    driver.play(on(60), port="a").run(2.0)  # it is plugged in again and does not sense
    assert driver.player.held_notes == (64, 60)


# MPE.


def mpe(**settings: float) -> Driver:
    return Driver(**{"voices": 4, "mpe": "on", **settings})


def test_each_note_of_mpe_has_its_own_bend_pressure_and_brightness() -> None:
    driver = mpe().play(control(7, 100), on(60, channel=1), on(64, channel=2)).run()
    level = driver.last(0).loudness_db
    driver.play(wheel(8191, 1), pressure(127, 2), control(74, 127, 2))
    one, two = driver.last(0), driver.last(1)
    assert driver.pitch(0) == pytest.approx(108.0) and driver.pitch(1) == pytest.approx(64.0)
    assert (one.loudness_db, two.loudness_db) == (level, pytest.approx(level + 6))
    assert (one.brightness_db, two.brightness_db) == (0.0, 12.0)


def test_the_manager_speaks_for_all_notes() -> None:
    driver = mpe().play(on(60, channel=1), on(64, channel=9)).play(wheel(8191), wheel(-8192, 9))
    assert driver.pitch(0) == pytest.approx(62.0)  # its own range
    assert driver.pitch(1) == pytest.approx(64 - 48 + 2)
    driver.play(control(64, 127), off(60, 1), off(64, 9)).run(0.2)
    assert driver.player.held_notes == (60, 64)
    assert driver.play(control(64, 0)).run(0.2).player.sounding == ()


def test_bend_range_of_members_and_of_the_manager() -> None:
    driver = mpe().play(*rpn(0, 24, channel=5), *rpn(0, 7), on(60, channel=1))
    assert driver.play(wheel(8191, 1)).pitch() == pytest.approx(84.0)
    assert driver.play(wheel(-8192)).pitch() == pytest.approx(77.0)
    driver.play(*rpn(0, 12, 50, channel=2))
    assert driver.pitch() == pytest.approx(60 + 12.5 - 7)


def test_a_bend_before_the_note_is_of_the_note() -> None:
    driver = mpe().play(wheel(4096, 3), on(60, channel=3))
    assert driver.pitch() == pytest.approx(84.0, abs=0.01)


def test_the_end_of_a_note_is_not_bent_by_the_next_one_on_its_channel() -> None:
    driver = mpe(release=2).play(on(60, channel=1), wheel(4096, 1)).run()
    driver.play(off(60, 1)).run().play(wheel(0, 1), on(67, channel=1)).run()
    assert driver.pitch(0) == pytest.approx(84.0, abs=0.01)
    assert driver.pitch(1) == pytest.approx(67.0)


def test_the_configuration_message_makes_and_ends_the_zone() -> None:
    driver = Driver(voices=4).play(*rpn(6, 3))
    driver.play(on(60, channel=1), on(64, channel=3), on(67, channel=4))
    assert driver.player.held_notes == (60, 64)  # channel 5 is outside
    assert driver.play(wheel(8191, 1)).pitch(0) == pytest.approx(108.0)
    driver.play(*rpn(6, 0)).run(0.2)
    assert driver.player.sounding == ()
    driver.play(on(60, channel=4), wheel(8191, 1), wheel(-8192, 4))  # no zone: its own wheel
    assert driver.sounding_notes() == [58]
    assert Driver().play(*rpn(6, 3, channel=4), on(60, channel=7)).player.held_notes == (60,)


def test_all_notes_off_on_a_member_is_of_its_notes() -> None:
    driver = mpe().play(on(60, channel=1), on(64, channel=2), control(123, 0, 1))
    assert driver.player.held_notes == (64,)
    assert driver.play(control(123, 0)).player.held_notes == ()


def test_the_upper_zone_is_the_lower_one_the_other_way_round() -> None:
    driver = mpe(mpe="upper").play(on(60, channel=14), on(64, channel=0)).run()
    driver.play(wheel(8191, 14), wheel(8191, 15))
    assert driver.pitch(0) == pytest.approx(60 + 48 + 2)
    driver.play(control(64, 127, 15), off(60, 14), off(64, 0)).run(0.2)
    assert driver.player.held_notes == (60, 64)
    assert driver.play(control(64, 0, 15)).run(0.2).player.sounding == ()


def test_two_zones_keep_to_themselves() -> None:
    driver = mpe(mpe="both").play(on(60, channel=1), on(72, channel=14)).run()
    driver.play(control(7, 0, 15), wheel(8191, 0), control(64, 127, 15))
    assert driver.last(1).loudness_db == -80 and driver.pitch(1) == pytest.approx(72)
    assert driver.last(0).loudness_db > -60 and driver.pitch(0) == pytest.approx(62)
    assert driver.play(off(60, 1), off(72, 14)).player.held_notes == (72,)
    assert driver.play(on(62, channel=7), on(67, channel=8)).player.held_notes == (72, 62, 67)


def test_a_zone_that_is_configured_takes_the_other_one_s_channels() -> None:
    driver = Driver(voices=8).play(*rpn(6, 10), *rpn(6, 7, channel=15))
    driver.play(wheel(8191, 0), wheel(-8192, 15))
    notes = {channel: 60 + channel for channel in (1, 7, 8, 14)}
    driver.play(*(on(note, channel=channel) for channel, note in notes.items()))
    assert driver.sounding_notes() == sorted([61 + 2, 67 + 2, 68 - 2, 74 - 2])
    driver.play(*rpn(6, 15)).run(0.2)  # all of them: no upper zone is left
    driver.play(on(60, channel=15), wheel(8191, 0))
    assert driver.sounding_notes() == [62]


def test_mpe_hears_the_drums_channel_and_whatever_channel_says() -> None:
    assert mpe(channel=3).play(on(60, channel=9)).player.held_notes == (60,)
    driver = mpe().play(on(60, channel=9)).change(mpe="off").run(0.2)
    assert driver.player.sounding == ()
    assert driver.play(on(60, channel=9)).player.held_notes == ()
