"""The drawn interface for MOD's page (``modgui``): knobs, and where the instrument was trained.

It is HTML, CSS and JavaScript of the plug-in's folder, generated from the table of settings and
from parts of the panel (its colours, an instrument's colour, the names of notes), so that both show
an instrument alike. The trained ranges are written by :func:`with_ranges` when models are exported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ddsp_edge.lv2.model_file import ModelRange
from ddsp_edge.lv2.ports import EFFECT, METERS, PLUGINS, Plugin, Port

FOLDER, SCRIPT, STYLE = "modgui", "modgui/script.js", "modgui/stylesheet.css"
#: The knobs, of the settings that a player turns while playing; all others are in MOD's settings.
KNOBS = {
    "effect": (
        "mix", "pitch_shift", "gate", "morph",
        "harmonic_gain", "noise_gain", "reverb_wet", "output_gain",
    ),
    "instrument": (
        "expression", "attack", "release", "morph",
        "harmonic_gain", "noise_gain", "reverb_wet", "output_gain",
    ),
}  # fmt: skip
_ROOT = Path(__file__).resolve().parents[2]
_PANEL = _ROOT / "firmware_py" / "panel" / "static"
_COLOURS = _ROOT / "ddsp_edge" / "web" / "static" / "style.css"
_RANGES = re.compile(r"(?m)^    var RANGES = .*$")


def modgui_files() -> dict[str, str]:
    """Return each text file by its path in the plug-in's folder (the pictures are PNG files)."""
    icons = {f"{FOLDER}/icon-{plugin.name}.html": icon(plugin) for plugin in PLUGINS}
    return {"modgui.ttl": description(), STYLE: stylesheet(), SCRIPT: script(), **icons}


def knobs(plugin: Plugin) -> list[Port]:
    """Return the ports that have a knob, in their order."""
    ports = {port.symbol: port for port in plugin.ports}
    return [ports[symbol] for symbol in KNOBS[plugin.name]]


def description() -> str:
    """Return ``modgui.ttl``, which names all the other files."""
    # MOD's page tells the script only the outputs that are named here.
    meters = " , ".join(f'[ lv2:symbol "{meter.symbol}" ]' for meter in METERS)
    lines = [
        "@prefix lv2:    <http://lv2plug.in/ns/lv2core#> .",
        "@prefix modgui: <http://moddevices.com/ns/modgui#> .",
        "",
    ]
    for plugin in PLUGINS:
        name = plugin.name
        ports = " , ".join(
            f'[ lv2:index {index} ; lv2:symbol "{port.symbol}" ; lv2:name "{port.name}" ]'
            for index, port in enumerate(knobs(plugin))
        )
        lines += [
            f"<urn:ddsp-edge:{name}>",
            "    modgui:gui [",
            f"        modgui:resourcesDirectory <{FOLDER}> ;",
            f"        modgui:iconTemplate <{FOLDER}/icon-{name}.html> ;",
            f"        modgui:stylesheet <{STYLE}> ;",
            f"        modgui:javascript <{SCRIPT}> ;",
            f"        modgui:screenshot <{FOLDER}/screenshot-{name}.png> ;",
            f"        modgui:thumbnail <{FOLDER}/thumbnail-{name}.png> ;",
            '        modgui:brand "ddsp-edge" ;',
            f'        modgui:label "{name}" ;',
            f"        modgui:monitoredOutputs {meters} ;",
            f"        modgui:port {ports}",
            "    ] .",
            "",
        ]
    return "\n".join(lines)


def icon(plugin: Plugin) -> str:
    """Return the template of the pedal on MOD's page (Mustache)."""
    controls = "\n".join(_control(port) for port in knobs(plugin))
    kind = "effect" if plugin is EFFECT else "instrument"
    return f"""\
<div class="mod-pedal ddsp-edge{{{{{{cns}}}}}} ddsp-{kind}">
    <div mod-role="drag-handle" class="mod-drag-handle"></div>
    <h1>ddsp-edge <b>{kind}</b></h1>
    <div class="ddsp-picture"><div class="ddsp-range"></div><div class="ddsp-point"></div></div>
    <div class="ddsp-controls">
{controls}
    </div>
    <div class="mod-light on" mod-role="bypass-light"></div>
    <div class="mod-footswitch" mod-role="bypass" title="on or off"></div>
    <div class="mod-pedal-input">
{_jacks("input", "audio")}
{_jacks("input", "midi")}
    </div>
    <div class="mod-pedal-output">
{_jacks("output", "audio")}
    </div>
</div>
"""


