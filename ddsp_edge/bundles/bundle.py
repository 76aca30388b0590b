"""Model bundles: ours, and DDSP-VST's files, read without trust and written atomically.

Ours is a zip: model.tflite, metadata.json, MODEL_CARD.md, a preview and a picture (both
optional), a response (optional) and SHA256SUMS of all of them (docs/bundles.md). DDSP-VST's is a
.tflite with a zip behind it, or a training zip with such a file in a folder.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ddsp_edge.bundles.metadata import MAX_BYTES as MAX_METADATA_BYTES
from ddsp_edge.bundles.metadata import MetadataError, ModelInfo, parse_metadata
from ddsp_edge.bundles.response import MEMBER as RESPONSE
from ddsp_edge.bundles.response import (
    BodyResponse,
    ResponseError,
    decode_response,
    encode_response,
    response_file,
)
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited, write_atomically
from ddsp_edge.system.safe_zip import SafeZip, ZipError, build_zip
from ddsp_edge.tflite.check import TfliteError, TfliteModel, check_tflite

__all__ = ["Bundle", "ModelInfo", "parse_bundle", "read_bundle", "write_bundle"]

MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_CARD_BYTES = 64 * 1024
MAX_PREVIEW_BYTES = 4 * 1024 * 1024
MAX_PICTURE_BYTES, MAX_PICTURE_SIDE = 256 * 1024, 2048
MAX_RESPONSE_BYTES = 400_000  #: a second at the highest rate, and its header
MODEL, METADATA, CARD, SUMS = "model.tflite", "metadata.json", "MODEL_CARD.md", "SHA256SUMS"
PREVIEW_MARKS = {b"OggS": "preview.ogg", b"fLaC": "preview.flac", b"RIFF": "preview.wav"}
PREVIEWS = tuple(PREVIEW_MARKS.values())
PICTURE, PNG_MARK = "picture.png", b"\x89PNG\r\n\x1a\n"
#: What DDSP-VST's recipe fixes, for files that do not say it.
VST_DEFAULTS = {
    "sample_rate": 16000,
    "frame_rate": 50,
    "frame_size": 1024,
    "profile": "vst",
    "licence": "unknown: ask who trained it",
    "attribution": "unknown: made with DDSP-VST's trainer",
}
REMEDY = "get it again, or make a new one (docs/bundles.md)"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model that passed every check that does not run it."""

    info: ModelInfo
    model: bytes = field(repr=False)  #: the TFLite file
    card: str = field(default="", repr=False)  #: Markdown
    preview: bytes = field(default=b"", repr=False)  #: a short sound file
    preview_name: str = ""  #: one of PREVIEWS, "" without one
    picture: bytes = field(default=b"", repr=False)  #: a PNG of what was trained and measured
    #: Body and room; info.response_gain says how loud, and is there where this is.
    response: BodyResponse | None = field(default=None, repr=False)
    path: Path | None = None  #: where it was read
    per_channel: bool = False  #: int8 with a scale a channel: wrong under tflite-runtime


def read_bundle(path: Path | str) -> Bundle:
    """Read and check a bundle, a DDSP-VST .tflite or a DDSP-VST training zip.

    Raises UserError, one line, for everything that is wrong with the file.
    """
    return parse_bundle(read_limited(path, MAX_FILE_BYTES), Path(path))


def parse_bundle(data: bytes, path: Path) -> Bundle:
    """Parse bytes as :func:`read_bundle` does those of a file; errors name ``path``."""
    try:
        return _read(path, data)
    except (ZipError, MetadataError, TfliteError, ResponseError) as error:
        raise UserError(f"{path}: {error}; {REMEDY}") from None


def _read(path: Path, data: bytes) -> Bundle:
    if not data:
        raise UserError(f"{path}: is empty; {REMEDY}")
    if data[4:8] == b"TFL3":
        return _read_vst(path, path.stem, data)
    if data[:2] != b"PK":
        raise UserError(
            f"{path}: is neither a model bundle nor a .tflite file; `ddsp-edge models list` "
            "shows the models that are installed"
        )
    archive = SafeZip(data)
    archive.without_clutter()
    names = archive.names()
    if METADATA in names:
        return _read_ours(path, archive)
    models = [name for name in names if name.lower().endswith(".tflite")]
    if len(models) != 1:
        raise ZipError(f"its zip has no {METADATA} and {len(models)} .tflite files, not one")
    return _read_vst(path, Path(models[0]).stem, archive.read(models[0]))


