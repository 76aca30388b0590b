"""``index.html`` of ``ddsp-edge demo --all``: to hear and see it all, from a folder, offline.

Plain HTML and CSS, no script, no reference to anything outside the folder.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from ddsp_edge import __version__
from ddsp_edge.demo import HERE
from ddsp_edge.demo.gallery import GalleryInstrument, GalleryItem
from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import note_name
from ddsp_edge.offline.report import RenderReport
from ddsp_edge.system.atomic_files import write_atomically

GROUPS = {
    "transformations": "Transformations",
    "tunes": "MIDI tunes",
    "instruments": "Every instrument",
}
LEADS = {
    "transformations": "A recording goes in, another instrument comes out: its pitch and loudness "
    "are heard by the same analyser as on stage and played by the model, frame by frame. "
    "Octaves and loudness are fitted to the instrument's range by the program "
    "(<code>ddsp-edge fit</code>).",
    "tunes": "The opening of the Largo of Dvořák's ninth symphony, played from plain notes, from "
    "one MIDI file.",
    "instruments": "The same made-up phrase, moved to the middle of each instrument's range; "
    "below it what the model is made of.",
}


#: By which a page of ours is known.
TITLE = "ddsp-edge: what it sounds like"


def check_page(folder: Path) -> None:
    """Refuse a folder with an ``index.html`` that this program did not write. Raises UserError."""
    path = folder / "index.html"
    if path.is_file() and f"<title>{TITLE}</title>".encode() not in path.read_bytes():
        raise UserError(f"{path}: is there already, and another page; give --out another folder")


def write_page(
    folder: Path, pieces: list[GalleryItem], models: list[GalleryInstrument], comparison: str = ""
) -> Path:
    """Write ``folder/index.html``, whole or not at all; its path. Raises UserError."""
    path = folder / "index.html"
    write_atomically(path, page(pieces, models, comparison).encode("utf-8"))
    return path


def page(pieces: list[GalleryItem], models: list[GalleryInstrument], comparison: str = "") -> str:
    """Return the whole page as HTML; ``comparison`` is the page beside it, where there is one."""
    beside = f'<li><a href="{escape(comparison)}">Side by side</a></li>' if comparison else ""
    style = (HERE / "page.css").read_text(encoding="utf-8")
    links = "".join(f'<li><a href="#{key}">{title}</a></li>' for key, title in GROUPS.items())
    parts = [_group(key, [p for p in pieces if p.entry.group == key], models) for key in GROUPS]
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{TITLE}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{TITLE}</h1>
<p>Neural instruments (DDSP) that play on a small board: pitch and loudness in, an instrument out.
Everything on this page was rendered and measured on one machine by <code>ddsp-edge demo
--all</code>, version {escape(__version__)}, through the engine that plays on stage.</p>
<nav aria-label="On this page"><ul>{links}{beside}<li><a href="#figures">The figures</a></li>\
<li><a href="#sources">Sources and licences</a></li></ul></nav>
</header>
<main>
{"".join(parts)}{FIGURES}{_sources(models)}</main>
</body>
</html>
"""


def _group(key: str, pieces: list[GalleryItem], models: list[GalleryInstrument]) -> str:
    by_name = {model.name: model for model in models}
    shown = []
    for piece in pieces:
        model = by_name.get(piece.entry.model) if key == "instruments" else None
        shown.append(_piece(piece, model))
    heading = f"<h2>{GROUPS[key]}</h2>\n<p>{LEADS[key]}</p>"
    return f'<section id="{key}">\n{heading}\n{"".join(shown)}</section>\n'


def _piece(piece: GalleryItem, model: GalleryInstrument | None) -> str:
    entry, report = piece.entry, piece.report
    heading = f'<article id="{escape(entry.name)}">\n<h3>{escape(entry.title)}</h3>\n'
    if report is None:
        return f'{heading}<p class="bad">Not here: {escape(piece.problem)}.</p>\n</article>\n'
    players = _audio(f"{entry.name}.wav", f"{report.model.name}, {report.duration_s:.0f} s")
    if report.performance is None:
        players = _audio(piece.input_file, "what went in") + players
    body = [f'<div class="players">\n{players}</div>\n', f"<p>{_how(piece, report)}</p>\n"]
    more = []
    if piece.picture:
        text = f"{entry.title}: what went in above, the sound in the middle, loudness below"
        more.append(_image(piece.picture, text))
    more.append(_figures(piece))
    if model is not None:
        more.append(_model(model))
    inside = "".join(more)
    # Opened by who wants to see it: a page of sounds is short.
    body.append(f"<details>\n<summary>Picture and figures</summary>\n{inside}</details>\n")
    return f"{heading}{''.join(body)}</article>\n"


def _audio(file: str, caption: str) -> str:
    return (
        f"<figure><figcaption>{escape(caption)}</figcaption>"
        f'<audio controls preload="none" src="{escape(file)}">'
        f'<a href="{escape(file)}">{escape(file)}</a></audio></figure>\n'
    )


def _image(file: str, text: str) -> str:
    source = f'src="{escape(file)}" alt="{escape(text)}"'
    return f'<figure><a href="{escape(file)}"><img loading="lazy" {source}></a></figure>\n'


def _how(piece: GalleryItem, report: RenderReport) -> str:
    shift, gain = report.settings.pitch_shift, report.settings.input_gain
    moved = f"{abs(shift) / 12:g} octave{'s' if abs(shift) > 12 else ''}"
    words = [f"moved {'up' if shift > 0 else 'down'} {moved}" if shift else "at its own pitch"]
    if gain:
        words.append(f"shown {abs(gain):g} dB {'louder' if gain > 0 else 'softer'} to the model")
    command = f"ddsp-edge render {piece.input_file} --model {piece.entry.model}"
    for name, value in (("pitch_shift", shift), ("input_gain", gain)):
        command += f" --set {name}={value:g}" if value else ""
    score = ""
    if report.performance is not None:
        link = f'<a href="{escape(piece.input_file)}">{escape(piece.input_file)}</a>'
        score = f" of {link} ({len(report.performance.notes)} notes)"
    return f"Made{score} {', '.join(words)}: <code>{escape(command)}</code>"


