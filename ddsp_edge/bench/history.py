"""A line of JSON for each run, so that a change of speed is seen where it came in."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ddsp_edge.bench.result import Result
from ddsp_edge.errors import UserError


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """What :func:`ddsp_edge.bench.bench` gives, as JSON takes it."""
    results = {
        subject: [asdict(r) if isinstance(r, Result) else r for r in rows]
        for subject, rows in found["results"].items()
    }
    return {**found, "results": results}


def append(path: Path, found: dict[str, Any]) -> None:
    """Append one line: what it ran on, and each figure by its name. Raises UserError."""
    figures = {
        f"{subject}: {result.name.strip()}{f' / {result.against}' if result.against else ''}":
        round(result.value if result.ratio is None else result.ratio, 4)
        for subject, rows in found["results"].items() for result in rows
    }  # fmt: skip
    facts = {key: value for key, value in found.items() if key != "results"}
    line = json.dumps({**facts, "figures": figures}, separators=(",", ":"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror})") from None


def read(path: Path) -> list[dict[str, Any]]:
    """The runs, oldest first; none where there is no file. Raises UserError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    runs = []
    for number, line in enumerate(lines, 1):
        try:
            runs.append(json.loads(line))
        except ValueError:
            raise UserError(f"{path}: line {number} is not JSON; remove it") from None
    return runs
