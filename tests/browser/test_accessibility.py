"""By keyboard alone, by screen reader, and by eyes that see little: computed from the real page."""

import browser_seen as seen
import pytest

from ddsp_edge.api.pairing_code import read_code

TAB, SPACE, ENTER, ESCAPE, RIGHT, HOME = (
    {"key": "Tab", "windowsVirtualKeyCode": 9},
    {"key": " ", "windowsVirtualKeyCode": 32, "text": " "},
    {"key": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    {"key": "Escape", "windowsVirtualKeyCode": 27},
    {"key": "ArrowRight", "windowsVirtualKeyCode": 39},
    {"key": "Home", "windowsVirtualKeyCode": 36},
)
VIEWS = ("play", "sound", "presets", "system")
#: What is there once all has come that a view asks the box for.
LAST = {
    "play": "#play-morph",
    "sound": ".setting[data-name=morph]",
    "presets": "li.card:nth-child(7)",
    "system": "#card-name",
}
ROLES = {
    *("button", "slider", "combobox", "spinbutton", "tab", "textbox", "checkbox"),
    *("DisclosureTriangle", "log", "group", "listbox"),
}


def press(phone, key):
    for kind in ("keyDown", "keyUp"):
        phone.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": kind, **key})


def type_in(phone, text):
    phone.driver.execute_cdp_cmd("Input.insertText", {"text": text})


def tab_to(phone, css):
    """Tab, until this has the focus."""
    for _ in range(250):
        if phone.run("return document.activeElement.matches(arguments[0])", css):
            return
        press(phone, TAB)
    raise AssertionError(f"Tab never comes to {css}")


@pytest.fixture
def full(unopened, engine):
    """Opens a view, with something in every list; everything that opens is open."""
    engine.call("preset_save", name="Solo")
    engine.call("setlist_set", name="Friday", names=["Solo"])
    engine.call("setlist", name="Friday")
    engine.call("morph_model", name="cello")

    def show(view, token):
        phone = unopened.open(view, token)
        phone.until(lambda: phone.shown(LAST[view]))
        phone.run("for (const each of document.querySelectorAll('details')) each.open = true")
        return phone

    yield show
    engine.call("morph_model")
    engine.call("setlist")
    engine.call("setlist_set", name="Friday", names=[])
    engine.call("preset_remove", name="Solo")


def test_a_session_by_keyboard_alone(box, engine, new_phone):
    phone = new_phone().open()
    phone.until(lambda: phone.run("return document.activeElement.id") == "code")
    type_in(phone, read_code(box.code)[0])
    press(phone, ENTER)
    phone.until(lambda: phone.text("#instrument") == "Violin")
    for on in (True, False):
        tab_to(phone, "#bypass")
        press(phone, SPACE)
        phone.until(lambda on=on: engine.call("status")["bypass"] is on)
        phone.until(lambda on=on: phone.value("#bypass", "aria-pressed") == str(on).lower())
    tab_to(phone, "#about")
    press(phone, ENTER)
    phone.until(lambda: phone.run("return document.activeElement.id") == "about-close")
    press(phone, ESCAPE)
    phone.until(lambda: phone.run("return document.activeElement.id") == "about")
    tab_to(phone, "#tab-play")
    press(phone, RIGHT)
    phone.until(lambda: phone.shown(".setting"))
    tab_to(phone, "details[aria-labelledby=group-Input-and-mix] > summary")
    press(phone, ENTER)  # a keyboard plays: what is for the audio input is folded
    tab_to(phone, "#set-mix")
    press(phone, HOME)
    phone.until(lambda: engine.call("status")["settings"]["mix"] == 0)
    tab_to(phone, "[data-name=mix] .reset")
    press(phone, ENTER)
    phone.until(lambda: engine.call("status")["settings"]["mix"] == 1)
    tab_to(phone, "#tab-sound")
    press(phone, RIGHT)
    tab_to(phone, "#save")
    press(phone, ENTER)
    phone.until(lambda: phone.shown("dialog input"))
    type_in(phone, "Keys")
    press(phone, ENTER)
    phone.until(lambda: "Keys" in str(engine.call("presets")))
    phone.until(lambda: phone.run("return document.activeElement.id") == "save")
    engine.call("preset_remove", name="Keys")
    tab_to(phone, "#tab-presets")
    press(phone, RIGHT)
    phone.until(lambda: phone.shown("#tone-left"))
    tab_to(phone, "#tone-left")
    press(phone, ENTER)
    phone.until(lambda: engine.call("status")["test_tone"])
    press(phone, ENTER)
    phone.until(lambda: not engine.call("status")["test_tone"])
    tab_to(phone, "#panic")
    assert phone.complaints() == []


def focus_that_is_not_seen(phone):
    """What Tab comes to and nobody would see, and what it does not come to."""
    count = len(phone.run(seen.STOPS))
    assert count >= 8
    wrong = []
    for _ in range(count + 5):
        press(phone, TAB)
        wrong.append(phone.run(seen.FOCUS))
    return [text for text in wrong if text] + phone.run(seen.STOPS)


def roles_and_names(phone):
    """Of all that can have the focus, as a screen reader is told."""
    nodes = phone.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    things = []
    for node in nodes:
        facts = {each["name"]: each["value"].get("value") for each in node.get("properties", ())}
        if not node["ignored"] and facts.get("focusable"):
            name = node.get("name", {}).get("value", "").strip()
            things.append((node["role"]["value"], name))
    return things


def faint(phone):
    """Texts and fields that do not stand out."""
    looked, found = phone.run(seen.FAINT)
    assert looked >= 4
    return found


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_used_by_keyboard_by_screen_reader_and_by_eyes_that_see_little(full, token, view):
    phone = full(view, token)
    things = roles_and_names(phone)
    controls = [each for each in things if each[0] in ROLES]
    assert len(controls) >= 8
    assert [each for each in controls if not each[1]] == []
    assert {role for role, _ in things} <= ROLES | {"RootWebArea", "tabpanel", "generic", "option"}
    assert faint(phone) == []
    assert focus_that_is_not_seen(phone) == []


def test_what_opens_in_play_stands_out(full, token, engine):
    phone = full("play", token)
    phone.tap("#about")
    phone.until(lambda: phone.shown("#about-close"))
    assert faint(phone) == []
    phone.tap("#about-close")
    phone.tap("#tuner")
    phone.until(lambda: phone.shown(".tuner"))
    assert faint(phone) == []
    engine.call("tuner", on=False)


def test_learning_stands_out(full, token):
    phone = full("sound", token)
    phone.run(
        "document.querySelector('#set-mix').closest('.setting').querySelector('.learn-this').click()"
    )
    phone.until(lambda: phone.shown("#learn-cancel"))
    assert faint(phone) == []
    phone.tap("#learn-cancel")
    phone.tap("#learn")
    phone.until(lambda: phone.shown("#learn-done"))
    assert faint(phone) == []


def test_the_pairing_screen_stands_out(new_phone):
    phone = new_phone().open()
    phone.until(lambda: phone.shown("#code"))
    assert faint(phone) == []


def test_every_instruments_colour_is_read_on_every_ground(phone):
    """The tint is made from the name: all hues that it can have."""
    worst = phone.run(
        seen._CONTRAST
        + """
        const text = document.getElementById("instrument");
        const ratios = [];
        for (const ground of ["--ground", "--raised", "--edge"]) {
          text.style.background = `var(${ground})`;
          for (let hue = 0; hue < 360; hue += 3) {
            text.style.color = `oklch(0.83 0.135 ${hue})`;
            ratios.push(contrast(text, "color"));
          }
        }
        return Math.min(...ratios);
        """
    )
    assert 4.5 <= worst < 21
