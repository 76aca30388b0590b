"""Every setting is moved in the page and read back from the engine."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from ddsp_edge.settings import SETTINGS, Choice

VIEW = "sound"
#: Moves a slider as a thumb does, or chooses.
MOVE = """
const [name, place] = arguments;
const element = document.getElementById(`set-${name}`);
if (element.tagName === "SELECT") element.value = place;
else element.value = Math.round(place * element.max);
element.dispatchEvent(new Event(element.tagName === "SELECT" ? "change" : "input"));
return element.getAttribute("aria-valuetext");
"""


OPEN_ALL = "for (const each of document.querySelectorAll('#sound details')) each.open = true"


def wanted(name, phone):
    """Moves the control to another place: what must arrive."""
    kind = SETTINGS[name]
    if isinstance(kind, Choice):
        value = next(each for each in kind.choices if each != kind.default)
        phone.run(MOVE, name, value)
        return value
    shown = phone.run(MOVE, name, 0.75)
    return float(shown.split()[0])


def arrives(sound, engine, name, value):
    """Waits until the engine has this value."""
    sound.until(lambda: engine.call("status")["settings"][name] == value)


@pytest.fixture
def sound(phone):
    phone.until(lambda: phone.shown(".setting"))
    phone.run(OPEN_ALL)
    return phone


def test_what_the_source_has_no_use_for_is_folded(phone, engine):
    phone.until(lambda: phone.shown(".setting"))
    keyboard, line = ".setting[data-name=attack]", ".setting[data-name=gate]"
    for source, seen, folded in (("effect", line, keyboard), ("synth", keyboard, line)):
        engine.call("model", source=source)
        phone.until(lambda seen=seen, folded=folded: phone.shown(seen) and not phone.shown(folded))
        prefix = "MIDI:" if source == "effect" else "EFFECT:"
        for name, kind in SETTINGS.items():
            css = f".setting[data-name={name}]"
            assert phone.shown(css) is not kind.doc.startswith(prefix), name
    # What a person opens stays open, and a change in what is folded is said.
    phone.run("document.querySelector('.setting[data-name=gate]').closest('details').open = true")
    engine.call("set", values={"snap": "hard"})
    chip = "details[aria-labelledby=group-Scale] > summary .chip"
    phone.until(lambda: phone.text(chip) == "1 changed")
    assert phone.shown(line) and not phone.shown(".setting[data-name=snap]")
    engine.call("set", values={"snap": "off"})
    phone.until(lambda: phone.text(chip) == "")


def test_sliders_are_as_wide_as_their_column_of_which_a_desktop_has_two(sound):
    for shape, columns in (((390, 844), 1), ((1280, 800), 2)):
        sound.size(*shape)
        widths, lefts = sound.run(
            "const box = (e) => e.getBoundingClientRect();"
            "const all = [...document.querySelectorAll('.setting .way')];"
            "return [all.map((e) => box(e).width / box(e.closest('.column')).width),"
            "[...new Set(all.map((e) => box(e).left))]]"
        )
        assert min(widths) > 0.98
        assert len(lefts) == columns


def test_every_setting_has_its_control(sound):
    there = sound.run(
        "return [...document.querySelectorAll('.setting')].map((e) => e.dataset.name)"
    )
    assert sorted(there) == sorted(SETTINGS)


def test_every_control_moves_its_setting_and_goes_back(sound, engine):
    for name, kind in SETTINGS.items():
        value = wanted(name, sound)
        arrives(sound, engine, name, value)
        assert value != kind.default
        if not isinstance(kind, Choice):
            assert kind.minimum < value < kind.maximum
        sound.tap(f".setting[data-name={name}] .reset")
        arrives(sound, engine, name, kind.default)


def test_the_ends_of_every_slider_are_the_ends_of_its_range(sound, engine):
    for name, kind in SETTINGS.items():
        if isinstance(kind, Choice):
            continue
        for place, end in ((0, kind.minimum), (1, kind.maximum)):
            sound.run(MOVE, name, place)
            arrives(sound, engine, name, end)
        engine.call("set", values={name: kind.default})


def test_a_number_is_typed_and_a_wrong_one_is_not_sent(sound, engine):
    field = sound.find(".setting[data-name=attack] .exact")
    sound.run("arguments[0].scrollIntoView({block: 'center'})", field)
    everything = Keys.CONTROL + "a" + Keys.NULL  # clear() would also leave the field
    field.send_keys(everything, "0.25\n")
    sound.until(lambda: engine.call("status")["settings"]["attack"] == 0.25)
    field.send_keys(everything, "99\n")
    assert sound.run("return arguments[0].validity.rangeOverflow", field)
    sound.tap("#tap")  # away from the field: it shows again what is
    sound.until(lambda: sound.run("return arguments[0].value", field) == "0.25")
    assert engine.call("status")["settings"]["attack"] == 0.25
    engine.call("set", values={"attack": SETTINGS["attack"].default})


def test_two_taps_on_a_slider_bring_the_default_back(sound, engine):
    engine.call("set", values={"reverb_wet": 0.9})
    css = "#set-reverb_wet"
    sound.until(lambda: sound.value(css, "aria-valuetext") == "0.9")
    element = sound.find(css)
    sound.run("arguments[0].scrollIntoView({block: 'center'})", element)
    ActionChains(sound.driver).double_click(element).perform()
    default = SETTINGS["reverb_wet"].default
    sound.until(lambda: engine.call("status")["settings"]["reverb_wet"] == default)


def test_arrow_keys_move_every_slider(sound, engine):
    for name, kind in SETTINGS.items():
        if not isinstance(kind, Choice):
            key = "\ue014" if kind.default < kind.maximum else "\ue012"
            sound.find(f"#set-{name}").send_keys(key)
            sound.until(
                lambda name=name, kind=kind: engine.call("status")["settings"][name] != kind.default
            )
            engine.call("set", values={name: kind.default})


def test_an_arrow_key_is_one_step_of_whole_numbers(sound, engine):
    sound.find("#set-voices").send_keys("\ue014")
    sound.until(lambda: engine.call("status")["settings"]["voices"] == 2)
    engine.call("set", values={"voices": 1})


def test_audio_or_keyboard(sound, engine):
    for source in ("effect", "synth"):
        sound.tap(f"[data-source={source}]")
        sound.until(lambda source=source: engine.call("status")["source"] == source)
        sound.until(
            lambda source=source: sound.value(f"[data-source={source}]", "aria-pressed") == "true"
        )


def mix(engine):
    return engine.call("status")["settings"]["mix"]


@pytest.fixture
def half(sound, engine):
    """The mix at 0.5, as the page shows it."""
    engine.call("set", values={"mix": 0.5})
    sound.until(lambda: sound.value("#set-mix", "aria-valuetext") == "0.5")
    yield ".setting[data-name=mix] .way"
    engine.call("set", values={"mix": SETTINGS["mix"].default})


def test_a_finger_drags_from_where_it_is_and_does_not_make_it_leap(sound, engine, half):
    sound.touch(half, *[(0.1 + 0.02 * step, 0.5) for step in range(11)])
    sound.until(lambda: 0.6 < mix(engine) < 0.8)


def test_a_touch_or_a_scroll_over_a_slider_changes_nothing(sound, engine, half):
    sound.touch(half, (0.9, 0.5))
    sound.touch(half, *[(0.9, 0.5 - 0.4 * step) for step in range(12)])
    sound.find("#set-mix").send_keys("\ue014")  # what came before has arrived before this
    sound.until(lambda: mix(engine) != 0.5)
    assert abs(mix(engine) - 0.5) < 0.02


def test_a_locked_slider_is_not_moved(sound, engine, half):
    sound.tap("#lock")
    sound.touch(half, *[(0.1 + 0.05 * step, 0.5) for step in range(11)])
    ActionChains(sound.driver).click(sound.find(half)).perform()
    sound.hold("#lock", 1.5)
    sound.find("#set-mix").send_keys("\ue014")
    sound.until(lambda: mix(engine) != 0.5)
    assert abs(mix(engine) - 0.5) < 0.02


def test_undo_goes_back_step_by_step_and_a_and_b_are_compared(sound, engine):
    assert not sound.find("#undo").is_enabled()
    sound.touch(
        ".setting[data-name=reverb_wet] .way", *[(0.2 + 0.04 * step, 0.5) for step in range(9)]
    )  # a drag is one step
    sound.until(lambda: engine.call("status")["settings"]["reverb_wet"] > 0.3)
    sound.until(lambda: sound.find("#undo").is_enabled())
    sound.tap("#undo")
    arrives(sound, engine, "reverb_wet", SETTINGS["reverb_wet"].default)
    sound.until(lambda: not sound.find("#undo").is_enabled())
    sound.tap("#ab")
    sound.until(lambda: sound.text("#ab") == "B plays")
    sound.run(MOVE, "mix", 0.25)
    arrives(sound, engine, "mix", 0.25)
    sound.until(lambda: sound.find("#undo").is_enabled())
    for text, value in (("A plays", 1.0), ("B plays", 0.25), ("A plays", 1.0)):
        sound.tap("#ab")
        sound.until(lambda text=text: sound.text("#ab") == text)
        arrives(sound, engine, "mix", value)
