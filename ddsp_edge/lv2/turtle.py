"""The plug-ins' description for hosts (``.ttl``), generated from the table of settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ddsp_edge.lv2.model_file import SUFFIX
from ddsp_edge.lv2.ports import EFFECT, METERS, PLUGINS, UNITS, Plugin, Port
from ddsp_edge.settings import Choice

#: The project has no address in the web, so its things are named by URNs.
URI = "urn:ddsp-edge:"
BINARY, README = "ddsp-edge.so", "README.txt"
#: Raised with every release in which ports or behaviour change; an even minor and micro version
#: says that it is a release.
MINOR, MICRO = 4, 0
PREFIXES = """\
@prefix atom:   <http://lv2plug.in/ns/ext/atom#> .
@prefix doap:   <http://usefulinc.com/ns/doap#> .
@prefix foaf:   <http://xmlns.com/foaf/0.1/> .
@prefix log:    <http://lv2plug.in/ns/ext/log#> .
@prefix lv2:    <http://lv2plug.in/ns/lv2core#> .
@prefix midi:   <http://lv2plug.in/ns/ext/midi#> .
@prefix mod:    <http://moddevices.com/ns/mod#> .
@prefix patch:  <http://lv2plug.in/ns/ext/patch#> .
@prefix pg:     <http://lv2plug.in/ns/ext/port-groups#> .
@prefix pprops: <http://lv2plug.in/ns/ext/port-props#> .
@prefix pset:   <http://lv2plug.in/ns/ext/presets#> .
@prefix rdf:    <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs:   <http://www.w3.org/2000/01/rdf-schema#> .
@prefix state:  <http://lv2plug.in/ns/ext/state#> .
@prefix time:   <http://lv2plug.in/ns/ext/time#> .
@prefix units:  <http://lv2plug.in/ns/extensions/units#> .
@prefix urid:   <http://lv2plug.in/ns/ext/urid#> .
@prefix work:   <http://lv2plug.in/ns/ext/worker#> .

"""


@dataclass(frozen=True, slots=True)
class FactoryPreset:
    """A model in the plug-in's folder, as a preset of both plug-ins."""

    name: str  #: what a host shows
    path: str  #: of the model, from the folder
    scope: str = ""  #: the folder's name, where it is not the plug-in's own

    def uri(self, plugin: Plugin) -> str:
        """Return the preset's name for hosts, the same for the same file."""
        scope = f"{_word(self.scope)}:" if self.scope else ""
        return f"{URI}preset:{plugin.name}:{scope}{_word(Path(self.path).stem)}"


def manifest(presets: Sequence[FactoryPreset] = (), plugins: bool = True) -> str:
    """Return ``manifest.ttl``: what a host reads of every folder.

    ``plugins``: the folder holds the plug-ins themselves, not only presets of them.
    """
    lines = []
    for plugin in PLUGINS if plugins else ():
        lines.append(f"<{URI}{plugin.name}>")
        lines.append("    a lv2:Plugin ;")
        lines.append(f"    lv2:binary <{BINARY}> ;")
        lines.append(f"    rdfs:seeAlso <{plugin.name}.ttl> , <modgui.ttl> .\n")
    for plugin in PLUGINS:
        for preset in presets:
            lines.append(f"<{preset.uri(plugin)}>")
            lines.append("    a pset:Preset ;")
            lines.append(f"    lv2:appliesTo <{URI}{plugin.name}> ;")
            lines.append("    rdfs:seeAlso <presets.ttl> .\n")
    return PREFIXES + "\n".join(lines)


def presets_file(presets: Sequence[FactoryPreset]) -> str:
    """Return ``presets.ttl``: for each model a preset of either plug-in, and its path."""
    lines = []
    for plugin in PLUGINS:
        for preset in presets:
            lines.append(f"<{preset.uri(plugin)}>")
            lines.append("    a pset:Preset ;")
            lines.append(f"    lv2:appliesTo <{URI}{plugin.name}> ;")
            lines.append(f"    rdfs:label {_text(preset.name)} ;")
            lines.append(f"    state:state [ <{URI}model> <{_path(preset.path)}> ] .\n")
    return PREFIXES + "\n".join(lines)


