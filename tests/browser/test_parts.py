"""The parts of a band in Sound: added, mixed, removed, and one state for every phone."""

from __future__ import annotations

import pytest

VIEW = "sound"


@pytest.fixture
def sound(phone, engine):
    engine.call("model", name="violin", source="synth")
    phone.until(lambda: phone.shown("#part-add"))
    yield phone
    engine.call("model", name="violin")


def parts(engine):
    return engine.call("parts")["parts"]


def press(phone, selector):
    phone.run(f"document.querySelector({selector!r}).click()")


def test_a_part_is_added_mixed_and_removed(sound, engine):
    press(sound, "#part-add")
    sound.until(lambda: sound.shown("#part-2-level"))
    assert len(parts(engine)) == 2
    sound.until(lambda: sound.shown("#part-2-model option[value=flute]") or True)
    sound.find("#part-2-model option[value=flute]")
    sound.run(
        "const e = document.getElementById('part-2-model'); e.value = 'flute';"
        "e.dispatchEvent(new Event('change'))"
    )
    sound.until(lambda: parts(engine)[1]["plays"] == "flute")
    sound.run(
        "const e = document.getElementById('part-2-level'); e.value = e.max / 2;"
        "e.dispatchEvent(new Event('input'))"
    )
    sound.until(lambda: parts(engine)[1]["level"] < -6)
    press(sound, ".part:nth-child(2) .toggle")
    sound.until(lambda: parts(engine)[1]["mute"])
    sound.run(
        "const e = document.getElementById('part-1-key_high'); e.value = '59';"
        "e.dispatchEvent(new Event('change'))"
    )
    sound.until(lambda: parts(engine)[0]["key_high"] == 59)
    press(sound, ".part:nth-child(2) [aria-label='Remove part 2']")
    sound.until(lambda: len(parts(engine)) == 1)
    press(sound, "[aria-label='Remove part 1']")
    sound.until(lambda: not parts(engine) and not sound.shown("#part-1-level"))


def test_what_changes_elsewhere_is_seen_here(sound, engine):
    engine.call("part_add", values={"model": "cello", "pan": -1})
    sound.until(lambda: sound.value("#part-2-pan", "aria-valuetext") == "-1")
    engine.call("part_set", part=2, values={"level": -12.5})
    sound.until(lambda: sound.value("#part-2-level", "aria-valuetext") == "-12.5 dB")
    outside = sound.run(
        "const edge = document.documentElement.clientWidth + 1;"
        "return [...document.querySelectorAll('.parts *')].filter((e) =>"
        " e.getBoundingClientRect().right > edge).map((e) => e.outerHTML.slice(0, 90))"
    )
    assert outside == []
