"""Bundles as the plug-in reads them (``.ddspw``, ``native/include/ddsp_model_file.h``).

A header (magic, version, number of sections, length, CRC-32 of all that follows it), then sections
of a tag of four letters, flags, length and content, filled up to eight bytes. Numbers are
little-endian. A reader passes over sections that it does not know, unless flag 1 is set, and over
what a section has behind the part that it knows: so both may grow.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.bundles.families import playing
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.decoding.conditioner import conditioned_model
from ddsp_edge.decoding.networks import judge
from ddsp_edge.errors import UserError
from ddsp_edge.synth.performer import middle_note
from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.tflite.network import read_network
from native.conditioner import LoudnessTables
from native.decoder import Layer, NetworkWeights

MAGIC, VERSION = b"DDSPEDGE", 1
SUFFIX = ".ddspw"
_HEADER = struct.Struct("<8sIIQII")
_SECTION = struct.Struct("<4sIII")
#: Name, mean, deviation, and slopes by pitch, velocity and length.
_TENDENCY = struct.Struct("<24s5d")


def model_bytes(bundle: Bundle) -> bytes:
    """Return a bundle's model as the plug-in reads it. Raises UserError where C cannot play it."""
    verdict = judge(bundle)
    if verdict.network is None:
        where = bundle.path or bundle.info.name
        raise UserError(
            f"{where}: the plug-in cannot play it: {verdict.reason}; train a model of its own with "
            "ddsp-edge train FOLDER"
        )
    info, room = bundle.info, bundle.info.room
    sections = {
        b"INFO": _info(bundle),
        b"NETW": _network(read_network(bundle.model)),
        b"NAME": info.name.encode(),
        b"LICE": info.licence.encode(),
        b"EXPR": _expression(info),
    }
    for tag, loudness_map in ((b"NMAP", info.loudness_map), (b"HMAP", info.heard_map)):
        if loudness_map is not None:
            sections[tag] = _map(loudness_map.native())
    if room is not None:
        sections[b"ROOM"] = _doubles(room.size, room.damping, room.wet)
    if (response := bundle.response) is not None:
        head = struct.pack("<dII", response.rate, len(response.samples), 0)
        sections[b"RESP"] = head + response.samples.astype("<f4").tobytes()
    return _file(sections)


def write_model(bundle: Bundle, path: Path) -> None:
    """Write :func:`model_bytes` to ``path``. Raises UserError."""
    write_atomically(path, model_bytes(bundle))


@dataclass(frozen=True, slots=True)
class ModelRange:
    """The range of pitch and loudness in which a model was trained."""

    name: str
    notes: tuple[float, float]  #: lowest and highest, MIDI
    loudness_db: tuple[float, float]  #: softest and loudest


def model_name(data: bytes) -> str:
    """Return the name of the model in a file. Raises ValueError for one that is not ours."""
    return _section(data, b"NAME").decode("utf-8", "replace")


def model_range(data: bytes) -> ModelRange:
    """Return where the model in a file was trained. Raises ValueError as :func:`model_name`."""
    info = _section(data, b"INFO")
    if len(info) < 9 * 8:
        raise ValueError("its ranges are missing")
    *_, lowest_hz, highest_hz, softest_db, loudest_db = struct.unpack_from("<9d", info)
    finite = all(map(math.isfinite, (lowest_hz, highest_hz, softest_db, loudest_db)))
    if not finite or min(lowest_hz, highest_hz) <= 0:
        raise ValueError("its ranges are no numbers")
    lowest, highest = (69 + 12 * math.log2(hz / 440) for hz in (lowest_hz, highest_hz))
    return ModelRange(model_name(data), (lowest, highest), (softest_db, loudest_db))


def _section(data: bytes, wanted: bytes) -> bytes:
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError("no model for the plug-in")
    at = _HEADER.size
    while at + _SECTION.size <= len(data):
        tag, _, length, _ = _SECTION.unpack_from(data, at)
        at += _SECTION.size
        if tag == wanted:
            return data[at : at + length]
        at += length + -length % 8
    raise ValueError(f"it has no {wanted.decode().lower()}")


def _file(sections: dict[bytes, bytes]) -> bytes:
    body = bytearray()
    for tag, content in sections.items():
        body += _SECTION.pack(tag, 0, len(content), 0) + content + bytes(-len(content) % 8)
    length = _HEADER.size + len(body)
    return _HEADER.pack(MAGIC, VERSION, len(sections), length, zlib.crc32(body), 0) + body


def _doubles(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}d", *numbers)


def _info(bundle: Bundle) -> bytes:
    info, model = bundle.info, conditioned_model(bundle)
    return _doubles(
        model.n_harmonics,
        model.n_noise,
        model.band_limit_hz,
        model.hop_s,
        model.usual_hz,
        model.lowest_hz,
        model.highest_hz,
        *info.note_loudness_db,
        info.attack_s,
        model.reach,
    )


def _expression(info: ModelInfo) -> bytes:
    """How the instrument is played, as it was learnt or as its family is."""
    tendencies = playing(info.name, info.expression).tendencies
    parts = [struct.pack("<dII", middle_note(info), len(tendencies), 0)]
    for name, t in tendencies.items():
        numbers = (t.mean, t.deviation, t.pitch, t.velocity, t.length)
        parts.append(_TENDENCY.pack(name.encode(), *numbers))
    return b"".join(parts)


def _map(tables: LoudnessTables) -> bytes:
    n_notes, n_levels = tables.shown_db.shape
    head = struct.pack("<dII", tables.lowest_note, n_notes, n_levels)
    floats = (tables.loudness_db, tables.shown_db, tables.gain_db, tables.noise_db)
    return head + b"".join(np.ascontiguousarray(each, "<f4").tobytes() for each in floats)


def _network(w: NetworkWeights) -> bytes:
    sizes = (
        w.n_harmonics,
        w.n_noise,
        w.state_size,
        len(w.mean_shares),
        len(w.layers),
        w.past is not None,
        bool(w.gates),
    )
    scalars = (
        *w.pitch,
        *w.loudness,
        w.leak,
        *w.gain,
        *w.amplitude_limits,
        *w.noise_limits,
        *w.mean_shares,
    )
    layers = (*w.layers, *([w.past] if w.past else []), *w.gates, *w.merge)
    parts = [struct.pack(f"<{len(sizes)}I", *sizes), struct.pack(f"<{len(scalars)}f", *scalars)]
    parts += [_layer(each) for each in (*layers, w.amplitude, w.harmonics, w.noise)]
    return b"".join(parts)


def _layer(layer: Layer) -> bytes:
    n_out, n_in = layer.weights.shape
    head = struct.pack("<II", n_out, n_in)
    weights = np.ascontiguousarray(layer.weights, "<f4").tobytes()
    return head + weights + np.ascontiguousarray(layer.bias, "<f4").tobytes()
