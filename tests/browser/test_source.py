"""A keyboard is mute while the box follows its input: the panel says so, and one tap mends it."""

import os

import mido
import pytest

MIDI = "jack"
HINT = "#keyboard-hint"


@pytest.fixture(scope="module")
def keyboard(box):
    """A keyboard with a port of its own."""
    before = {name: os.environ.get(name) for name in box.env}
    os.environ.update(box.env)
    backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
    with backend.open_output("keys", virtual=True, client_name="keys") as port:
        yield port
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def test_a_mute_keyboard_is_told_and_one_tap_lets_it_play(phone, engine, keyboard):
    engine.call("model", source="effect")
    phone.until(lambda: "keys" in str(engine.call("status")["midi_ports"]))
    phone.until(lambda: phone.shown(HINT))
    assert "the box follows the audio input" in phone.text(HINT)
    keyboard.send(mido.Message("note_on", note=60, velocity=100))
    keyboard.send(mido.Message("note_off", note=60))
    assert engine.call("status")["source"] == "effect"
    phone.tap("#play-keyboard")
    phone.until(lambda: engine.call("status")["source_mode"] == "auto")
    phone.until(lambda: not phone.shown(HINT))
    keyboard.send(mido.Message("note_on", note=62, velocity=100))
    phone.until(lambda: engine.call("status")["source"] == "synth")
    phone.until(lambda: 62 in engine.call("status")["notes"])
    keyboard.send(mido.Message("note_off", note=62))


def test_the_source_is_chosen_in_sound(unopened, token, engine):
    phone = unopened.open("sound", token)
    phone.until(lambda: phone.shown(".setting"))
    for mode in ("synth", "effect", "auto"):
        phone.tap(f"[data-source={mode}]")
        phone.until(lambda mode=mode: engine.call("status")["source_mode"] == mode)
        pressed = f"[data-source={mode}][aria-pressed=true]"
        phone.until(lambda pressed=pressed: phone.shown(pressed))
