"""The encoder over gpiozero's mock pins: detents, bounces, pushes and long pushes."""

from __future__ import annotations

import queue
import time

import pytest

from ddsp_edge.errors import UserError
from firmware_py.controls.display_config import DisplayConfig
from firmware_py.display.knob import Knob

pytest.importorskip("gpiozero", reason="the extra `pedal` is not installed")
from gpiozero.pins.mock import MockFactory

A, B, PUSH = 5, 6, 13
CONFIG = DisplayConfig("sh1106", encoder_a=A, encoder_b=B, encoder_push=PUSH, hold_s=0.2)
PATIENCE_S = 10.0


class Turner:
    """A hand at the pins, and what the knob made of it."""

    def __init__(self):
        self.factory = MockFactory()
        self.calls = queue.SimpleQueue()
        self.done = []
        self.knob = Knob(
            CONFIG,
            post=self.calls.put,
            turned=lambda clicks, _: self.done.append(clicks),
            pushed=lambda _: self.done.append("push"),
            held=lambda _: self.done.append("hold"),
            factory=self.factory,
        )

    def drive(self, number, down):
        """Contacts close to ground."""
        pin = self.factory.pin(number)
        pin.drive_low() if down else pin.drive_high()

    def detent(self, first, second):
        for number, down in ((first, True), (second, True), (first, False), (second, False)):
            self.drive(number, down)

    def run(self):
        """Carry out what was posted."""
        while True:
            try:
                self.calls.get_nowait()()
            except queue.Empty:
                return self.done

    def until(self, expected):
        ends = time.monotonic() + PATIENCE_S
        while self.run() != expected:
            self.knob.poll(time.monotonic())
            assert time.monotonic() < ends, (self.done, expected)
            time.sleep(0.002)


@pytest.fixture
def hand():
    turner = Turner()
    yield turner
    turner.knob.close()


def test_each_detent_is_one_click(hand):
    for _ in range(3):
        hand.detent(A, B)
    hand.detent(B, A)
    right = hand.run()
    assert [abs(click) for click in right] == [1] * 4
    assert right[0] == right[1] == right[2] == -right[3]


def test_contacts_that_bounce_turn_nothing(hand):
    for _ in range(20):
        hand.drive(A, True)
        hand.drive(A, False)
    assert hand.run() == []
    hand.drive(A, True)
    for _ in range(20):  # in the middle of a detent
        hand.drive(B, True)
        hand.drive(B, False)
    hand.drive(B, True)
    hand.drive(A, False)
    hand.drive(B, False)
    assert len(hand.run()) == 1


def test_a_push_is_one_when_it_is_let_go_and_a_long_one_while_it_is_held(hand):
    hand.drive(PUSH, True)
    ends = time.monotonic() + PATIENCE_S
    while hand.knob.due_s is None:  # it bounces for 5 ms
        hand.run()
        assert time.monotonic() < ends
    assert hand.done == []
    # As a hand that is quicker than hold_s, whatever this machine's pace.
    hand.knob._press.hold_s = 60.0
    hand.knob._press.due_s = time.monotonic() + 60.0
    hand.drive(PUSH, False)
    hand.until(["push"])
    hand.knob._press.hold_s = CONFIG.hold_s
    hand.drive(PUSH, True)
    hand.until(["push", "hold"])
    hand.drive(PUSH, False)
    time.sleep(0.02)
    assert hand.run() == ["push", "hold"]


def test_pins_that_are_taken_are_one_line(hand):
    with pytest.raises(UserError, match="the board's pins cannot be opened"):
        Knob(CONFIG, post=print, turned=print, pushed=print, held=print, factory=hand.factory)
