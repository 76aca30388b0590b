"""Two models and the way between them: chosen, moved, seen and heard."""

import time

import numpy as np
import pytest
from browser_sound import harmonics, recorded

VIEW = "sound"
DRAG = [(0.1 + 0.08 * step, 0.5) for step in range(12)]


@pytest.fixture
def morphed(phone, token, engine):
    """Violin to cello, chosen in Sound; then Play is open."""
    engine.call("model", name="violin", source="synth")
    phone.find("#morph-model option[value=cello]")
    phone.run(
        "const e = document.getElementById('morph-model'); e.value = 'cello';"
        "e.dispatchEvent(new Event('change'))"
    )
    phone.until(lambda: engine.call("status")["morph_model"] == "cello")
    yield phone.open("play", token)
    engine.call("panic")
    engine.call("set", values={"morph": 0})
    engine.call("morph_model")


def test_the_slider_is_in_play_while_there_is_a_second_model(morphed, engine):
    morphed.until(lambda: morphed.shown("#play-morph"))
    assert morphed.text(".morph .first") == "Violin"
    morphed.until(lambda: morphed.text(".morph .second") == "Cello")  # with the list
    assert not morphed.run(
        "const v = document.getElementById('views'); return v.scrollHeight > v.clientHeight"
    )
    engine.call("morph_model")
    morphed.until(lambda: not morphed.shown("#play-morph"))


def picture(phone):
    """The emblem's and the graph's pixels."""
    return phone.run(
        "return [...document.querySelectorAll('#play canvas')].map((c) => c.toDataURL())"
    )


def test_the_slider_is_heard_and_seen(morphed, engine, box):
    morphed.until(lambda: morphed.shown("#play-morph"))
    before = picture(morphed)
    engine.call("midi", bytes=[0x90, 57, 100])
    morphed.until(lambda: engine.call("status")["output_dbfs"] > -40)
    violin = harmonics(recorded(box), 220.0)
    morphed.touch(".morph .way", *DRAG)
    morphed.until(lambda: engine.call("status")["settings"]["morph"] > 0.7)
    time.sleep(0.3)  # the ramp's end
    cello = harmonics(recorded(box), 220.0)
    assert np.abs(violin - cello).sum() > 0.15
    engine.call("panic")
    morphed.until(lambda: picture(morphed)[0] != before[0] and picture(morphed)[1] != before[1])
    assert morphed.text("#instrument") == "Violin"


def test_another_phone_and_a_pedal_move_it_here(morphed, engine):
    morphed.until(lambda: morphed.shown("#play-morph"))
    engine.call("set", values={"morph": 0.25})
    morphed.until(lambda: morphed.value("#play-morph", "aria-valuetext") == "0.25")