def _control(port: Port) -> str:
    symbol = port.symbol
    return f"""\
        <div class="ddsp-control">
            <div class="ddsp-knob" mod-role="input-control-port" mod-port-symbol="{symbol}"
                mod-widget-rotation="270" title="{port.name}"></div>
            <span class="ddsp-name">{port.name}</span>
            <span class="ddsp-value" mod-role="input-control-value"
                mod-port-symbol="{symbol}"></span>
        </div>"""


def _jacks(side: str, kind: str) -> str:
    """As MOD's own template has them: it finds and connects them by their roles."""
    return f"""\
        {{{{#effect.ports.{kind}.{side}}}}}
        <div class="mod-{side} mod-{side}-disconnected" title="{{{{name}}}}"
            mod-role="{side}-{kind}-port" mod-port-symbol="{{{{symbol}}}}">
            <div class="mod-pedal-{side}-image"></div>
        </div>
        {{{{/effect.ports.{kind}.{side}}}}}"""


def stylesheet() -> str:
    """Return the style of both, in the panel's colours; everything is drawn by CSS."""
    usual = _COLOURS.read_text(encoding="utf-8").partition(":root {")[2].partition("}")[0]
    found = dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", usual))
    root = ".ddsp-edge{{{cns}}}"
    rules = {
        "": f"width: 380px; height: 330px; border-radius: 14px; background: {found['raised']}; "
        f"border: 1px solid {found['edge']}; color: {found['text']}; "
        "font: 13px system-ui, sans-serif; text-align: center",
        " h1": "margin: 12px 0 6px; font-size: 17px; font-weight: 400; letter-spacing: 0.5px",
        " h1 b": f"font-weight: 600; color: {found['tint']}",
        " .mod-drag-handle": "position: absolute; inset: 0",
        " .ddsp-picture": f"position: relative; height: 96px; margin: 0 16px; background: "
        f"{found['ground']}; border-radius: 10px; pointer-events: none",
        " .ddsp-point": f"position: absolute; display: none; width: 10px; height: 10px; "
        f"margin: -8px 0 0 -8px; background: #fff; border: 3px solid {found['tint']}; "
        "border-radius: 50%",
        " .ddsp-range svg": "display: block",
        " .ddsp-controls": "position: relative; display: flex; flex-wrap: wrap; margin: 8px 12px 0",
        " .ddsp-control": "width: 25%; margin-bottom: 6px",
        " .ddsp-knob": f"width: 34px; height: 34px; margin: 0 auto 2px; border-radius: 50%; "
        f"background: linear-gradient({found['tint']}, {found['tint']}) "
        f"center 3px / 3px 11px no-repeat {found['edge']}; cursor: pointer",
        " .ddsp-name": f"display: block; font-size: 11px; color: {found['dim']}; "
        "white-space: nowrap",
        " .ddsp-value": "display: block; font-size: 11px; min-height: 14px",
        " .mod-light": "position: absolute; right: 16px; top: 16px; width: 10px; height: 10px; "
        f"border-radius: 50%; background: {found['edge']}",
        " .mod-light.on": f"background: {found['good']}",
        " .mod-footswitch": "position: absolute; left: 50%; bottom: 10px; width: 64px; "
        f"height: 26px; margin-left: -32px; border-radius: 10px; background: {found['line']}; "
        f"border: 1px solid {found['field']}; cursor: pointer",
        " .mod-pedal-input": "position: absolute; left: -22px; top: 60px",
        " .mod-pedal-output": "position: absolute; right: -22px; top: 60px",
        " .mod-pedal-input-image": f"width: 22px; height: 30px; margin-bottom: 14px; "
        f"border-radius: 6px 0 0 6px; background: {found['field']}",
        " .mod-pedal-output-image": f"width: 22px; height: 30px; margin-bottom: 14px; "
        f"border-radius: 0 6px 6px 0; background: {found['field']}",
    }
    return "".join(
        f"{root}{name} {{\n    " + text.replace("; ", ";\n    ") + ";\n}\n"
        for name, text in rules.items()
    )


