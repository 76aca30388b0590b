"""The ports of both plug-ins: what every host has to connect, then one for each setting.

The order is the ports' index; C (``native/lv2/settings_table.h``) and Turtle are generated from
here. Hosts store values by symbol, so a new setting may come anywhere in its table.
"""

from __future__ import annotations

from dataclasses import dataclass

from ddsp_edge.effect.scales import SCALES
from ddsp_edge.settings import SETTINGS, WAVES_IN_BEAT, Choice, Setting

#: Of LV2's units extension; a setting without a unit has none.
UNITS = {"dB": "db", "Hz": "hz", "s": "s", "semitones": "semitone12TET"}
#: The heading under which a host shows a setting: the first entry that begins its name, else the
#: one of its kind.
GROUPS = {
    "reverb": "Room",
    "body": "Room",
    "snap": "Scale snap",
    "gate": "Noise gate",
    "attack": "Envelope",
    "decay": "Envelope",
    "sustain": "Envelope",
    "release": "Envelope",
    "vibrato": "Expression",
    "expression": "Expression",
    "swell": "Expression",
}
#: The plug-in sends no MIDI: the settings of it are off there.
LEFT_OUT = ("midi_out", "midi_out_channel", "midi_out_bend")
KINDS = {"EFFECT": "Input", "MIDI": "MIDI", "": "Sound"}


@dataclass(frozen=True, slots=True)
class Port:
    """A control port: a setting, or a switch of the plug-in itself."""

    symbol: str
    setting: Setting | Choice
    group: str  #: heading

    @property
    def name(self) -> str:
        """What a host shows, for instance ``Reverb size``."""
        return self.symbol.replace("_", " ").capitalize()

    @property
    def comment(self) -> str:
        """The setting's description, without the word that says where it belongs."""
        return self.setting.doc.removeprefix("EFFECT: ").removeprefix("MIDI: ")

    @property
    def minimum(self) -> float:
        return self.setting.minimum if isinstance(self.setting, Setting) else 0.0

    @property
    def maximum(self) -> float:
        if isinstance(self.setting, Setting):
            return self.setting.maximum
        return float(len(self.setting.choices) - 1)

    @property
    def default(self) -> float:
        if isinstance(self.setting, Setting):
            return self.setting.default
        return float(self.setting.choices.index(self.setting.default))

    @property
    def whole(self) -> bool:
        """Whether only whole numbers mean something."""
        return isinstance(self.setting, Choice) or self.setting.whole


@dataclass(frozen=True, slots=True)
class Plugin:
    """The effect or the instrument, and the ports that it has."""

    name: str  #: "effect" or "instrument"
    kind: str  #: the word before the descriptions of settings that only it has
    audio_in: bool

    @property
    def ports(self) -> tuple[Port, ...]:
        """The control ports, behind those that every plug-in of its kind has."""
        return tuple(
            Port(name, setting, group_of(name, setting.doc))
            for name, setting in SETTINGS.items()
            if kind_of(setting.doc) in ("", self.kind) and name not in LEFT_OUT
        )

    @property
    def first(self) -> int:
        """The index of the first setting's port."""
        return 8 if self.audio_in else 6


@dataclass(frozen=True, slots=True)
class MeterPort:
    """An output control port, behind the settings (``METER_…`` in ``native/lv2/plugin.h``)."""

    symbol: str
    comment: str
    minimum: float
    maximum: float
    unit: str  #: of LV2's units extension

    @property
    def name(self) -> str:
        return self.symbol.capitalize()


METERS = (
    MeterPort("pitch", "the note that the model is shown", 0.0, 127.0, "midiNote"),
    MeterPort("loudness", "the loudness that the model is shown; -80: silence", -80.0, 0.0, "db"),
)
EFFECT = Plugin("effect", "EFFECT", audio_in=True)
INSTRUMENT = Plugin("instrument", "MIDI", audio_in=False)
PLUGINS = (EFFECT, INSTRUMENT)


def kind_of(doc: str) -> str:
    """``EFFECT`` or ``MIDI`` where a description begins so; else nothing."""
    word = doc.partition(":")[0]
    return word if word in KINDS else ""


def group_of(name: str, doc: str) -> str:
    """Return the heading of a setting."""
    for start, group in GROUPS.items():
        if name.startswith(start):
            return group
    return KINDS[kind_of(doc)]


def settings_table() -> str:
    """Return ``native/lv2/settings_table.h``."""
    lines = [
        "/* Generated from ddsp_edge/settings.py by `python -m ddsp_edge.lv2.generate`. */",
        "#ifndef DDSP_LV2_SETTINGS_TABLE_H",
        "#define DDSP_LV2_SETTINGS_TABLE_H",
        "",
        "enum {",
        *(f"    SETTING_{name.upper()}," for name in SETTINGS if name not in LEFT_OUT),
        "    SETTINGS",
        "};",
        "",
        "static const struct {",
        "    float minimum, maximum, initial;",
        "    int whole;",
        "} setting_ranges[SETTINGS] = {",
    ]
    for name, setting in SETTINGS.items():
        if name in LEFT_OUT:
            continue
        port = Port(name, setting, "")
        numbers = ", ".join(_c_float(x) for x in (port.minimum, port.maximum, port.default))
        lines.append(f"    [SETTING_{name.upper()}] = {{{numbers}, {int(port.whole)}}},")
    lines += ["};", ""]
    for plugin in PLUGINS:
        lines.append(f"enum {{ FIRST_{plugin.name.upper()}_SETTING = {plugin.first} }};")
        lines.append(f"static const int {plugin.name}_settings[] = {{")
        lines += [f"    SETTING_{port.symbol.upper()}," for port in plugin.ports]
        lines += ["};", ""]
    waves = [0.0, *WAVES_IN_BEAT.values()]
    scales = [sum(1 << step for step in steps) for steps in SCALES.values()]
    lines += [
        "/* Pitch classes above the key note, in the order of snap_scale. */",
        f"static const unsigned scale_notes[] = {{{', '.join(f'{x:#x}' for x in scales)}}};",
        "/* Waves of a vibrato in a beat, in the order of vibrato_sync; -1: nearest to its own. */",
        f"static const float waves_in_beat[] = {{{', '.join(map(_c_float, waves))}}};",
        "",
        "#endif",
    ]
    return "\n".join(lines) + "\n"


def _c_float(x: float) -> str:
    text = f"{x:g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
