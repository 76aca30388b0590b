"""Pairing, changing the instrument, and what is at hand on stage."""

import numpy as np
import pytest
from browser_page import PHONE
from browser_sound import harmonics, recorded

from ddsp_edge.api.pairing_code import read_code

#: Of the picture as it was decoded.
WIDTH = "return document.querySelector(arguments[0])?.naturalWidth"


def test_a_wrong_code_is_refused_and_the_right_one_lets_in(box, new_phone):
    phone = new_phone().open()
    code, _ = read_code(box.code)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    phone.find("#code").send_keys(wrong)
    phone.tap("#pairing button")
    phone.until(lambda: "the code is wrong" in phone.text("#pair-problem"))
    assert not phone.shown("#panel")
    phone.find("#code").clear()
    phone.find("#code").send_keys(code)
    phone.tap("#pairing button")
    phone.until(lambda: phone.text("#instrument") == "Violin")
    assert not phone.shown("#pairing")


def test_another_model_is_heard(box, engine, phone):
    engine.call("midi", bytes=[0x90, 57, 100])
    phone.until(lambda: engine.call("status")["output_dbfs"] > -40)
    before = recorded(box)
    phone.tap("#next")
    phone.until(lambda: phone.text("#instrument") not in ("Violin", ""))
    other = phone.text("#instrument").lower()
    phone.until(lambda: engine.call("status")["model"] == other)
    engine.call("midi", bytes=[0x90, 57, 100])
    phone.until(lambda: engine.call("status")["output_dbfs"] > -40)
    after = recorded(box)
    apart = np.abs(harmonics(before, 220.0) - harmonics(after, 220.0)).sum()
    assert apart > 0.2
    phone.tap("#panic")
    phone.until(lambda: engine.call("status")["notes"] == [])
    phone.tap("#previous")
    phone.until(lambda: phone.text("#instrument") == "Violin")


def test_the_emblem_opens_the_models_picture(phone):
    assert phone.value("#about", "aria-label") == "Picture of Violin"
    phone.tap("#about")
    phone.until(lambda: phone.run(WIDTH, "dialog .picture img") == 880)
    assert "Violin" in phone.value("dialog .picture img", "alt")
    assert "CC" in phone.text("dialog.about-model")  # its licence
    phone.tap("#about-close")
    phone.until(lambda: not phone.shown("dialog"))
    asked = (
        "return performance.getEntriesByType('resource')"
        ".filter((e) => e.name.endsWith('/picture')).length"
    )
    assert phone.run(asked) == 1  # it is part of no page until somebody looks


@pytest.mark.parametrize("verb", ["bypass", "tuner", "freeze"])
def test_a_switch_is_thrown_and_shown(engine, phone, verb):
    for on in (True, False):
        phone.tap(f"#{verb}")
        phone.until(lambda on=on: engine.call("status")[verb] is on)
        phone.until(lambda on=on: phone.value(f"#{verb}", "aria-pressed") == str(on).lower())
    assert phone.shown("#graph")


def test_the_tuner_fills_the_stage(phone):
    phone.tap("#tuner")
    phone.until(lambda: phone.shown(".tuner-note"))
    assert not phone.shown("#graph")
    phone.tap("#tuner")
    phone.until(lambda: phone.shown("#graph"))


def test_the_meter_and_the_picture_follow_a_note(engine, phone):
    def light():
        return phone.run(
            "const c = document.getElementById('graph');"
            "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
            ".reduce((sum, each) => sum + each, 0)"
        )

    silent = phone.until(light)
    engine.call("midi", bytes=[0x90, 69, 127])
    phone.until(lambda: int(phone.value("[aria-label='Out level']", "aria-valuenow")) > -40)
    phone.until(lambda: light() > silent)
    engine.call("panic")
    phone.until(lambda: int(phone.value("[aria-label='Out level']", "aria-valuenow")) == -60)
    assert "kHz" in phone.text("#small-print") and "xrun" in phone.text("#small-print")


@pytest.mark.parametrize("view", ["play", "sound", "presets", "system"])
def test_targets_are_large_and_nothing_is_cut_off(unopened, token, view):
    phone = unopened.open(view, token)
    for size in (PHONE, (1280, 800), (360, 640)):
        phone.size(*size)
        small = phone.run(
            "return [...document.querySelectorAll('button, select, input, summary, label.button')]"
            ".filter((e) => e.checkVisibility() && !e.classList.contains('unseen'))"
            ".map((e) => [e.getBoundingClientRect(), e.id || e.textContent || e.name])"
            ".filter(([box]) => box.height < 48 || box.width < 48).map(([, name]) => name)"
        )
        assert small == [], size
        assert phone.run("return document.documentElement.scrollWidth <= innerWidth"), size
        assert phone.run(
            "const v = document.getElementById('views'); return v.scrollWidth <= v.clientWidth"
        ), size


def test_play_needs_no_scrolling_on_a_phone(phone):
    assert phone.run(
        "const v = document.getElementById('views'); return v.scrollHeight <= v.clientHeight"
    )


def test_views_are_reached_by_keyboard_alone(phone):
    phone.run("document.getElementById('tab-play').focus()")
    for view in ("sound", "presets", "system", "play"):
        phone.driver.switch_to.active_element.send_keys("\ue014")  # arrow right
        phone.until(lambda view=view: phone.shown(f"#{view} > *"))
        assert phone.driver.switch_to.active_element.get_attribute("id") == f"tab-{view}"
