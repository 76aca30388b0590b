"""The whole display before a real engine: an OLED's controller, mock pins, the control socket."""

from __future__ import annotations

import threading
import time

import pytest
from service_box import PATIENCE_S, play, until

from ddsp_edge.api.pairing_code import code_json
from ddsp_edge.errors import UserError
from firmware_py.config import read_config
from firmware_py.display.screens import CodeScreen, MessageScreen, PlayScreen, TunerScreen

pytest.importorskip("luma.oled", reason="the extra `display` is not installed")
pytest.importorskip("gpiozero", reason="the extra `pedal` is not installed")
pytest.importorskip("anyascii", reason="the extra `display` is not installed")
from display_bus import Ssd1306
from gpiozero.pins.mock import MockFactory

from firmware_py.display import menu as menus
from firmware_py.display import program as programs
from firmware_py.display.devices import DIM_CONTRAST, FULL_CONTRAST
from firmware_py.display.menu import MAIN
from firmware_py.display.picture import SIZE, draw

A, B, PUSH = 5, 6, 13
DISPLAY = f"[display]\nkind = 'ssd1306'\nencoder_a = {A}\nencoder_b = {B}\nencoder_push = {PUSH}\n"


class Face:
    """A display program in a thread, its OLED and a hand at its knob."""

    def __init__(self, config, **link):
        self.bus, self.factory = Ssd1306(), MockFactory()
        self.program = programs.DisplayProgram(config, self.bus, self.factory, **link)
        self.thread = threading.Thread(target=self.program.run, daemon=True)

    def until(self, condition):
        """The screen for which the condition holds, once the OLED shows it."""
        ends = time.monotonic() + PATIENCE_S
        while True:
            screen = self.program._shown
            if screen is not None and condition(screen) and self.shows(screen):
                return screen
            assert time.monotonic() < ends, (screen, self.program._said)
            time.sleep(0.01)

    def wait(self, condition):
        ends = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < ends, (self.program._shown, self.bus.contrast)
            time.sleep(0.01)

    def shows(self, screen):
        picture = draw(screen)
        there = {(x, y) for x in range(SIZE[0]) for y in range(SIZE[1]) if picture.getpixel((x, y))}
        return self.bus.lit() == there

    def pins(self):
        """Wait for the knob; no push of ours is a long one, whatever this machine's pace."""
        ends = time.monotonic() + PATIENCE_S
        while self.program._knob is None:
            assert time.monotonic() < ends
            time.sleep(0.01)
        self.program._knob._press.hold_s = 600.0

    def detent(self, first, second):
        for number, down in ((first, True), (second, True), (first, False), (second, False)):
            pin = self.factory.pin(number)
            pin.drive_low() if down else pin.drive_high()

    def push(self):
        """Longer than its contacts bounce."""
        self.factory.pin(PUSH).drive_low()
        ends = time.monotonic() + PATIENCE_S
        while self.program._knob.due_s is None:
            assert time.monotonic() < ends
            time.sleep(0.002)
        self.factory.pin(PUSH).drive_high()
        while self.program._knob.due_s is not None:
            assert time.monotonic() < ends
            time.sleep(0.002)

    def choose(self, page):
        """Push, turn to a page of the menu, push."""
        self.push()
        at = self.until(lambda s: getattr(s, "rows", ()) == MAIN).at
        wanted = MAIN.index(page)
        # Which way is right is a matter of the wires: tests/.../test_knob.py.
        for _ in range(abs(wanted - at)):
            self.detent(*RIGHT if wanted > at else RIGHT[::-1])
        self.until(lambda s: getattr(s, "rows", ()) == MAIN and s.at == wanted)
        self.push()


RIGHT = A, B


@pytest.fixture
def face(box, monkeypatch, tmp_path):
    """A display before a box; neither has started."""
    monkeypatch.setattr(programs, "RETRY_S", 0.2)
    monkeypatch.setattr(programs, "AGAIN_S", 0.5)
    for pause in ("IDLE_S", "LEVEL_IDLE_S", "TOLD_S"):
        monkeypatch.setattr(menus, pause, 600.0)  # a page stays until it is pushed away
    monkeypatch.setenv("DDSP_EDGE_PANEL_CODE", str(tmp_path / "code.json"))
    box.write("[audio]\ncard = 'jk'\n[midi]\napi = 'none'\n" + DISPLAY)
    made = Face(read_config(box.config), shut_down=lambda: made.shut_down())
    yield made
    made.program.stop()
    if made.thread.ident is not None:
        made.thread.join(PATIENCE_S)