def description(plugin: Plugin) -> str:
    """Return ``effect.ttl`` or ``instrument.ttl``."""
    effect = plugin is EFFECT
    kind = "lv2:SimulatorPlugin" if effect else "lv2:InstrumentPlugin"
    comment = (
        "Sing or play into it: a neural instrument follows pitch and loudness."
        if effect
        else "A neural instrument that is played by MIDI, with MPE."
    )
    groups = list(dict.fromkeys(port.group for port in plugin.ports))
    blocks = [_parameter("model", "Instrument", "The model that plays: a .ddspw file.")]
    blocks.append(_parameter("morph_model", "Morph instrument", "The model to which Morph leads."))
    blocks += [_group(plugin, name) for name in groups]
    ports = [*_fixed(plugin)]
    for index, port in enumerate(plugin.ports, plugin.first):
        ports.append(_control(index, port, _group_uri(plugin, port.group)))
    ports += _meters(plugin)
    required = "" if effect else "    lv2:requiredFeature urid:map ;\n"
    optional = "urid:map , " if effect else ""
    body = (
        f"<{URI}{plugin.name}>\n"
        f"    a lv2:Plugin , {kind} , doap:Project ;\n"
        f'    doap:name "ddsp-edge {plugin.name}" ;\n'
        "    doap:license <http://spdx.org/licenses/Apache-2.0> ;\n"
        '    doap:maintainer [ a foaf:Person ; foaf:name "the authors of ddsp-edge" ;\n'
        # As the packages say; the page that there is lies beside the description.
        f"        foaf:mbox <mailto:ddsp-edge@localhost> ; foaf:homepage <{README}> ] ;\n"
        f"    rdfs:comment {_text(comment)} ;\n"
        f"    lv2:minorVersion {MINOR} ;\n"
        f"    lv2:microVersion {MICRO} ;\n"
        f"{required}"
        f"    lv2:optionalFeature {optional}lv2:hardRTCapable , work:schedule , log:log ,\n"
        "        state:mapPath , state:freePath , state:threadSafeRestore ;\n"
        "    lv2:extensionData work:interface , state:interface ;\n"
        f"    patch:writable <{URI}model> , <{URI}morph_model> ;\n"
        f"    lv2:port {' , '.join(ports)} .\n"
    )
    return PREFIXES + "\n".join([*blocks, body])


def _parameter(name: str, label: str, comment: str) -> str:
    return (
        f"<{URI}{name}>\n    a lv2:Parameter ;\n    rdfs:label {_text(label)} ;\n"
        f"    rdfs:comment {_text(comment)} ;\n    rdfs:range atom:Path ;\n"
        # What the file choosers of MOD and PiPedal offer.
        f'    mod:fileTypes "{SUFFIX.removeprefix(".")}" .\n'
    )


def _group_uri(plugin: Plugin, name: str) -> str:
    return f"{URI}{plugin.name}:group:{_word(name)}"


def _group(plugin: Plugin, name: str) -> str:
    return (
        f"<{_group_uri(plugin, name)}>\n    a pg:InputGroup ;\n"
        f"    lv2:symbol {_text(_word(name))} ;\n    lv2:name {_text(name)} .\n"
    )


def _block(lines: Iterable[str]) -> str:
    return "[\n" + " ;\n".join(f"        {line}" for line in lines) + "\n    ]"


def _head(index: int, symbol: str, name: str) -> list[str]:
    return [f"lv2:index {index}", f"lv2:symbol {_text(symbol)}", f"lv2:name {_text(name)}"]


