"""The whole of it over gpiozero's mock pins, an MCP3008 bit by bit, and real threads."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time

import mido
import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.presets.actions import Action
from ddsp_edge.presets.mapping import ControlMapping
from ddsp_edge.settings import Settings
from firmware_py.controls import ControlDispatcher, ControlsConfig
from firmware_py.controls.config import (
    EncoderConfig,
    ExpressionConfig,
    KeyConfig,
    LightConfig,
    RelayConfig,
    SwitchConfig,
)
from firmware_py.controls.keys import EV_KEY, EVENT
from firmware_py.learn.session import LearnRequest, LearnSession

gpiozero = pytest.importorskip("gpiozero", reason="the extra `pedal` is not installed")
from gpiozero.pins.mock import MockFactory, MockSPIDevice  # noqa: E402

PATIENCE_S = 5.0


class Mcp3008(MockSPIDevice):
    """The converter's side of the bus: start bit, single-ended, three bits of channel, then a
    null bit and ten bits of the reading (Microchip DS21295, figure 5-1)."""

    readings = [0] * 8

    def on_bit(self):
        bits = [bool(bit) for bit in self.rx_buf]
        if True not in bits:
            return
        start = bits.index(True)
        if len(bits) == start + 5 and bits[start + 1]:
            channel = sum(bit << (2 - i) for i, bit in enumerate(bits[start + 2 : start + 5]))
            reading = self.readings[channel]
            # One clock to sample, the null bit, then the ten bits from the highest down.
            self.tx_buf = [0, 0] + [(reading >> i) & 1 for i in range(9, -1, -1)]


class Stage:
    """Controls over mock pins, and what they did."""

    def __init__(self, config, start=True, **more):
        self.factory = MockFactory()
        self.done, self.changes = [], []
        self.settings = Settings()
        self._news = threading.Condition()
        self.controls = ControlDispatcher(
            config, self.act, self.change, lambda: self.settings, self.factory, **more
        )
        if start:
            self.controls.start()

    def act(self, action):
        with self._news:
            self.done.append(str(action))
            self._news.notify_all()

    def change(self, values):
        with self._news:
            self.settings = self.settings.changed(values)
            self.changes.append(values)
            self._news.notify_all()

    def wait(self, condition):
        """Until it holds; fails where it never does."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, (self.done, self.changes)
            with self._news:
                self._news.wait(0.005)

    def settle(self):
        """Until the thread has done all that was posted before."""
        ready = threading.Event()
        self.controls._post(ready.set)
        assert ready.wait(PATIENCE_S)

    def pin(self, number):
        return self.factory.pin(number)

    def press(self, number, seconds=0.0):
        self.pin(number).drive_low()
        time.sleep(seconds)
        self.pin(number).drive_high()


@pytest.fixture
def stage():
    made = []

    def make(**parts):
        made.append(Stage(ControlsConfig(**parts)))
        return made[-1]

    yield make
    for each in made:
        each.controls.stop()


def switch(name, pin, **more):
    return SwitchConfig(name, pin, bounce_s=0.0, **more)


def test_a_switch_is_learned_by_pressing_it_and_meanwhile_does_not_act():
    learner = LearnSession(LearnRequest(do="bypass"), lambda control: "", 0.0)
    learning = threading.Event()
    learning.set()

    def learns(*what):
        return learning.is_set() and learner.hear(*what, 1.0)

    config = ControlsConfig(
        switches=(switch("left", 17),), mappings=(ControlMapping("switch left", do="freeze"),)
    )
    box = Stage(config, learn=learns)
    try:
        box.press(17)
        box.wait(lambda: learner.poll(1.0))
        learned = learner.request.mapping(learner.poll(1.0))
        assert learned == ControlMapping("switch left", do="bypass")
        learning.clear()
        box.settle()
        assert box.done == []
        box.controls.use((), (learned,))
        box.settle()
        box.press(17)
        box.wait(lambda: box.done == ["bypass"])
    finally:
        box.controls.stop()


def test_short_and_long_presses(stage):
    box = stage(
        switches=(switch("left", 17, hold_s=0.2), switch("right", 27)),
        mappings=(
            ControlMapping("switch left", do="bypass"),
            ControlMapping("switch left long", do="tuner"),
            ControlMapping("switch right", do="preset_next"),
        ),
    )
    box.pin(27).drive_low()  # nothing long there: it acts as the foot comes down
    box.wait(lambda: box.done == ["preset_next"])
    box.press(17)
    box.wait(lambda: box.done == ["preset_next", "bypass"])
    box.pin(17).drive_low()  # held: it acts while the foot is down
    box.wait(lambda: box.done[2:] == ["tuner"])
    box.pin(17).drive_high()
    box.settle()
    assert box.done == ["preset_next", "bypass", "tuner"]


def test_freeze_as_long_as_the_foot_is_down(stage):
    box = stage(
        switches=(switch("a", 4),),
        mappings=(
            ControlMapping("switch a down", do="freeze on"),
            ControlMapping("switch a up", do="freeze off"),
        ),
    )
    box.press(4)
    box.wait(lambda: box.done == ["freeze on", "freeze off"])


