"""Which notes sound: one voice with its priority and legato, many with their allocation."""

from __future__ import annotations

import math

import pytest
from midi_driver import Driver, control, off, on
from reference_players.envelope import DIP, DIP_S
from tiny_decoder import INFO

LOUDEST = INFO.max_loudness_db


def onsets(driver: Driver) -> list[tuple[int, int]]:
    """(voice, MIDI note) of each frame outside the grid, and it forgets them."""
    found = [f for f in driver.frames if f.onset]
    driver.frames = [f for f in driver.frames if not f.onset]
    return [(f.voice, round(69 + 12 * math.log2(f.f0_hz / 440))) for f in found]


# One voice.


def test_the_last_note_sounds_and_the_one_before_comes_back() -> None:
    driver = Driver().play(on(60)).run().play(on(64)).run().play(on(67))
    assert onsets(driver) == [(0, 60), (0, 64), (0, 67)]
    assert onsets(driver.play(off(64)).run()) == []  # not the one that sounds
    assert onsets(driver.play(off(67)).run()) == [(0, 60)]
    assert driver.player.sounding
    assert onsets(driver.play(off(60)).run(0.2)) == [] and not driver.player.sounding


def test_legato_goes_on_a_new_stroke_dips_first() -> None:
    driver = Driver(release=1).play(on(60)).run(0.1).play(on(64)).run(0.1)
    assert {f.loudness_db for f in driver.frames if 0.05 < f.time_s < 0.2} == {
        driver.last().loudness_db
    }
    driver.play(off(60), off(64)).run(0.01)
    held = driver.frames[0].loudness_db
    driver.play(on(64)).run(0.1)
    dip, rise = [f for f in driver.frames if f.onset][-2:]
    assert dip.loudness_db < held - 10
    assert rise.time_s == pytest.approx(dip.time_s + DIP_S)
    # Nothing is said while it dips.
    assert not [f for f in driver.frames if dip.time_s < f.time_s < rise.time_s]


def test_a_note_struck_twice_is_an_attack_and_one_off_ends_it() -> None:
    driver = Driver().play(on(60)).run(0.1).play(on(60)).run(0.1)
    assert len(onsets(driver)) == 3  # the note, the dip and the rise
    assert not driver.play(off(60)).run(0.2).player.sounding


def test_what_only_the_pedal_holds_makes_no_legato() -> None:
    driver = Driver().play(control(64, 100), on(60)).run(0.1).play(off(60)).run()
    held = driver.last().loudness_db
    driver.frames.clear()
    driver.play(on(64)).run(0.1)
    assert min(f.loudness_db for f in driver.frames) == pytest.approx(held + 20 * -0.602, abs=0.1)
    # The key is still down when the pedal goes up: it sounds on, alone.
    driver.frames.clear()
    driver.play(control(64, 10)).run(0.1)
    assert onsets(driver) == [] and driver.player.held_notes == (64,)
    assert not driver.play(off(64)).run(0.2).player.sounding


def test_a_key_held_down_under_the_pedal_outlives_it() -> None:
    driver = Driver().play(on(60), control(64, 127)).run().play(on(64)).run().play(off(64)).run()
    onsets(driver)
    assert driver.sounding_notes() == [64]
    assert onsets(driver.play(control(64, 0)).run()) == [(0, 60)]


@pytest.mark.parametrize(("priority", "sounds"), [("last", 64), ("high", 67), ("low", 60)])
def test_priority(priority: str, sounds: int) -> None:
    driver = Driver(priority=priority)
    for note in (60, 67, 64):
        driver.play(on(note)).run()
    assert driver.sounding_notes() == [sounds]
    after = {64: 67, 67: 64, 60: 64}[sounds]  # when that one goes
    assert driver.play(off(sounds)).sounding_notes() == [after]


def test_a_key_that_priority_keeps_silent_makes_no_frame() -> None:
    driver = Driver(priority="high").play(on(67)).run()
    onsets(driver)
    assert onsets(driver.play(on(60)).run()) == []
    assert onsets(driver.play(off(60)).run()) == []
    assert driver.sounding_notes() == [67]


def test_what_only_the_pedal_holds_does_not_take_priority() -> None:
    driver = Driver(priority="high").play(control(64, 127), on(72)).run().play(off(72)).run()
    assert driver.play(on(60)).sounding_notes() == [60]


# Portamento.


@pytest.mark.parametrize("voices", [1, 4])
def test_portamento_glides_in_its_time_and_arrives(voices: int) -> None:
    driver = Driver(portamento=0.2, voices=voices).play(control(65, 127)).run()
    driver.play(on(60)).run(0.3)
    assert onsets(driver) == [(0, 60)]  # the first one comes from nowhere
    driver.play(off(60), on(72)).run(0.1)
    voice = 0 if voices == 1 else 1
    assert driver.pitch(voice) == pytest.approx(60 + 12 * 0.125 / 0.2, abs=0.5)
    driver.run(0.2)
    assert driver.pitch(voice) == pytest.approx(72)
    driver.play(control(65, 0), on(65)).run()
    assert round(driver.pitch(voice if voices == 1 else 2)) == 65