def _fixed(plugin: Plugin) -> list[str]:
    """The ports that are no settings, in the order of ``native/lv2/plugin.h``."""
    supports = ["atom:supports patch:Message"]
    if plugin is not EFFECT:
        supports = ["atom:supports midi:MidiEvent , patch:Message , time:Position"]
    optional = "lv2:portProperty lv2:connectionOptional"
    ports = [
        [
            "a lv2:InputPort , atom:AtomPort",
            *_head(0, "control", "Control"),
            "atom:bufferType atom:Sequence",
            *supports,
            "lv2:designation lv2:control",
            optional,
        ],
        [
            "a lv2:OutputPort , atom:AtomPort",
            *_head(1, "notify", "Notify"),
            "atom:bufferType atom:Sequence",
            "atom:supports patch:Message",
            "lv2:designation lv2:control",
            optional,
        ],
    ]
    if plugin.audio_in:
        ports.append(["a lv2:InputPort , lv2:AudioPort", *_head(2, "in", "In")])
    for symbol, name, side in (("out_left", "Left", "left"), ("out_right", "Right", "right")):
        head = _head(len(ports), symbol, name)
        ports.append(["a lv2:OutputPort , lv2:AudioPort", *head, f"lv2:designation pg:{side}"])
    ports.append(
        [
            "a lv2:InputPort , lv2:ControlPort",
            *_head(len(ports), "enabled", "Enabled"),
            "lv2:minimum 0",
            "lv2:maximum 1",
            "lv2:default 1",
            "lv2:portProperty lv2:toggled , lv2:integer , lv2:connectionOptional",
            "lv2:designation lv2:enabled",
        ]
    )
    ports.append(
        [
            "a lv2:OutputPort , lv2:ControlPort",
            *_head(len(ports), "latency", "Latency"),
            "lv2:minimum 0",
            "lv2:maximum 8192",
            "lv2:default 0",
            "units:unit units:frame",
            "lv2:portProperty lv2:reportsLatency , lv2:integer , lv2:connectionOptional",
            "lv2:designation lv2:latency",
        ]
    )
    if plugin is EFFECT:
        ports.append(
            [
                "a lv2:InputPort , lv2:ControlPort",
                *_head(len(ports), "freeze", "Freeze"),
                "rdfs:comment " + _text("hold the present sound"),
                "lv2:minimum 0",
                "lv2:maximum 1",
                "lv2:default 0",
                "lv2:portProperty lv2:toggled , lv2:integer",
            ]
        )
    return [_block(port) for port in ports]


def _meters(plugin: Plugin) -> list[str]:
    """The outputs behind the settings: where the model is in its range."""
    behind = plugin.first + len(plugin.ports)
    return [
        _block(
            [
                "a lv2:OutputPort , lv2:ControlPort",
                *_head(index, meter.symbol, meter.name),
                f"rdfs:comment {_text(meter.comment)}",
                f"lv2:minimum {meter.minimum:g}",
                f"lv2:maximum {meter.maximum:g}",
                f"lv2:default {meter.minimum:g}",
                f"units:unit units:{meter.unit}",
                "lv2:portProperty lv2:connectionOptional",
            ]
        )
        for index, meter in enumerate(METERS, behind)
    ]


def _control(index: int, port: Port, group: str) -> str:
    lines = ["a lv2:InputPort , lv2:ControlPort", *_head(index, port.symbol, port.name)]
    lines.append(f"rdfs:comment {_text(port.comment)}")
    lines.append(f"lv2:minimum {port.minimum:g}")
    lines.append(f"lv2:maximum {port.maximum:g}")
    lines.append(f"lv2:default {port.default:g}")
    lines.append(f"pg:group <{group}>")
    properties = []
    setting = port.setting
    if isinstance(setting, Choice):
        properties += ["lv2:integer", "lv2:enumeration"]
        points = " , ".join(
            f"[ rdfs:label {_text(choice)} ; rdf:value {value} ]"
            for value, choice in enumerate(setting.choices)
        )
        lines.append(f"lv2:scalePoint {points}")
    else:
        if setting.whole:
            properties.append("lv2:integer")
        if setting.unit == "s" and setting.minimum > 0.0:
            properties.append("pprops:logarithmic")
        if setting.unit in UNITS:
            lines.append(f"units:unit units:{UNITS[setting.unit]}")
    if properties:
        lines.append(f"lv2:portProperty {' , '.join(properties)}")
    return _block(lines)


def _word(text: str) -> str:
    """``text`` as a symbol: letters, digits and underscores."""
    word = "".join(c if c.isascii() and c.isalnum() else "_" for c in text.lower())
    return word if word[:1].isalpha() else f"_{word}"


def _text(text: str) -> str:
    """A Turtle string. Texts come from bundles too."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else " " for c in escaped) + '"'


def _path(path: str) -> str:
    """A relative path as an IRI reference: what may not stand there is percent-encoded."""
    from urllib.parse import quote

    return quote(path)
