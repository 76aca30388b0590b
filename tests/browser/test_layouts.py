"""Every view at every size: nothing leaves its parent, and Play needs no scrolling."""

import os
import signal

import browser_seen as seen
import pytest

#: Phones upright and sideways, a small touch screen, a laptop.
SIZES = [(390, 844), (844, 390), (667, 375), (800, 480), (1280, 800), (360, 640)]
#: What is used on a stage.
STAGE = "#play button, #play .stage, #play .track, #play .tile, #safety button, #tabs button"
#: What is there once a view has come.
LAST = {
    "play": ".deck",
    "sound": ".part",
    "presets": "li.card:nth-child(7)",
    "system": "#card-name",
}


@pytest.fixture
def full(engine, unopened, token):
    """The panel with something in every list."""
    for name in ("Bright lead", "Slow bow"):
        engine.call("preset_save", name=name)
    engine.call("setlist_set", name="Friday", names=["Bright lead", "Slow bow"])
    engine.call("setlist", name="Friday")
    engine.call("morph_model", name="cello")
    engine.call("part_add")
    yield unopened.open("play", token)
    while engine.call("parts")["parts"]:
        engine.call("part_remove", part=1)
    engine.call("morph_model")
    engine.call("setlist")
    engine.call("setlist_set", name="Friday", names=[])
    for name in ("Bright lead", "Slow bow"):
        engine.call("preset_remove", name=name)


def test_nothing_leaves_its_parent_and_the_stage_needs_no_scrolling(full):
    wrong = []
    for size in SIZES:
        full.size(*size)
        for view, css in LAST.items():
            full.run("document.getElementById(`tab-${arguments[0]}`).click()", view)
            full.until(lambda css=css: full.shown(css))
            full.run("for (const each of document.querySelectorAll('details')) each.open = true")
            wrong += [(size, view, *each) for each in full.run(seen.OUTSIDE)]
            if view == "play":
                hidden = full.run(seen.BELOW_THE_FOLD, STAGE)
                wrong += [(size, view, name, "not seen") for name in hidden]
    full.size(*SIZES[0])
    full.run("document.getElementById('tab-sound').click()")
    full.tap("#learn")
    full.until(lambda: full.shown("#learn-done"))
    wrong += [("learning", *each) for each in full.run(seen.OUTSIDE)]
    full.tap("#learn-done")
    assert wrong == []


def test_the_walk_finds_what_spills(full):
    full.run("document.getElementById('bypass').textContent = 'Bypass'.repeat(40)")
    assert full.run(seen.OUTSIDE)
    full.run("document.getElementById('play').style.paddingTop = '120vh'")
    assert "bypass" in full.run(seen.BELOW_THE_FOLD, STAGE)


def test_the_whole_picture_of_a_model_is_seen_on_a_phone(full):
    full.until(lambda: full.find("#about").is_enabled())
    full.tap("#about")
    full.until(lambda: full.run("return document.querySelector('dialog img')?.naturalWidth"))
    sides = (
        "const box = document.querySelector('dialog .picture');"
        "return box.scrollWidth - box.clientWidth"
    )
    full.until(lambda: full.run(sides) == 0)
    full.tap("dialog .picture")  # at its own size, to be moved in
    full.until(lambda: full.run(sides) > 0)


def test_meters_fall_to_zero_when_the_engine_is_lost(phone, box, engine):
    level = "[aria-label='Out level']"
    engine.call("midi", bytes=[0x90, 69, 127])
    phone.until(lambda: int(phone.value(level, "aria-valuenow")) > -40)
    os.kill(box.engine.pid, signal.SIGKILL)
    box.engine.wait()
    phone.until(lambda: phone.value(level, "aria-valuenow") == "-60")
    assert "scaleX(0" in phone.value(".meters .meter:nth-child(2) .bar", "style")
    box.start_engine()
    phone.until(lambda: phone.text("#banner") == "")


#: Kept from the first moment of the next page: every shift of its layout, with what moved.
SHIFTS = """window.shifts = []; new PerformanceObserver((list) => {
  for (const each of list.getEntries())
    shifts.push([each.value, ...each.sources.map(({node}) => node?.id || node?.className)]);
}).observe({type: 'layout-shift', buffered: true})"""


def test_nothing_moves_under_a_finger_while_play_loads(unopened, token, engine):
    added = unopened.driver.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": SHIFTS}
    )
    try:
        for size in SIZES:
            unopened.size(*size)
            unopened.open("play", token)
            unopened.until(lambda: unopened.shown("[data-quick]"))
            shifts = unopened.run("return window.shifts")
            assert sum(value for value, *_ in shifts) < 0.02, (size, shifts)
    finally:
        unopened.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
