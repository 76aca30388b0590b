"""``index.html`` of ``ddsp-edge compare``: to hear, see and judge the versions, offline.

One folder, no server, nothing from outside of it. The script is in the page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ddsp_edge import __version__
from ddsp_edge.compare.figures import ComparedFigure
from ddsp_edge.compare.pictures import HEIGHT, WIDTH
from ddsp_edge.compare.versions import LEVEL_DB, RATE, Version
from ddsp_edge.demo import HERE as DEMO
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import write_atomically

HERE = Path(__file__).resolve().parent
TRIALS = (8, 12, 16)


#: By which a page of ours is known.
MARK = '<meta name="generator" content="ddsp-edge compare">'


@dataclass(frozen=True)
class Shown:
    """A version on the page, with the names of its files in the page's folder."""

    version: Version
    sound: str = ""  #: "" where it has none
    picture: str = ""  #: "" where it was not drawn


def check_page(path: Path) -> None:
    """Refuse a file that is there and that this program did not write. Raises UserError."""
    if path.exists() and (not path.is_file() or MARK.encode() not in path.read_bytes()[:1000]):
        raise UserError(f"{path}: is there already, and another page; give --out another folder")


def write_page(path: Path, heading: str, shown: list[Shown], rows: list[ComparedFigure]) -> None:
    """Write the page, whole or not at all. Raises UserError."""
    write_atomically(path, page(heading, shown, rows).encode("utf-8"))


def page(heading: str, shown: list[Shown], rows: list[ComparedFigure]) -> str:
    """Return the whole page as HTML."""
    style = (DEMO / "page.css").read_text("utf-8") + (HERE / "page.css").read_text("utf-8")
    heard = [each for each in shown if not each.version.missing]
    versions = [each.version for each in heard]
    absent = "".join(
        f"<li>{escape(each.version.title)}: {escape(each.version.missing)}.</li>"
        for each in shown
        if each.version.missing
    )
    left_out = f"<p>Left out here:</p><ul>{absent}</ul>" if absent else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{MARK}
<title>{escape(heading)}: side by side</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{escape(heading)}: side by side</h1>
<p>Each version is dry, in one channel, and brought to {LEVEL_DB:g} dB re full scale where it
sounds. Made by <code>ddsp-edge compare</code>, version {escape(__version__)}, at {RATE} Hz.</p>
{left_out}
</header>
<main>
{_player(heard)}
{_blind(versions)}
<section><h2>The versions</h2>
{"".join(_version(each) for each in heard)}
</section>
{_figures(versions, rows)}
</main>
<script>
{(HERE / "player.js").read_text("utf-8")}</script>
</body>
</html>
"""


def _player(heard: list[Shown]) -> str:
    buttons = "".join(
        f'<button type="button" data-hear="{each.version.key}" aria-pressed="false">'
        f"{escape(each.version.title)}</button>\n"
        for each in heard
    )
    sounds = "".join(
        f'<audio data-version="{each.version.key}" src="{escape(each.sound)}" preload="auto">'
        "</audio>\n"
        for each in heard
    )
    return f"""<section aria-label="Listen">
<article class="listen">
<div class="row"><button type="button" id="play" aria-pressed="false">Play</button>
<input type="range" id="seek" min="0" max="1" step="0.01" value="0" aria-label="place">
<output id="time">0:00</output></div>
<div class="row" role="group" aria-label="version">
{buttons}</div>
<p class="soft">Switching goes on at the same place. Keys: space, 1 to {len(heard)}.</p>
{sounds}</article>
</section>"""


def _blind(heard: list[Version]) -> str:
    def options(chosen: int) -> str:
        return "".join(
            f'<option value="{v.key}"{" selected" if i == chosen else ""}>'
            f"{escape(v.title)}</option>"
            for i, v in enumerate(heard)
        )

    counts = "".join(f"<option>{n}</option>" for n in TRIALS)
    return f"""<section><h2>Blind (ABX)</h2>
<article>
<p>X is one of two versions, by chance anew each time. Say which; the result comes at the end.</p>
<div id="blind-setup"><div class="row">
<label>A <select id="blind-a">{options(0)}</select></label>
<label>B <select id="blind-b">{options(min(1, len(heard) - 1))}</select></label>
<label>trials <select id="blind-count">{counts}</select></label>
<button type="button" id="blind-start"{"" if len(heard) > 1 else " disabled"}>Begin</button></div>
<p id="blind-said" role="alert"></p></div>
<div id="blind-run" hidden>
<p id="blind-number" aria-live="polite"></p>
<div class="row">
<button type="button" id="hear-a" aria-pressed="false">Hear A</button>
<button type="button" id="hear-b" aria-pressed="false">Hear B</button>
<button type="button" id="hear-x" aria-pressed="false">Hear X</button></div>
<div class="row">
<button type="button" id="is-a">X is A</button>
<button type="button" id="is-b">X is B</button>
<button type="button" id="blind-stop">Stop and show</button></div></div>
<p id="results" aria-live="polite" hidden></p>
</article></section>"""


def _version(shown: Shown) -> str:
    version, drawn = shown.version, ""
    if shown.picture:
        drawn = (
            f'<figure class="wide"><img src="{escape(shown.picture)}" alt="spectrogram with pitch, '
            f'and level, of {escape(version.title)}" width="{WIDTH}" height="{HEIGHT}"></figure>'
        )
    return f"""<article><h3 id="title-{version.key}">{escape(version.title)}</h3>
<p>{escape(version.what)}</p>{drawn}
<p><a href="{escape(shown.sound)}">{escape(shown.sound)}</a></p></article>
"""


def _figures(heard: list[Version], rows: list[ComparedFigure]) -> str:
    heads = "".join(f'<th scope="col">{escape(v.title)}</th>' for v in heard)

    def cell(row: ComparedFigure, version: Version) -> str:
        value = row.values.get(version.key, math.nan)
        text = "-" if math.isnan(value) else f"{value:.{row.digits}f}"
        return f'<td class="number">{text}</td>'

    lines = "".join(
        f'<tr><th scope="row">{escape(row.text)}</th>{"".join(cell(row, v) for v in heard)}</tr>\n'
        for row in rows
    )
    return f"""<section><h2>The figures</h2>
<p>Medians over the notes that are held for 0.4 s or longer; <code>docs/evaluation.md</code> says
how each is measured. A real solo violin has 15 cents, 1.8 dB, a flux of 0.38 and attacks of 100
to 330 ms. The speed is of whatever else this machine did, too.</p>
<div class="wide"><table>
<tr><td></td>{heads}</tr>
{lines}</table></div></section>"""