def script() -> str:
    """Return the JavaScript, without ranges; the functions of colour and note are the panel's."""
    emblem = (_PANEL / "emblem.js").read_text(encoding="utf-8")
    notes = (_PANEL / "notes.js").read_text(encoding="utf-8")
    parts = [
        _part(emblem, r"export function hueOf.*?^}"),
        _part(emblem, r"export const colourOf = .*?;"),
        _part(notes, r"const NAMES = .*?;"),
        _part(notes, r"export function nameOf.*?^}"),
    ]
    panel = "\n".join(f"    {line}".rstrip() for part in parts for line in part.split("\n"))
    return _SCRIPT.replace("PANEL", panel)


def _part(source: str, pattern: str) -> str:
    found = re.search(pattern, source, re.DOTALL | re.MULTILINE)
    if found is None:
        raise LookupError(f"the panel has no {pattern}")
    return found[0].removeprefix("export ")


def with_ranges(text: str, ranges: Mapping[str, ModelRange]) -> str:
    """Return the script ``text`` with the trained ranges of these models, by their files' names."""
    rows: dict[str, Sequence[object]] = {
        name: [each.name, *(round(x, 2) for x in (*each.notes, *each.loudness_db))]
        for name, each in ranges.items()
    }
    line = f"    var RANGES = {json.dumps(rows)};"
    return _RANGES.sub(lambda _: line, text, count=1)


_SCRIPT = """\
function (event) {
    // By a file's name: the instrument's, lowest and highest note, softest and loudest in dB.
    var RANGES = {};
    var WIDTH = 348, HEIGHT = 96, LOW = 24, HIGH = 108, SOFT = -80, LOUD = 0;

    // As the panel has them.
PANEL

    function x(note) { return (note - LOW) / (HIGH - LOW) * WIDTH; }
    function y(level) { return HEIGHT - 16 - (level - SOFT) / (LOUD - SOFT) * (HEIGHT - 20); }

    function part(svg, kind, attributes, text) {
        var each = document.createElementNS("http://www.w3.org/2000/svg", kind);
        for (var name in attributes) each.setAttribute(name, attributes[name]);
        if (text !== undefined) each.textContent = text;
        svg.appendChild(each);
    }

    // The region of pitch and loudness that the model was trained in.
    function draw(path) {
        var file = String(path || "violin").split("/").pop().replace(/\\.ddspw$/, "");
        var row = Object.prototype.hasOwnProperty.call(RANGES, file) ? RANGES[file] : null;
        var svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        svg.setAttribute("width", WIDTH);
        svg.setAttribute("height", HEIGHT);
        for (var note = LOW + 12; note < HIGH; note += 12) {
            part(svg, "line", { x1: x(note), x2: x(note), y1: 0, y2: HEIGHT - 16,
                stroke: "#262b33" });
            part(svg, "text", { x: x(note), y: HEIGHT - 4, fill: "#a6afba", "font-size": 11,
                "text-anchor": "middle" }, nameOf(note));
        }
        if (row) {
            var colour = colourOf(row[0]);
            part(svg, "rect", { x: x(row[1]), y: y(row[4]), width: x(row[2]) - x(row[1]),
                height: y(row[3]) - y(row[4]), rx: 8, fill: colour, "fill-opacity": 0.13,
                stroke: colour, "stroke-width": 1.5 });
        }
        part(svg, "text", { x: 8, y: 16, fill: row ? colour : "#f3f1ea", "font-size": 13 }, row ?
            row[0] + ", " + nameOf(row[1]) + " to " + nameOf(row[2]) : file);
        event.icon.find(".ddsp-range").empty().append(svg);
        event.icon.find(".ddsp-point").css({ "border-color": row ? colour : "#f3f1ea" });
    }

    // The player's point: the note and the loudness that the model is shown now.
    function move(symbol, value) {
        var point = event.icon.find(".ddsp-point");
        if (symbol === "pitch") {
            point.css({ left: Math.min(WIDTH, Math.max(0, x(value))) + "px" });
        } else if (symbol === "loudness") {
            point.css({ top: y(value) + "px", display: value > SOFT ? "block" : "none" });
        }
    }

    if (event.type === "start") {
        draw("");
        (event.parameters || []).forEach(function (each) {
            if (each.uri === "urn:ddsp-edge:model" && each.value) draw(each.value);
        });
        (event.ports || []).forEach(function (each) { move(each.symbol, each.value); });
    } else if (event.type === "change" && event.uri === "urn:ddsp-edge:model") {
        draw(event.value);
    } else if (event.type === "change") {
        move(event.symbol, event.value);
    }
}
"""
