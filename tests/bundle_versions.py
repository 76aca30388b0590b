"""The same small instrument, made on one day after another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import tiny_decoder

from ddsp_edge.bundle import write_bundle


def make_version(path: Path, number: int, name: str = "Toy Flute") -> Path:
    tiny = tiny_decoder.tiny_bundle()
    info = replace(tiny.info, name=name, export_time=f"2026-01-0{number + 1}T12:00:00+00:00")
    write_bundle(path, replace(tiny, info=info, card=f"# {name}, version {number}\n"))
    return path