def test_it_shows_what_plays_and_the_knob_acts(box, face, tmp_path):
    face.thread.start()
    face.until(lambda s: s == MessageScreen("ddsp-edge", "waiting for the engine"))
    with box.start().client() as client:
        until(lambda s: s["model"] and not s["loading"], client)
        screen = face.until(lambda s: isinstance(s, PlayScreen) and s.title == "violin")
        assert screen.model == client.call("status")["model_name"] and screen.source == "MIDI"
        play(client, 0x90, 69, 100)
        face.until(lambda s: isinstance(s, PlayScreen) and s.output > 0.3)
        play(client, 0x80, 69, 0)

        face.pins()
        face.detent(*RIGHT)
        face.until(lambda s: getattr(s, "text", "") == "+1 dB")
        until(lambda s: s["settings"]["output_gain"] == 1.0, client)
        face.push()
        face.until(lambda s: isinstance(s, PlayScreen))

        face.choose("Tuner")
        until(lambda s: s["tuner"], client)
        face.until(lambda s: isinstance(s, TunerScreen))
        (tmp_path / "code.json").write_bytes(code_json("123456", 600.0, time.time()))
        face.until(lambda s: isinstance(s, CodeScreen) and s.code == "123456")
        (tmp_path / "code.json").unlink()
        face.push()
        until(lambda s: not s["tuner"], client)

        # Pulled out: the engine does not notice; back again it shows.
        face.until(lambda s: isinstance(s, PlayScreen))
        face.bus.there = False
        before = client.call("stats")["stream"]["heartbeat"]
        ends = time.monotonic() + PATIENCE_S
        while face.program._display is not None:
            assert time.monotonic() < ends
            time.sleep(0.01)
        until(lambda s: s["stream"]["heartbeat"] > before, client, "stats")
        assert "no ssd1306 at 0x3c" in face.program._said["display"]
        face.bus.ram = [[0] * 132 for _ in range(8)]
        face.bus.there = True
        face.until(lambda s: isinstance(s, PlayScreen))
    box.end()
    face.until(lambda s: isinstance(s, MessageScreen))
    with box.start().client() as client:  # another engine, and the knob reaches that one
        face.until(lambda s: isinstance(s, PlayScreen) and s.title == "violin")
        face.choose("Tuner")
        until(lambda s: s["tuner"], client)


def test_shutting_down_needs_no_engine_and_the_last_words_stay(face):
    asked = []
    refusals = [UserError("the box cannot be shut down: no"), None]

    def shut_down():
        asked.append(True)
        if error := refusals.pop(0):
            raise error

    face.shut_down = shut_down
    face.thread.start()
    face.until(lambda s: isinstance(s, MessageScreen))
    face.pins()
    for title in ("Not done", "Goodbye"):
        face.choose("Shut down")
        face.until(lambda s: getattr(s, "title", "") == "Shut down?")
        face.detent(*RIGHT)
        face.until(lambda s: getattr(s, "at", 0) == 1)
        face.push()
        face.until(lambda s, title=title: s.title == title)
        if title == "Not done":
            face.push()
            face.until(lambda s: s.title == "ddsp-edge")
    assert asked == [True, True]
    face.program.stop()
    face.thread.join(PATIENCE_S)
    assert face.bus.on and face.shows(face.program._shown)


def test_at_its_end_the_display_is_dark(face):
    face.thread.start()
    face.until(lambda s: isinstance(s, MessageScreen))
    assert face.bus.on
    face.program.stop()
    face.thread.join(PATIENCE_S)
    assert not face.thread.is_alive() and not face.bus.on


def test_an_oled_is_dimmed_in_silence_and_woken_by_the_knob_and_by_sound(face):
    def untouched():
        face.program._busy_s = float("-inf")

    def sound():
        loud = {"event": "state", "model": "violin", "output_dbfs": -20.0}
        face.program.state.hear(loud, 0.0)

    def bright():
        return face.bus.contrast == FULL_CONTRAST["ssd1306"]

    face.thread.start()
    face.until(lambda s: isinstance(s, MessageScreen))
    face.pins()
    assert bright()
    face.program.post(untouched)
    face.wait(lambda: face.bus.contrast == DIM_CONTRAST)
    face.push()
    face.wait(bright)
    face.program.post(lambda: (face.program.menu.close(), untouched()))
    face.wait(lambda: face.bus.contrast == DIM_CONTRAST)
    # Again and again: no engine runs here, which is found out every second.
    face.wait(lambda: face.program.post(sound) or bright())
