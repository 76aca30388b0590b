"""Every verb of the control socket, in one table: server, clients and docs/control.md read it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ddsp_edge.api.protocol import RequestError
from ddsp_edge.system.toml_config import did_you_mean

MAX_TEXT = 1024
MAX_LINES_TEXT = 24 * 1024
MAX_ITEMS = 1024
MAX_EVENT_RATE_HZ = 30.0


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or not value.isprintable():
        raise ValueError(f"a text of 1 to {MAX_TEXT} printable characters")
    return value


def _lines(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_LINES_TEXT:
        raise ValueError(f"a text of 1 to {MAX_LINES_TEXT} characters")
    if not value.replace("\r", "").replace("\n", "").replace("\t", "").isprintable():
        raise ValueError("printable lines of text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        raise ValueError("a number")
    if not math.isfinite(value):
        raise ValueError("a finite number")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise ValueError("a whole number from 0")
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise ValueError(f"a list of at most {MAX_ITEMS} texts")
    return [_text(each) for each in value]


def _values(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not value or len(value) > MAX_ITEMS:
        raise ValueError('an object of settings, for instance {"mix": 0.5}')
    return value


def _bytes(value: Any) -> list[int]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_ITEMS:
        raise ValueError("a list of bytes, for instance [144, 60, 100]")
    if any(isinstance(each, bool) or not isinstance(each, int) for each in value):
        raise ValueError("a list of bytes, for instance [144, 60, 100]")
    if any(not 0 <= each <= 255 for each in value):
        raise ValueError("bytes from 0 to 255")
    return value


#: Kind of an argument to what checks it; it raises ValueError with what would be right.
KINDS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "lines": _lines,
    "number": _number,
    "whole": _whole,
    "switch": _switch,
    "texts": _texts,
    "values": _values,
    "bytes": _bytes,
}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument; without ``required`` it may be left out (``doc`` says what happens then)."""

    kind: str  #: a key of KINDS
    doc: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of the control socket: its arguments and what it does."""

    doc: str  #: what it does and, after a colon, what the answer holds
    arguments: Mapping[str, Argument]
    waits: bool = False  #: answered only when it is done; other requests go on meanwhile


_ON = Argument("switch", "left out: the other of the two", required=False)
_PRESET = Argument("text", "name of a preset")
_PART = Argument("whole", "number of the part, from 1")
_BANK = Argument("whole", "MIDI bank, 0 to 16383")
_PROGRAM = Argument("whole", "MIDI program, 0 to 127")

VERBS: dict[str, Verb] = {
    "hello": Verb(
        "what answers here: program, version, process id, verbs, limits, whether it restarts", {}
    ),
    "restart": Verb("end the engine, for systemd to start it again at once", {}),
    "status": Verb(
        "what plays: model, source, preset, settings, meters, sound card, MIDI ports", {}
    ),
    "stats": Verb(
        "counters and timing histograms of every stage; load and temperature of the machine", {}
    ),
    "settings": Verb("every setting: value, unit, range, default, description", {}),
    "set": Verb(
        "change settings: their new values",
        {"values": Argument("values", "settings to change; all of them or none")},
    ),
    "models": Verb("every installed model, and why a damaged one cannot be played", {}, True),
    "model": Verb(
        "play a model, with a cross-fade: what plays now",
        {
            "name": Argument("text", "name of an installed model", required=False),
            "path": Argument("text", "or the path of a bundle", required=False),
            "source": Argument("text", "auto, effect or synth; left out: as it is", required=False),
        },
        True,
    ),
    "morph_model": Verb(
        "choose the model that the setting morph leads to, with a cross-fade: what plays now",
        {
            "name": Argument("text", "name of an installed model", required=False),
            "path": Argument("text", "or the path of a bundle; neither: none", required=False),
        },
        True,
    ),
    "parts": Verb("the parts of the band that plays, with every value; none: no band", {}, True),
    "part_set": Verb(
        "change a part of the band; only another model is loaded: as parts",
        {"part": _PART, "values": Argument("values", 'for instance {"level": -6, "pan": 0.5}')},
        True,
    ),
    "part_add": Verb(
        "add a part; what plays alone becomes the first one: as parts",
        {"values": Argument("values", "left out: the same model on every key", required=False)},
        True,
    ),
    "part_remove": Verb("remove a part of the band: as parts", {"part": _PART}, True),
    "tuning": Verb(
        "tune the keys, held notes too, by Scala's files: what plays now",
        {
            "scale": Argument("lines", "text of a .scl; left out: as the config", required=False),
            "keyboard_map": Argument("lines", "text of a .kbm for it", required=False),
        },
        True,
    ),
    "reload": Verb("load what plays again if its file has changed: what plays now", {}, True),
    "presets": Verb("the presets in their order, and which one plays", {}, True),
    "preset": Verb("play a preset, with a cross-fade: what plays now", {"name": _PRESET}, True),
    "preset_next": Verb("play the next preset in the order", {}, True),
    "preset_previous": Verb("play the previous preset in the order", {}, True),
    "preset_save": Verb(
        "save what plays now as a preset: what plays now",
        {"name": Argument("text", "left out: the preset that plays", required=False)},
        True,
    ),
    "preset_rename": Verb(
        "rename a preset: as presets", {"name": _PRESET, "to": Argument("text", "new name")}, True
    ),
    "preset_remove": Verb(
        "remove a preset; what plays goes on: as presets", {"name": _PRESET}, True
    ),
    "preset_read": Verb(
        "what is stored as a preset: name, preset (the tables of its file)",
        {"name": _PRESET},
        True,
    ),
    "preset_write": Verb(
        "store a preset under this name; what plays goes on: as presets",
        {
            "name": _PRESET,
            "preset": Argument("values", "the tables of its file, as preset_read gives them"),
            "replace": Argument("switch", "also where a preset has this name", required=False),
        },
        True,
    ),
    "preset_order": Verb(
        "set the order of the presets: as presets",
        {"names": Argument("texts", "the first ones; the others follow as they were")},
        True,
    ),
    "setlist": Verb(
        "choose the set list that next and previous step through: as presets",
        {"name": Argument("text", "left out: through all presets", required=False)},
        True,
    ),
    "setlist_set": Verb(
        "create or change a set list: as presets",
        {
            "name": Argument("text", "of the set list"),
            "names": Argument("texts", "of its presets; an empty list removes it"),
        },
        True,
    ),
    "programs": Verb("what each MIDI program plays", {}, True),
    "program": Verb(
        "play what a MIDI program change would play: what plays now",
        {"bank": _BANK, "program": _PROGRAM},
        True,
    ),
    "program_set": Verb(
        "choose what a MIDI program plays: as programs",
        {
            "bank": _BANK,
            "program": _PROGRAM,
            "preset": Argument("text", "a preset", required=False),
            "model": Argument("text", "or a model; neither removes the entry", required=False),
        },
        True,
    ),
    "mappings": Verb(
        "what the controls do, where each mapping is stored, and what is being learned", {}
    ),
    "learn": Verb(
        "map the control that is moved next: what is being learned",
        {
            "set": Argument("text", "a setting", required=False),
            "action": Argument("text", "or an action", required=False),
            "low": Argument("number", "low end of the range; left out: the lowest", required=False),
            "high": Argument(
                "number", "high end of the range; left out: the highest", required=False
            ),
            "keep": Argument("text", "device or preset; left out: device", required=False),
            "replace": Argument("switch", "also accept a control that is in use", required=False),
            "seconds": Argument("number", "1 to 120; left out: 30", required=False),
        },
    ),
    "learn_cancel": Verb("stop learning", {}),
    "mapping_add": Verb(
        "store a mapping for the device in place of its control's: as mappings",
        {"mapping": Argument("values", 'for instance {"control": "cc 21", "set": "mix"}')},
        True,
    ),
    "mapping_remove": Verb(
        "remove a control's mapping: as mappings",
        {
            "control": Argument("text", "as mappings calls it"),
            "set": Argument("text", "only this setting", required=False),
            "action": Argument("text", "only this action", required=False),
            "keep": Argument("text", "only of the device or preset", required=False),
        },
        True,
    ),
    "panic": Verb("silence at once: every note and every tail", {}),
    "bypass": Verb("the input goes straight to the output", {"on": _ON}),
    "tuner": Verb("mute, and show the note in status: note, cents", {"on": _ON}),
    "freeze": Verb("hold the present sound", {"on": _ON}),
    "tap": Verb("one beat of a tempo that the vibrato follows: the tempo", {}),
    "autofit": Verb(
        "listen, then shift the player's range into the model's: the settings that it found",
        {"seconds": Argument("number", "1 to 60; left out: 10", required=False)},
        True,
    ),
    "latency": Verb(
        "measure the round-trip latency through a cable from an output to an input, with a sweep",
        {
            "seconds": Argument("number", "of the sweep, 0.5 to 10; left out: 1", required=False),
            "level": Argument("number", "dBFS, -60 to 0; left out: -12", required=False),
            "side": Argument("text", "left, right or both; left out: both", required=False),
        },
        True,
    ),
    "test_tone": Verb(
        "a sine at -20 dBFS over everything that plays",
        {
            "hz": Argument("number", "20 to 20000; left out: 440", required=False),
            "seconds": Argument("number", "up to 60, 0 ends it; left out: 2", required=False),
            "side": Argument("text", "left, right or both; left out: both", required=False),
        },
    ),
    "devices": Verb("sound cards and what they can do", {}, True),
    "audio_devices": Verb(
        "sound cards; the active one with its levels, and what is configured and chosen", {}, True
    ),
    "audio_choose": Verb(
        "change the sound card, its rate, period or input, also after a restart: what is active",
        {
            "card": Argument("text", "a name or stable id; left out: as it is", required=False),
            "capture": Argument(
                "text", "another card for the input, same, or none", required=False
            ),
            "rate": Argument("whole", "Hz: 44100, 48000, 88200, 96000", required=False),
            "period": Argument("whole", "samples, 16 to 4096", required=False),
            "periods": Argument("whole", "in the buffer, 2 to 16", required=False),
            "input": Argument("text", "left, right or both", required=False),
            "forget": Argument("switch", "first return to the config", required=False),
        },
        True,
    ),
    "audio_level": Verb(
        "set a level of the sound card's own mixer: the levels of the active card",
        {
            "direction": Argument("text", "playback or capture"),
            "level": Argument("text", "for instance 60% or -6dB"),
        },
        True,
    ),
    "midi_devices": Verb("MIDI ports that are there, and whether each is heard", {}),
    "midi_choose": Verb(
        "listen to a MIDI port or not, also after a restart: as midi_devices",
        {
            "port": Argument("text", "as midi_devices calls it"),
            "on": Argument("switch", "whether it is heard"),
        },
        True,
    ),
    "usb_gadget": Verb(
        "whether the box can be a MIDI device of a computer, and is configured and active as one",
        {},
        True,
    ),
    "usb_choose": Verb(
        "be such a device or not, also after a restart: as usb_gadget",
        {"on": Argument("switch", "whether it is one")},
        True,
    ),
    "midi_ports": Verb("MIDI ports that are heard", {}, True),
    "midi": Verb("play a MIDI message", {"bytes": Argument("bytes", "the message")}),
    "notice": Verb(
        "show a line of text among the box's warnings, until another one comes",
        {"text": Argument("text", "one line; left out: none any more", required=False)},
    ),
    "shutdown": Verb("shut the machine down; what plays comes back at the next start", {}, True),
    "pairing_unlock": Verb(
        "let every address try a pairing code again, and show a new one on the tuner", {}
    ),
    "subscribe": Verb(
        "send events on this connection: meters and state at this rate, other events at once",
        {"rate_hz": Argument("number", "0 to 30; 0: no meters; left out: 20", required=False)},
    ),
    "unsubscribe": Verb("send no more events", {}),
}


def check_request(message: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the verb and checked arguments of a decoded request. Raises RequestError."""
    name = message.get("do")
    verb = VERBS.get(name) if isinstance(name, str) else None
    if verb is None:
        shown = repr(name)[:60]
        raise RequestError("verb", f"no verb is called {shown}", did_you_mean(str(name), VERBS))
    arguments = {}
    for key, value in message.items():
        if key in ("v", "id", "do"):
            continue
        if key not in verb.arguments:
            remedy = did_you_mean(key, verb.arguments)
            raise RequestError("argument", f"{name} has no argument {key[:60]!r}", remedy)
        if value is None:
            continue  # as if left out
        try:
            arguments[key] = KINDS[verb.arguments[key].kind](value)
        except ValueError as error:
            raise RequestError("argument", f"{name}: {key} is wrong", f"give {error}") from None
    for key, argument in verb.arguments.items():
        if argument.required and key not in arguments:
            raise RequestError("argument", f"{name} needs {key}", f"give {argument.doc}")
    return str(name), arguments