def _figures(piece: GalleryItem) -> str:
    rows = []
    for figure in piece.figures:
        sign = "at least" if figure.at_least else "at most"
        verdict = ("good", "within") if figure.met else ("bad", "missed")
        rows.append(
            f'<tr><th scope="row">{escape(figure.text)}</th>'
            f'<td class="number">{figure.value:.2f} {escape(figure.unit)}</td>'
            f"<td>{sign} {figure.limit:g} {escape(figure.unit)}</td>"
            f'<td class="{verdict[0]}">{verdict[1]}</td></tr>\n'
        )
    return (
        '<div class="wide"><table>\n<caption>Measured on this render</caption>\n'
        '<tr><th scope="col">figure</th><th scope="col">value</th><th scope="col">limit</th>'
        f'<th scope="col"><span>verdict</span></th></tr>\n{"".join(rows)}</table></div>\n'
    )


def _model(model: GalleryInstrument) -> str:
    info = model.bundle.info
    rows = [
        ("pitch", f"{note_name(info.min_pitch_note)} to {note_name(info.max_pitch_note)} "
                  f"({info.min_pitch_hz:.0f} to {info.max_pitch_hz:.0f} Hz)"),
        ("loudness", f"{info.min_loudness_db:.0f} to {info.max_loudness_db:.0f} dB"),
        ("network", f"{len(model.bundle.model) / 1000:.0f} kB, {info.quantization}, "
                    f"{info.n_harmonics} harmonics, {info.n_noise} noise bands, a frame every "
                    f"{1000 * info.hop_s:g} ms at {info.sample_rate / 1000:g} kHz"),
        *_measured(model.bundle.card),
        ("from", info.attribution),
        ("licence", info.licence),
    ]  # fmt: skip
    table = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>\n'
        for name, text in rows
    )
    more = []
    if model.preview:
        more.append(_audio(model.preview, "held-out recording, played by the model"))
    if model.picture:
        more.append(_image(model.picture, f"{info.name}: held-out recording above the model's "
                           "sound; trained pitch and loudness"))  # fmt: skip
    if model.card:
        more.append(f'<p><a href="{escape(model.card)}">The whole model card</a></p>\n')
    caption = f"<caption>The model {escape(info.name)}</caption>"
    return f'<div class="wide"><table>\n{caption}\n{table}</table></div>\n{"".join(more)}'


def _measured(card: str) -> list[tuple[str, str]]:
    """Return what the trainer measured, from the JSON at the end of a card; nothing for others."""
    try:
        facts: dict[str, Any] = json.loads(card.split("```json\n")[1].split("```")[0])
        measured = facts["measured"]
        losses = f"{measured['loss_quantized']:.3f} ({measured['loss_float32']:.3f} in float32"
        if "baseline" in facts:
            losses += f"; {facts['baseline']['text']}: {facts['baseline']['loss']:.3f}"
        rows = [("held-out loss", losses + ")")]
        if "tracking" in measured:
            t = measured["tracking"]
            follows = (
                f"{100 * t['f0_right']:.1f} % of the frames within 50 cents, median "
                f"{t['f0_cents']:.1f} cents; loudness correlation {t['loudness_correlation']:.3f}"
            )
            rows.append(("follows the recording", follows))
        if "training_s" in facts:
            rows.append(("training", f"{facts['training_s'] / 60:.0f} minutes"))
        return rows
    except (IndexError, KeyError, ValueError, TypeError):
        return []


FIGURES = """<section id="figures">
<h2>The figures</h2>
<p>All of them are measured on the rendered files by <code>ddsp_edge.evaluation</code>, apart from
the instrument's own analyser; <code>docs/evaluation.md</code> says how.</p>
<dl>
<dt>median f0 error, octave jumps</dt>
<dd>the pitch of the sound against the pitch of what went in (moved by the same octaves), where both
have one.</dd>
<dt>loudness correlation</dt>
<dd>of the two levels in dB, silence included.</dd>
<dt>worst tuning, worst onset</dt>
<dd>each note of a MIDI file against the score, played without the room.</dd>
<dt>sharpness at frame edges, clicks</dt>
<dd>whether the control frames can be heard; 1 is a sound that does not know them.</dd>
<dt>faster than real time</dt>
<dd>seconds of sound made in a second by one thread of the machine that made this page, with
whatever else it did.</dd>
</dl>
</section>
"""


def _sources(models: list[GalleryInstrument]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(m.bundle.info.name)}</th>'
        f"<td>{escape(m.bundle.info.attribution)}</td><td>{escape(m.bundle.info.licence)}</td></tr>\n"
        for m in models
    )
    ours = (HERE / "ATTRIBUTION.md").read_text(encoding="utf-8")
    items = [" ".join(item.split()) for item in ours.split("\n* ")[1:]]
    listed = "".join(f"<li>{escape(item.replace('`', ''))}</li>\n" for item in items)
    return f"""<section id="sources">
<h2>Sources and licences</h2>
<p>What was played:</p>
<ul>
{listed}</ul>
<div class="wide"><table>
<caption>What the models were trained on</caption>
<tr><th scope="col">model</th><th scope="col">from</th><th scope="col">licence</th></tr>
{rows}</table></div>
<p>The program: Apache-2.0.</p>
</section>
"""