def test_a_latching_switch_presses_at_every_click(stage):
    box = stage(
        switches=(switch("a", 4, kind="latching"),),
        mappings=(ControlMapping("switch a", do="bypass"),),
    )
    box.pin(4).drive_low()
    box.wait(lambda: len(box.done) == 1)
    box.pin(4).drive_high()
    box.wait(lambda: len(box.done) == 2)


def test_presets_take_over_and_give_back(stage):
    box = stage(switches=(switch("a", 4),), mappings=(ControlMapping("switch a", do="bypass"),))
    box.controls.use((ControlMapping("switch a", set="snap", values=("off", "hard")),))
    box.press(4)
    box.wait(lambda: box.settings.snap == "hard")
    box.press(4)
    box.wait(lambda: box.settings.snap == "off")
    box.controls.use(())
    box.press(4)
    box.wait(lambda: box.done == ["bypass"])


def test_a_tap_is_an_action_like_any_other(stage):
    box = stage(switches=(switch("a", 4),), mappings=(ControlMapping("switch a", do="tap"),))
    for _ in range(2):
        box.press(4)
        box.settle()
    box.wait(lambda: box.done == ["tap", "tap"])
    assert not box.changes


def test_an_encoder_turns_a_setting_and_its_knob_is_a_switch(stage):
    box = stage(
        encoders=(EncoderConfig("tone", 5, 6, 13),),
        mappings=(
            ControlMapping("encoder tone", set="voices"),
            ControlMapping("encoder tone short", do="panic"),
        ),
    )
    a, b = box.pin(5), box.pin(6)

    def turn(first, second):
        for pin, low in ((first, True), (second, True), (first, False), (second, False)):
            (pin.drive_low if low else pin.drive_high)()

    for _ in range(3):
        turn(a, b)
    box.wait(lambda: box.settings.voices == 4)
    turn(b, a)
    box.wait(lambda: box.settings.voices == 3)
    box.pin(13).drive_low()
    box.wait(lambda: box.done == ["panic"])


def test_an_expression_pedal_through_the_converter():
    box = Stage(ControlsConfig(), start=False)
    box.controls.stop()
    factory = MockFactory()
    gpiozero.Device.pin_factory = factory
    try:
        chip = Mcp3008(11, 10, 9, 8)
        chip.readings = [0] * 8
        box.controls = ControlDispatcher(
            ControlsConfig(
                expressions=(ExpressionConfig("swell", 3),),
                mappings=(
                    ControlMapping("expression swell", set="input_gain", range=(-30.0, 0.0)),
                ),
            ),
            box.act,
            box.change,
            lambda: box.settings,
            factory,
        )
        box.controls.start()
        box.wait(lambda: box.settings.input_gain == -30)
        chip.readings[3] = 512
        box.wait(lambda: abs(box.settings.input_gain + 15) < 0.5)
        chip.readings[3] = 1023
        box.wait(lambda: box.settings.input_gain == 0)
        # Another preset maps it otherwise: where the foot is holds at once.
        box.controls.use((ControlMapping("expression swell", set="mix", range=(1.0, 0.25)),))
        box.wait(lambda: box.settings.mix == 0.25)
        box.controls.stop()
    finally:
        gpiozero.Device.pin_factory = None


def test_lights(stage):
    box = stage(
        lights=(
            LightConfig("bypass", 22),
            LightConfig("clip", 23, active_high=False),
            LightConfig("tuner", 24, blink=True),
        )
    )
    box.settle()
    assert (box.pin(22).state, box.pin(23).state) == (0, 1)
    box.controls.show({"bypass": True, "clip": True, "unknown": True})
    box.settle()
    assert (box.pin(22).state, box.pin(23).state) == (1, 0)
    box.controls.show({"bypass": False})
    box.settle()
    assert (box.pin(22).state, box.pin(23).state) == (0, 0)
    box.controls.show({"tuner": True})
    box.wait(lambda: box.pin(24).state)
    box.wait(lambda: not box.pin(24).state)  # it blinks
    box.controls.show({"tuner": False})
    box.settle()
    assert not box.pin(24).state


def test_true_bypass(stage):
    box = stage(relay=RelayConfig(23, 24, settle_s=0.005))
    relay, mute = box.pin(23), box.pin(24)
    assert (relay.state, mute.state) == (0, 0)
    box.controls.show({"active": True})
    box.wait(lambda: relay.state and not mute.state)
    moves = [state for _, state in mute.states]
    assert moves[-2:] == [True, False]
    box.controls.show({"active": False})
    box.wait(lambda: not relay.state and not mute.state)
    box.controls.show({"active": True})
    box.wait(lambda: relay.state)
    box.controls.stop()
    assert not relay.state and not mute.state
    box.controls = ControlDispatcher(
        ControlsConfig(), box.act, box.change, lambda: box.settings, box.factory
    )


def cc(number, value):
    return mido.Message("control_change", control=number, value=value)


