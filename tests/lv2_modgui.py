"""MOD's drawn interface of the plug-in in a page of its own, as MOD's page fills it, in Chromium.

``python tests/lv2_modgui.py`` (in the checkout, PYTHONPATH=tests:.) renews the pictures in
native/lv2/modgui.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ddsp_edge.lv2.folder import export
from ddsp_edge.lv2.generate import FOLDER
from ddsp_edge.lv2.modgui import knobs
from ddsp_edge.lv2.ports import PLUGINS, Plugin

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
#: The pedal with its jacks, in pixels.
SIZE = (430, 336)
THUMBNAIL = (256, 64)  # at most
NOTHING: Mapping[str, float] = {}
#: What the pictures show: a note in the violin's range.
SOUNDING = {"pitch": 69.0, "loudness": -24.0}
#: What MOD's page gives to the script, as far as ours uses it: jQuery's find, empty, append, css.
_ICON = """\
var icon = { find: function (selector) {
    var found = document.querySelector(selector);
    return { empty: function () { found.textContent = ""; return this; },
             append: function (child) { found.appendChild(child); return this; },
             css: function (rules) {
                 for (var name in rules) found.style.setProperty(name, rules[name]);
                 return this;
             } };
} };
"""


def filled(template: str, plugin: Plugin) -> str:
    """``template`` (Mustache) with the names of the plug-in's ports."""
    midi = [] if plugin.audio_in else [{"symbol": "control", "name": "Control"}]
    ports = {
        "audio.input": [{"symbol": "in", "name": "In"}] if plugin.audio_in else [],
        "midi.input": midi,
        "audio.output": [
            {"symbol": "out_left", "name": "Left"},
            {"symbol": "out_right", "name": "Right"},
        ],
    }

    def section(match: re.Match[str]) -> str:
        rows = ports[match[1]]
        return "".join(
            match[2].replace("{{name}}", row["name"]).replace("{{symbol}}", row["symbol"])
            for row in rows
        )

    text = re.sub(r"(?s)\{\{#effect\.ports\.([a-z.]+)\}\}(.*?)\{\{/[a-z.]+\}\}", section, template)
    return text.replace("{{{cns}}}", "_1").replace("{{{ns}}}", "?1")


def page(folder: Path, plugin: Plugin, model: str, meters: Mapping[str, float] = NOTHING) -> str:
    """A page with the plug-in's pedal of ``folder``.

    The model, and then what the outputs of the plug-in show, are told as MOD's page does.
    """
    read = lambda name: (folder / "modgui" / name).read_text(encoding="utf-8")  # noqa: E731
    turned = ""
    for port in knobs(plugin):
        at = (port.default - port.minimum) / (port.maximum - port.minimum)
        told = json.dumps(f"{port.default:g}")
        turned += f"turn({json.dumps(port.symbol)}, {at}, {told});\n"
    parameters = [{"uri": "urn:ddsp-edge:model", "value": model}]
    return f"""<!doctype html><meta charset="utf-8"><style>
html {{ background: #fff }} body {{ margin: 2px 24px }}
.mod-pedal {{ position: relative }}
{filled(read("stylesheet.css"), plugin)}</style>
{filled(read(f"icon-{plugin.name}.html"), plugin)}
<script>
function turn(symbol, at, text) {{
    document.querySelector('.ddsp-knob[mod-port-symbol="' + symbol + '"]').style.transform =
        "rotate(" + Math.round(at * 270 - 135) + "deg)";
    document.querySelector('.ddsp-value[mod-port-symbol="' + symbol + '"]').textContent = text;
}}
{_ICON}{turned}
var method = {read("script.js")};
method({{ type: "start", icon: icon, parameters: {json.dumps(parameters)}, ports: [] }}, {{}});
for (var told of {json.dumps(list(meters.items()))})
    method({{ type: "change", icon: icon, symbol: told[0], value: told[1] }}, {{}});
</script>"""


def chromium(html: str, scratch: Path, *flags: str) -> str:
    """What Chromium prints about a page; ``flags`` ask for something."""
    path = scratch / "page.html"
    path.write_text(html, encoding="utf-8")
    own = {"HOME": str(scratch), "TMPDIR": str(scratch), "XDG_CONFIG_HOME": str(scratch)}
    done = subprocess.run(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={scratch / 'profile'}", *flags, f"file://{path}"],
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=180,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout


def pictures(out: Path) -> None:
    """Write the screenshot and the thumbnail of either plug-in into ``out``."""
    from PIL import Image

    from ddsp_edge.bundles.bundle import read_bundle
    from ddsp_edge.library.folders import shipped_folder

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        folder = scratch / "ddsp-edge.lv2"
        (folder / "modgui").mkdir(parents=True)
        for path in (FOLDER / "modgui").glob("*.*"):
            (folder / "modgui" / path.name).write_bytes(path.read_bytes())
        (folder / "ddsp-edge.so").touch()
        export([("violin", read_bundle(shipped_folder() / "violin.zip"))], folder)
        for plugin in PLUGINS:
            size = f"--window-size={SIZE[0]},{SIZE[1]}"
            shot = out / f"screenshot-{plugin.name}.png"
            chromium(page(folder, plugin, "", SOUNDING), scratch, size, f"--screenshot={shot}")
            with Image.open(shot) as image:
                image.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
                image.save(out / f"thumbnail-{plugin.name}.png", optimize=True)


if __name__ == "__main__":
    pictures(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER / "modgui")
