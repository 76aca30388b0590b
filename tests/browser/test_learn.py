"""A knob is learned by touching the setting, then the knob; with a real MIDI port."""

import os

import mido
import pytest
from selenium.webdriver.common.action_chains import ActionChains

MIDI, VIEW = "jack", "sound"
SETTING = ".setting[data-name=reverb_wet]"


@pytest.fixture(scope="module")
def knobs(box):
    """A controller with a port of its own."""
    before = {name: os.environ.get(name) for name in box.env}
    os.environ.update(box.env)
    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    with backend.open_output("knobs", virtual=True, client_name="knobs") as port:
        yield port
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def sound(phone, engine, knobs):
    phone.until(lambda: phone.shown(SETTING))
    phone.until(lambda: "knobs" in str(engine.call("status")["midi_ports"]))
    yield phone
    for row in engine.call("mappings")["mappings"]:
        engine.call("mapping_remove", control=row["control"])


def turn(knobs, number, *values):
    for value in values:
        knobs.send(mido.Message("control_change", control=number, value=value))


def setting(engine, name):
    return engine.call("status")["settings"][name]


def told(phone):
    return phone.text("#learn-told")


def test_a_knob_is_learned_moves_its_setting_and_is_removed(sound, engine, knobs):
    sound.tap("#learn")
    sound.until(lambda: sound.shown("#learn-done"))
    sound.tap(SETTING)
    sound.until(lambda: "Move a knob" in told(sound))
    sound.until(lambda: engine.call("status")["learning"])
    turn(knobs, 21, 10, 40, 80, 60)
    sound.until(lambda: "CC 21 moves Reverb wet" in told(sound))
    sound.tap("#learn-close")
    sound.until(lambda: sound.text(f"{SETTING} .chip") == "CC 21")
    sound.tap("#learn-done")
    turn(knobs, 21, 127)
    sound.until(lambda: setting(engine, "reverb_wet") == 1)
    turn(knobs, 21, 0)
    sound.until(lambda: sound.value("#set-reverb_wet", "aria-valuetext") == "0")
    sound.tap("[aria-label='Remove CC 21 from Reverb wet']")
    sound.until(lambda: not sound.shown("[data-control='cc 21']"))
    assert engine.call("mappings")["mappings"] == []
    sound.until(lambda: sound.text(f"{SETTING} .chip") == "")


def test_in_learn_mode_a_touch_moves_nothing_and_escape_leaves_it(sound, engine):
    before = setting(engine, "reverb_wet")
    sound.tap("#learn")
    sound.until(lambda: sound.shown("#learn-done"))
    way = sound.find(f"{SETTING} .way")
    ActionChains(sound.driver).click(way).perform()
    sound.until(lambda: sound.shown("dialog"))
    sound.tap("#learn-cancel")
    sound.until(lambda: not sound.shown("dialog"))
    sound.until(lambda: engine.call("status")["learning"] is None)
    ActionChains(sound.driver).send_keys("\ue00c").perform()
    sound.until(lambda: not sound.shown("#learn-done"))
    assert setting(engine, "reverb_wet") == before


def test_a_button_of_play_is_learned_in_learn_mode_and_not_pressed(sound, engine, knobs):
    sound.tap("#learn")
    sound.tap("#tab-play")
    sound.tap("#bypass")
    sound.until(lambda: "Press a switch" in told(sound))
    assert not engine.call("status")["bypass"]
    turn(knobs, 64, 127)
    sound.until(lambda: "CC 64" in told(sound))
    sound.tap("#learn-undo")
    sound.until(lambda: engine.call("mappings")["mappings"] == [])
    sound.tap("#learn-done")
    sound.tap("#bypass")
    sound.until(lambda: engine.call("status")["bypass"])
    engine.call("bypass", on=False)


def test_a_knob_that_is_in_use_is_named_and_replaced_only_when_asked(sound, engine, knobs):
    for name, button in (("reverb_wet", None), ("pan", "#learn-replace")):
        handle = f".setting[data-name={name}] .words"
        sound.run("arguments[0].scrollIntoView({block: 'center'})", sound.find(handle))
        sound.hold(handle, 1.2)  # also without learn mode
        sound.until(lambda: "Move a knob" in told(sound))
        turn(knobs, 21, 10, 60, 100)
        if button:
            sound.until(lambda: sound.shown("#learn-replace"))
            assert "reverb" in told(sound).lower()
            sound.tap(button)
            sound.until(lambda: "Move it again" in told(sound))
            turn(knobs, 21, 10, 60, 100)
        sound.until(lambda: "CC 21 moves" in told(sound))
        sound.tap("#learn-close")
    active = [row for row in engine.call("mappings")["mappings"] if row["active"]]
    assert [(row["control"], row["set"]) for row in active] == [("cc 21", "pan")]


def test_by_keyboard_and_screen_reader(sound, engine):
    sound.tap("#learn")
    assert sound.value(f"{SETTING} .learn-this", "aria-label") == "Learn a control for Reverb wet"
    sound.run(f"document.querySelector('{SETTING} .learn-this').focus()")
    sound.driver.switch_to.active_element.send_keys("\ue007")
    sound.until(lambda: sound.shown("dialog[aria-labelledby=learn-title] #learn-told[role=status]"))
    sound.until(lambda: engine.call("status")["learning"])
    sound.driver.switch_to.active_element.send_keys("\ue00c")
    sound.until(lambda: engine.call("status")["learning"] is None)


def test_another_phone_that_learns_ends_this_ones(sound, engine):
    sound.tap("#learn")
    sound.tap(SETTING)
    sound.until(lambda: engine.call("status")["learning"])
    engine.call("learn", action="panic")
    sound.until(lambda: not sound.shown("dialog"))
    assert engine.call("status")["learning"]["do"] == "panic"  # which it did not end
    engine.call("learn_cancel")
