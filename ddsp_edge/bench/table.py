"""The results as lines for a terminal and as Markdown for docs/performance.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def lines(found: dict[str, Any]) -> list[str]:
    """Return the lines of the table for a terminal: one for each figure, under its subject."""
    output = [f"{found['processor']}, Python {found['python']}; the best of several"]
    if not found["peers"]:
        output.append("no peers: they need a source checkout (docs/performance.md)")
    for subject, rows in found["results"].items():
        output.append(
            f"\n{subject}" if rows else f"\n{subject}: needs a source checkout and its tools"
        )
        output += [f"  {row}" for row in rows]
        output += [f"  left out: {reason}" for reason in _left_out(found, subject)]
    return output


def _left_out(found: dict[str, Any], subject: str) -> list[str]:
    reasons: list[str] = found.get("left_out", {}).get(subject, [])
    return reasons


def markdown(found: dict[str, Any]) -> str:
    """Return a Markdown table for each subject."""
    output = [f"{found['processor']}, {found['date'][:10]}, commit {found['commit'] or '?'}.\n"]
    for subject, rows in found["results"].items():
        output += [
            f"**{subject}**\n",
            "| what | figure | beside | times better |",
            "|---|---|---|---|",
        ]
        for r in rows:
            beside = f"{r.against}: {r.peer_value:.4g}" if r.ratio is not None else ""
            ratio = f"{r.ratio:.3g}" if r.ratio is not None else ""
            output.append(f"| {r.name.strip()} | {r.value:.4g} {r.unit} | {beside} | {ratio} |")
        output += [f"\nLeft out: {reason}." for reason in _left_out(found, subject)]
        output.append("")
    return "\n".join(output)


def into(path: Path, found: dict[str, Any]) -> None:
    """Replace what stands between the two marks in ``path``. Raises UserError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise UserError(f"{path}: has no {BEGIN} and {END}, one each; add them")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    path.write_text(f"{head}{BEGIN}\n{markdown(found)}\n{END}{tail}", encoding="utf-8")
