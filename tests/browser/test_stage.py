"""What goes wrong on stage: a pocket that taps, an engine that dies, a second phone; and size."""

import os
import signal
import time

from ddsp_edge.api.client import ControlClient
from ddsp_edge.settings import SETTINGS

MAX_BYTES = 150_000  #: of all views, answers of the API included


def test_the_lock_stops_taps_and_lets_panic_through(phone, engine):
    phone.tap("#lock")
    phone.until(lambda: "Hold" in phone.text("#lock"))
    for css in ("#bypass", "#next", "#tab-sound"):
        assert not phone.find(css).is_enabled()
        phone.find(css).click()
    engine.call("midi", bytes=[0x90, 69, 100])
    phone.until(lambda: engine.call("status")["notes"] == [69])
    phone.tap("#panic")
    phone.until(lambda: engine.call("status")["notes"] == [])
    status = engine.call("status")
    assert not status["bypass"] and status["model"] == "violin" and phone.shown("#play > *")
    phone.tap("#lock")  # a short tap opens nothing
    assert not phone.find("#bypass").is_enabled()
    phone.hold("#lock", 1.5)
    phone.until(lambda: phone.find("#bypass").is_enabled())
    assert phone.text("#lock") == "Lock"


def test_the_lock_outlasts_a_reload_and_opens_by_key(phone, token):
    phone.tap("#lock")
    phone.open("play", token)
    assert not phone.find("#bypass").is_enabled()
    phone.run("document.getElementById('lock').focus()")
    for kind in ("keyDown", "keyUp"):
        event = {"type": kind, "key": " ", "code": "Space", "windowsVirtualKeyCode": 32}
        phone.driver.execute_cdp_cmd("Input.dispatchKeyEvent", event)
        if kind == "keyDown":
            phone.until(lambda: phone.find("#bypass").is_enabled())
    assert phone.find("#bypass").is_enabled()
    phone.tap("#lock")  # the next tap is a tap again
    phone.until(lambda: not phone.find("#bypass").is_enabled())
    phone.hold("#lock", 1.5)
    phone.until(lambda: phone.find("#bypass").is_enabled())


def test_two_phones_show_the_same(phone, new_phone, token, engine):
    other = new_phone().open("sound", token)
    phone.tap("#bypass")
    other.until(lambda: other.status("bypass") is True)
    other.open("play", token)
    assert other.value("#bypass", "aria-pressed") == "true"
    other.tap("#bypass")
    phone.until(lambda: phone.value("#bypass", "aria-pressed") == "false")
    other.open("sound", token)
    phone.open("sound", token)
    slider = "#set-reverb_wet"
    phone.run(
        "const e = arguments[0]; e.value = 0.8 * e.max; e.dispatchEvent(new Event('input'))",
        phone.find(slider),
    )
    other.until(lambda: other.value(slider, "aria-valuetext") == "0.8")
    engine.call("set", values={"reverb_wet": SETTINGS["reverb_wet"].default})
    for each in (phone, other):
        each.until(lambda each=each: each.value(slider, "aria-valuetext") == "0.15")
    assert other.complaints() == []


def test_a_lost_engine_is_told_and_comes_back_with_its_state(phone, box):
    os.kill(box.engine.pid, signal.SIGKILL)
    box.engine.wait()
    phone.until(lambda: "Engine lost" in phone.text("#banner"))
    assert phone.find("#panic").is_enabled()
    box.start_engine()
    with ControlClient(box.socket) as engine:
        engine.call("set", values={"mix": 0.5})
        phone.until(lambda: phone.text("#banner") == "")
        phone.until(lambda: phone.status("settings")["mix"] == 0.5)
        phone.tap("#bypass")
        phone.until(lambda: engine.call("status")["bypass"])
        phone.tap("#bypass")
        phone.until(lambda: not engine.call("status")["bypass"])


def test_a_panel_that_was_away_is_found_again_as_it_was(phone, box):
    phone.tap("#keys")
    phone.until(lambda: phone.shown(".key"))
    box.panel.kill()
    box.panel.wait()
    phone.until(lambda: "cannot be reached" in phone.text("#banner"))
    box.start_panel()
    phone.until(lambda: phone.text("#banner") == "")
    time.sleep(0.5)  # for everything that is fetched anew
    assert phone.shown(".key")  # the keyboard that was open
    phone.tap("#keys")
    phone.driver.get_log("browser")  # refused connections were meant


def test_everything_together_is_small_and_its_own(phone, token):
    names = set()
    sizes = {}
    for view in ("play", "sound", "presets", "system"):
        phone.open(view, token)
        phone.until(lambda: phone.run("return document.readyState") == "complete")
        rows = phone.run(
            "return performance.getEntries().filter((e) => e.encodedBodySize !== undefined)"
            ".map((e) => [e.name.split('#')[0], e.encodedBodySize])"
        )
        for name, size in rows:
            names.add(name)
            sizes[name] = max(size, sizes.get(name, 0))
    assert all(name.startswith(phone.url) for name in names), names
    assert len([name for name in names if "/static/" in name]) > 12
    assert any(name.endswith("/api/models") for name in names)
    assert 5_000 < sum(sizes.values()) < MAX_BYTES, sizes


def test_the_frame_is_seen_before_any_script_has_come(phone):
    command = phone.driver.execute_cdp_cmd
    command("Network.enable", {})
    command("Network.setBlockedURLs", {"urls": ["*.js"]})
    phone.driver.get("about:blank")
    phone.driver.get(phone.url)
    for css in ("#panic", "#lock", "#tab-sound"):
        phone.until(lambda css=css: phone.shown(css))
    assert phone.run("return performance.getEntriesByType('paint').length")
    assert phone.text("#play") == ""
    phone.driver.get_log("browser")  # scripts that did not come were meant


def test_unpairing_ends_it(new_phone, box):
    phone = new_phone().open("system", box.pair())
    phone.tap("#unpair")
    phone.tap("dialog button[type=submit]")
    phone.until(lambda: phone.shown("#pairing"))
    assert phone.run("return localStorage.getItem('ddsp-edge-token')") is None
    assert not phone.shown("#panel")