def _read_ours(path: Path, archive: SafeZip) -> Bundle:
    names = archive.names()
    unknown = set(names) - {MODEL, METADATA, CARD, SUMS, PICTURE, RESPONSE, *PREVIEWS}
    missing = {MODEL, METADATA, CARD, SUMS} - set(names)
    previews = [name for name in PREVIEWS if name in names]
    if unknown or missing or len(previews) > 1:
        wrong = [f"has no {name}" for name in sorted(missing)]
        wrong += [f"holds {name!r}, which is no part of a bundle" for name in sorted(unknown)]
        raise ZipError(", ".join(wrong or ["has two previews"]))
    limits = {METADATA: MAX_METADATA_BYTES, CARD: MAX_CARD_BYTES, MODEL: MAX_FILE_BYTES}
    limits |= {PICTURE: MAX_PICTURE_BYTES, RESPONSE: MAX_RESPONSE_BYTES}
    members = {
        name: archive.read(name, limits.get(name, MAX_PREVIEW_BYTES))
        for name in names
        if name != SUMS
    }
    if archive.read(SUMS, MAX_CARD_BYTES) != _sums(members):
        raise ZipError(f"{SUMS} does not match what it holds")
    info = parse_metadata(members[METADATA])
    model = check_tflite(members[MODEL])
    _check_sizes(info, model)
    try:
        card = members[CARD].decode("utf-8")
    except UnicodeDecodeError:
        raise ZipError(f"its {CARD} is not UTF-8 text") from None
    preview_name = previews[0] if previews else ""
    preview = members.get(preview_name, b"")
    if previews and PREVIEW_MARKS.get(preview[:4]) != preview_name:
        raise ZipError(f"its {preview_name} is not what its name says")
    picture = members.get(PICTURE, b"")
    if PICTURE in names:
        check_picture(picture)
    return Bundle(
        info,
        members[MODEL],
        card,
        preview,
        preview_name,
        picture,
        _response(info, members.get(RESPONSE)),
        path,
        model.per_channel,
    )


def _response(info: ModelInfo, data: bytes | None) -> BodyResponse | None:
    if (data is None) != (info.response_gain is None):
        raise ResponseError(f"it has one of {RESPONSE} and response_gain, not both")
    if data is None or info.response_gain is None:
        return None
    return decode_response(data, info.sample_rate, info.response_gain)


def with_response(bundle: Bundle, samples: np.ndarray) -> Bundle:
    """The bundle with a response of float samples at its own rate, rounded as its file is.

    Raises ResponseError for samples that are none.
    """
    rate = bundle.info.sample_rate
    data, gain = encode_response(samples, rate)
    info = replace(bundle.info, response_gain=gain)
    return replace(bundle, info=info, response=decode_response(data, rate, gain))


def check_picture(data: bytes) -> None:
    """Raise ZipError for a picture that a browser should not get: its size may be huge."""
    if not data.startswith(PNG_MARK) or data[12:16] != b"IHDR" or len(data) < 33:
        raise ZipError(f"its {PICTURE} is not what its name says")
    width, height = struct.unpack(">II", data[16:24])
    if not (0 < width <= MAX_PICTURE_SIDE and 0 < height <= MAX_PICTURE_SIDE):
        raise ZipError(
            f"its {PICTURE} is {width} x {height}; a side has 1 to {MAX_PICTURE_SIDE} pixels"
        )


def _read_vst(path: Path, name: str, data: bytes) -> Bundle:
    try:
        archive = SafeZip(data)
    except ZipError as error:
        raise ZipError(
            f"no metadata is behind the TFLite model, DDSP-VST's has it: {error}"
        ) from None
    if METADATA not in archive.names():
        raise ZipError(f"no {METADATA} is behind the TFLite model, DDSP-VST's has it")
    model = check_tflite(data[: archive.start])
    weights = "int8" if "int8" in model.weight_types else "none"
    defaults = {
        **VST_DEFAULTS,
        "name": name,
        "state_size": model.state_size,
        "num_harmonics": model.n_harmonics,
        "num_noise_amps": model.n_noise,
        "quantization": "float16" if "float16" in model.weight_types else weights,
    }
    info = parse_metadata(archive.read(METADATA, MAX_METADATA_BYTES), defaults)
    _check_sizes(info, model)
    return Bundle(info, data[: archive.start], path=path, per_channel=model.per_channel)


def _check_sizes(info: ModelInfo, model: TfliteModel) -> None:
    for what in ("state_size", "n_harmonics", "n_noise"):
        said, found = getattr(info, what), getattr(model, what)
        if said != found:
            raise MetadataError(f"its {METADATA} says {what} {said}, its model has {found}")


def _sums(members: dict[str, bytes]) -> bytes:
    """SHA256SUMS as sha256sum writes and reads it, sorted by name."""
    lines = (f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members))
    return "".join(lines).encode()


def write_bundle(path: Path | str, bundle: Bundle) -> Bundle:
    """Write a bundle, all or nothing, and return what reading it again gives.

    The same content gives the same bytes; the preview's name follows from its content.
    Raises UserError where reading would.
    """
    path, info = Path(path), bundle.info
    members = {METADATA: info.to_bytes(), MODEL: bundle.model, CARD: bundle.card.encode("utf-8")}
    if bundle.preview:
        if bundle.preview[:4] not in PREVIEW_MARKS:
            raise UserError(f"{path}: not written: the preview is not ogg, flac or wav")
        members[PREVIEW_MARKS[bundle.preview[:4]]] = bundle.preview
    if bundle.picture:
        members[PICTURE] = bundle.picture
    if bundle.response is not None and info.response_gain is not None:
        members[RESPONSE] = response_file(bundle.response, info.response_gain)
    data = build_zip({**members, SUMS: _sums(members)})
    try:
        checked = _read(path, data)
    except (ZipError, MetadataError, TfliteError, ResponseError) as error:
        raise UserError(f"{path}: not written: {error}") from None
    write_atomically(path, data)
    return checked