def test_midi_controllers_as_pedals_and_switches(stage):
    box = stage(
        mappings=(
            ControlMapping("cc 11", set="mix"),
            ControlMapping("cc 80 short", do="bypass"),
            ControlMapping("cc 81 short", do="preset_previous"),
            ControlMapping("cc 81 long", do="panic"),
        )
    )
    midi = box.controls.midi
    assert midi(cc(11, 127)) and midi(cc(11, 0))
    assert box.settings.mix == 0.0
    assert midi(cc(80, 127)) and midi(cc(80, 100)) and midi(cc(80, 0)) and midi(cc(80, 64))
    box.wait(lambda: box.done == ["bypass", "bypass"])
    midi(cc(81, 127))
    box.wait(lambda: box.done[-1] == "panic")
    midi(cc(81, 0))
    box.settle()
    assert box.done == ["bypass", "bypass", "panic"]
    # What is not mapped is the instrument's.
    assert not midi(cc(1, 64)) and not midi(mido.Message("note_on", note=60))


@pytest.mark.parametrize("missing", ["lgpio", "gpiozero", "evdev"])
def test_a_package_that_is_missing_takes_only_its_part(monkeypatch, caplog, missing):
    """As on Debian 13, which has no lgpio: MIDI pedals work, the service starts."""
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    config = ControlsConfig(
        switches=(SwitchConfig("left", 5),) if missing != "evdev" else (),
        expressions=(ExpressionConfig("heel", 1),) if missing != "evdev" else (),
        keys=(KeyConfig("page", "KEY_PAGEUP"),) if missing == "evdev" else (),
        mappings=(ControlMapping("cc 80 short", do="bypass"),),
    )
    done = []
    controls = ControlDispatcher(config, done.append, lambda values: None, Settings)
    controls.start()
    try:
        assert missing in caplog.text
        assert controls.midi(mido.Message("control_change", control=80, value=127))
        controls.midi(mido.Message("control_change", control=80, value=0))
        end = time.monotonic() + PATIENCE_S
        while not done and time.monotonic() < end:
            time.sleep(0.01)
        assert [str(action) for action in done] == ["bypass"]
    finally:
        controls.stop()


def test_usb_keys_through_a_pipe(stage):
    evdev = pytest.importorskip("evdev", reason="the extra `pedal` is not installed")
    keys = (KeyConfig("left", "KEY_PAGEUP", hold_s=0.2), KeyConfig("right", "KEY_PAGEDOWN"))
    box = stage(
        keys=keys,
        mappings=(
            ControlMapping("switch left", do="bypass"),
            ControlMapping("switch left long", do="tuner"),
            ControlMapping("switch right", do="preset_next"),
        ),
    )
    out, into = os.pipe2(os.O_NONBLOCK)
    closed = threading.Event()
    box.controls._post(lambda: box.controls._keyboards.serve(out, keys, closed.set))

    def send(name, value):
        code = evdev.ecodes.ecodes[name]
        os.write(into, EVENT.pack(0, 0, EV_KEY, code, value) + EVENT.pack(0, 0, 0, 0, 0))

    send("KEY_PAGEDOWN", 1)
    box.wait(lambda: box.done == ["preset_next"])
    send("KEY_PAGEDOWN", 2)
    send("KEY_PAGEDOWN", 0)
    send("KEY_PAGEUP", 1)
    send("KEY_PAGEUP", 0)
    box.wait(lambda: box.done == ["preset_next", "bypass"])
    send("KEY_PAGEUP", 1)
    box.wait(lambda: box.done[-1] == "tuner")
    send("KEY_PAGEUP", 0)
    send("KEY_PAGEUP", 1)  # pulled out with the foot on it: nothing more comes
    os.close(into)
    assert closed.wait(PATIENCE_S)
    time.sleep(0.3)
    box.settle()
    assert box.done == ["preset_next", "bypass", "tuner"]
    os.close(out)


def test_what_goes_wrong_in_an_action_is_logged_and_all_goes_on(stage, caplog):
    box = stage(switches=(switch("a", 4),), mappings=(ControlMapping("switch a", do="panic"),))
    plain = box.controls._act

    def fail(action: Action) -> None:
        box.controls._act = plain if len(caplog.records) else fail
        raise UserError("no preset is left") if not caplog.records else RuntimeError("a bug")

    box.controls._act = fail
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            box.press(4)
            box.settle()
        box.press(4)
        box.wait(lambda: box.done == ["panic"])
    assert "no preset is left" in caplog.text and "a bug" in caplog.text


def test_pins_that_cannot_be_had_are_one_line():
    class Broken(MockFactory):
        def pin(self, name, pin_class=None):
            raise OSError(13, "Permission denied")

    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(UserError, match=r"Permission denied.*groups gpio and spi") as caught:
        ControlDispatcher(
            ControlsConfig(switches=(switch("a", 4),)), print, print, Settings, Broken()
        )
    assert len(str(caught.value).splitlines()) == 1
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_machine_without_pins_is_told(monkeypatch):
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    pytest.importorskip("lgpio", reason="lgpio is not installed")
    if os.path.exists("/dev/gpiochip0"):
        pytest.skip("this machine has pins")
    with pytest.raises(UserError, match="pins cannot be opened"):
        ControlDispatcher(ControlsConfig(switches=(switch("a", 4),)), print, print, Settings)