def test_the_time_of_cc_5_holds_until_the_setting_moves() -> None:
    driver = Driver(portamento=0.2).play(control(65, 127), control(5, 127), on(60)).run()
    driver.play(on(72)).run(2.5)
    assert driver.pitch() == pytest.approx(66, abs=0.2)  # half of 5 s
    driver.change(portamento=0.01).play(on(60)).run(0.05)
    assert driver.pitch() == pytest.approx(60)


def test_a_glide_that_is_cut_short_goes_on_from_where_it_is() -> None:
    driver = Driver(portamento=0.2).play(control(65, 127), on(60)).run()
    driver.play(on(72)).run(0.1)
    there = driver.pitch()
    driver.play(on(60)).run(0.001)
    assert driver.frames[-1].f0_hz == pytest.approx(440 * 2 ** ((there - 69) / 12), rel=0.05)


def test_portamento_control_is_of_the_next_note_alone() -> None:
    driver = Driver(portamento=1.0).play(control(84, 48), on(60)).run(0.5)
    assert driver.pitch() == pytest.approx(54, abs=0.5)
    driver.play(on(72)).run()
    assert driver.pitch() == pytest.approx(72)


# Many voices.


def test_a_chord_takes_a_voice_for_each_key() -> None:
    driver = Driver(voices=4).play(on(60), on(64), on(67))
    assert [note for _, note in onsets(driver)] == [60, 64, 67]
    assert driver.sounding_notes() == [60, 64, 67]
    assert driver.play(off(64)).run(0.3).sounding_notes() == [60, 67]
    driver.play(off(60), off(67)).run(0.3)
    assert driver.player.sounding == ()


def test_a_key_struck_again_takes_the_voice_that_it_had() -> None:
    driver = Driver(voices=4, release=1).play(on(60), on(64)).run(0.1)
    voices = dict(map(reversed, onsets(driver)))
    driver.play(off(60)).run(0.05).play(on(60))
    assert onsets(driver)[0] == (voices[60], 60)
    driver.run(0.1).play(on(64))
    assert onsets(driver)[-1] == (voices[64], 64)


def test_a_silent_voice_first_then_the_quietest_that_is_let_go() -> None:
    driver = Driver(voices=3, release=1).play(on(60), on(64), on(67)).run(0.1)
    voice_of = {note: voice for voice, note in onsets(driver)}
    driver.play(off(67)).run(0.1).play(off(60)).run(0.02)  # 67 is quieter by now
    assert onsets(driver.play(on(72)))[0] == (voice_of[67], 72)
    driver.run(0.05)
    onsets(driver)
    assert onsets(driver.play(on(74)))[0] == (voice_of[60], 74)


def test_then_the_oldest_that_a_pedal_holds_then_the_oldest_key() -> None:
    driver = Driver(voices=3).play(control(64, 127))
    for note in (60, 64, 67):
        driver.play(on(note)).run()
    driver.play(off(64)).run()
    voice_of = {note: voice for voice, note in onsets(driver)}
    assert onsets(driver.play(on(72)).run())[0] == (voice_of[64], 72)
    assert onsets(driver.play(on(74)).run())[0] == (voice_of[60], 74)
    # The stolen key is let go without any effect.
    driver.play(off(60), control(64, 0)).run(0.2)
    assert driver.sounding_notes() == [67, 72, 74]


def test_a_stolen_voice_dips_before_it_plays_another_note() -> None:
    driver = Driver(voices=2).play(on(60), on(64)).run(0.1)
    held = driver.last().loudness_db
    driver.frames.clear()
    driver.play(on(67)).run(0.1)
    dip, rise = [f for f in driver.frames if f.onset]
    assert dip.loudness_db == pytest.approx(held + 20 * -0.602, abs=0.1) and DIP == 0.25
    assert rise.time_s == pytest.approx(dip.time_s + DIP_S)


def test_mono_and_poly_messages() -> None:
    driver = Driver(voices=4).play(on(60), on(64)).run()
    driver.play(control(126, 0)).run(0.3)
    assert driver.player.sounding == () and driver.player.held_notes == ()
    assert driver.play(on(60)).run().play(on(64)).sounding_notes() == [64]
    driver.play(control(127, 0)).run(0.3).play(on(60), on(64))
    assert driver.sounding_notes() == [60, 64]
    assert Driver().play(control(127, 0), on(60), on(64)).sounding_notes() == [64]
