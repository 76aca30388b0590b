"""The same small instrument, made on one day after another; and how a device is sent one."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import tiny_decoder

from ddsp_edge.bundles.bundle import write_bundle


def make_version(path: Path, number: int, name: str = "Toy Flute") -> Path:
    tiny = tiny_decoder.tiny_bundle()
    info = replace(tiny.info, name=name, export_time=f"2026-01-0{number + 1}T12:00:00+00:00")
    write_bundle(path, replace(tiny, info=info, card=f"# {name}, version {number}\n"))
    return path


def put_request(path: Path, signature: Path | None = None, **more: object) -> bytes:
    """What `ddsp-edge receive` reads: the request and the file."""
    data = path.read_bytes()
    message = {"do": "put", "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), **more}
    if signature is not None:
        message["signature"] = base64.b64encode(signature.read_bytes()).decode()
    return json.dumps(message).encode() + b"\n" + data
