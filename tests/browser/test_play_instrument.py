"""Play as an instrument: the tone box, quick controls, the picker, keys on the screen."""

import time

import pytest

from ddsp_edge.settings import SETTINGS


@pytest.fixture
def play(phone):
    return phone


def settings(engine):
    return engine.call("status")["settings"]


def test_a_drag_in_the_tone_box_shifts_pitch_and_loudness(play, engine):
    play.touch("#graph", (0.5, 0.5))  # a mere touch changes nothing
    play.touch("#graph", *[(0.4 + 0.02 * step, 0.6 - 0.02 * step) for step in range(9)])
    play.until(lambda: settings(engine)["input_pitch"] > 1 and settings(engine)["input_gain"] > 1)
    play.until(lambda: "semitones" in play.text("#shift"))
    assert "dB" in play.text("#shift")
    play.touch("#graph", *[(0.6 - 0.05 * step, 0.5 + 0.05 * step) for step in range(9)])
    play.until(lambda: settings(engine)["input_pitch"] < 0 and settings(engine)["input_gain"] < 0)
    play.tap("#lock")
    before = settings(engine)
    play.touch("#graph", *[(0.4 + 0.05 * step, 0.6) for step in range(9)])
    play.hold("#lock", 1.5)
    assert settings(engine) == before
    values = {name: SETTINGS[name].default for name in ("input_pitch", "input_gain")}
    engine.call("set", values=values)
    play.until(lambda: play.text("#shift") == "")


def test_quick_controls_are_chosen_moved_and_kept(play, engine, token):
    shown = "return [...document.querySelectorAll('[data-quick]')].map((e) => e.dataset.quick)"
    play.until(lambda: len(play.run(shown)) == 4)
    play.tap("#quick-choose")
    play.tap("#pick-attack")
    play.tap("#pick-output_gain")
    play.tap("#pick-reverb_wet")
    assert not play.find("dialog button[value=yes]").is_enabled()  # three are too few
    play.tap("#pick-noise_gain")
    play.tap("dialog button[value=yes]")
    wanted = {"expression", "release", "attack", "noise_gain"}
    play.until(lambda: set(play.run(shown)) == wanted)
    play.open("play", token)
    play.until(lambda: set(play.run(shown)) == wanted)

    def drags() -> bool:
        """Once more where the page was still moving under the finger."""
        way = [(0.8 - 0.05 * step, 0.7) for step in range(9)]
        play.touch("[data-quick=noise_gain] .way", *way)
        return settings(engine)["noise_gain"] < -5

    play.until(drags)

    def is_back() -> bool:
        """Once more where the last of the drag came after it."""
        engine.call("set", values={"noise_gain": SETTINGS["noise_gain"].default})
        time.sleep(0.1)
        return play.text("[data-quick=noise_gain] .tile-value").startswith("0")

    play.until(is_back)


def test_a_preset_is_large_its_place_is_told_and_the_picker_finds_instruments(play, engine):
    for name in ("Warm", "Bright"):
        engine.call("preset_save", name=name)
    engine.call("setlist_set", name="Friday", names=["Warm", "Bright"])
    engine.call("setlist", name="Friday")
    engine.call("preset", name="Warm")
    play.until(lambda: play.text("#instrument") == "Warm")
    assert play.text("#model-name") == "Violin"
    play.until(lambda: play.text("#place") == "1 of 2 in Friday · next: Bright")
    play.tap("#next")
    play.until(lambda: play.text("#place") == "2 of 2 in Friday · next: Warm")
    play.tap("#choose")
    play.until(lambda: play.shown("#pick-search"))
    play.tap("[data-pick='model flute'] .like")
    first = "return document.querySelector('[data-pick]').dataset.pick"
    play.until(lambda: play.run(first) == "model flute")  # favourites come first
    play.find("#pick-search").send_keys("cel")
    found = "return [...document.querySelectorAll('[data-pick]')].map((e) => e.dataset.pick)"
    play.until(lambda: "model flute" not in play.run(found))
    play.tap("[data-pick='model cello'] .play")
    play.until(lambda: engine.call("status")["model"] == "cello")
    play.until(lambda: not play.shown("dialog"))
    for name in ("Warm", "Bright"):
        engine.call("preset_remove", name=name)
    engine.call("model", name="violin")


def test_keys_on_the_screen_play_by_height_and_legato(play, engine):
    notes = lambda: engine.call("status")["notes"]  # noqa: E731
    play.tap("#keys")
    play.until(lambda: play.shown(".key"))
    assert not play.shown("#graph")
    first = int(play.value(".key:not(.black)", "data-note"))
    key = play.run("return document.querySelector('.key').getBoundingClientRect().toJSON()")
    finger = lambda kind, *points: play.driver.execute_cdp_cmd(  # noqa: E731
        "Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)}
    )
    low = {"x": key["x"] + key["width"] / 2, "y": key["bottom"] - 4}
    finger("touchStart", low)
    play.until(lambda: notes() == [first])
    loud = play.until(lambda: engine.call("status")["output_dbfs"] > -45 and notes())
    assert loud == [first]
    finger("touchMove", low | {"x": low["x"] + key["width"]})  # slid to the next white key
    play.until(lambda: notes() == [first + 2])
    finger("touchEnd")
    play.until(lambda: notes() == [])
    sent = play.run(
        "const done = arguments[0]; import('/static/link.js').then(({link}) => {"
        " window.sent = []; const call = link.call.bind(link);"
        " link.call = (verb, what) => { if (verb === 'midi') sent.push(what.bytes);"
        " return call(verb, what); }; done(sent); })",
        later=True,
    )
    assert sent == []
    for y in (key["y"] + 10, key["bottom"] - 4):
        finger("touchStart", low | {"y": y})
        play.until(lambda: notes() == [first])
        finger("touchEnd")
        play.until(lambda: notes() == [])
    soft, strong = [row[2] for row in play.run("return sent") if row[0] == 0x90]
    assert 0 < soft < 40 < 100 < strong <= 127
    finger("touchStart", low)
    play.until(lambda: notes() == [first])
    play.run("document.getElementById('tab-sound').click()")  # no note hangs
    play.until(lambda: notes() == [])


def test_two_taps_in_the_tone_box_fit_it(play, engine):
    engine.call("model", source="effect")
    play.until(lambda: play.status("source") == "effect")

    def tapped_twice() -> bool:
        """Where the driver is slow the taps are no double tap: a player would tap again."""
        play.touch("#graph", (0.3, 0.5))
        play.touch("#graph", (0.3, 0.5))
        time.sleep(0.5)
        return "lowest and highest" in play.text("#shift")

    play.until(tapped_twice)
    play.until(lambda: engine.call("status")["autofit_s"])
