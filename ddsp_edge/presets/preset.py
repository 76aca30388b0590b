"""A preset: a model, its source, every setting that differs, and what the controls do.

One TOML file each, which a person may write (docs/pedal.md has an example).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

import tomli_w

from ddsp_edge.errors import UserError
from ddsp_edge.presets.mapping import ControlMapping
from ddsp_edge.presets.parts import MOST_PARTS, NO_MODEL, BandPart
from ddsp_edge.presets.tuning import Tuning, tuning_of
from ddsp_edge.settings import Settings
from ddsp_edge.system.toml_config import MAX_BYTES, Range, from_dict, parse_toml

SUFFIX = ".toml"
#: Of a preset's file: 1, 2 where it has parts, 3 where it has a tuning. Files without a version
#: are of version 1.
VERSION = 3
MAX_MAPPINGS = 64
LONGEST_NAME = 48
#: A preset of this name would be the folder's own file.
RESERVED = ("order",)
_MARKS = frozenset(" -_+&'(),.#!@=~%")

#: What a model follows: the input, MIDI notes, or ("auto") whichever was played last.
SourceMode = Literal["auto", "effect", "synth"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A model with all that belongs to it; ``name`` is its file's (see :func:`clean_name`)."""

    name: str
    model: str  #: name in the library, or a path
    source: SourceMode = "effect"
    settings: Settings = field(default_factory=Settings)
    mappings: tuple[ControlMapping, ...] = ()
    morph_model: str = ""  #: the model that the setting morph leads to; "": none
    parts: tuple[BandPart, ...] = ()  #: of a band, where it follows MIDI; none: ``model`` alone
    tuning: Tuning | None = None  #: of its keys; None: that of the box it is played on


@dataclass(frozen=True, slots=True)
class _PresetFile:
    """The keys of a preset's TOML file."""

    model: Annotated[str, Range(1, 256, "characters")]
    version: Annotated[int, Range(1, VERSION)] = 1
    morph_model: Annotated[str, Range(0, 256, "characters")] = ""
    source: SourceMode = "effect"
    settings: dict[str, float | str] = field(default_factory=dict)
    mappings: Annotated[tuple[ControlMapping, ...], Range(0, MAX_MAPPINGS)] = ()
    parts: Annotated[tuple[BandPart, ...], Range(0, MOST_PARTS, "parts")] = ()
    tuning: dict[str, Any] = field(default_factory=dict)


def clean_name(name: str) -> str:
    """``name`` as a preset may be called: a plain file name everywhere. Raises UserError.

    Letters and digits of any script, spaces and a few marks stay; all else becomes a dash.
    """
    kept = "".join(
        c if c.isalnum() or c in _MARKS else "-" for c in unicodedata.normalize("NFC", name)
    )
    cleaned = " ".join(kept.split()).lstrip(" .-").rstrip(" .")[:LONGEST_NAME].rstrip(" .")
    while len(cleaned.encode()) > 200:  # a file's name is at most 255 bytes, with its suffix
        cleaned = cleaned[:-1].rstrip(" .")
    if not any(c.isalnum() for c in cleaned):
        raise UserError(f"preset {name[:60]!r}: a name needs letters or digits")
    if cleaned.casefold() in RESERVED:
        raise UserError(f"preset {cleaned!r}: this name is taken by the folder's order file")
    return cleaned


def parse_preset(name: str, data: bytes, where: str) -> Preset:
    """Parse the bytes of a preset's file. Raises UserError, one line that begins with ``where``."""
    if len(data) > MAX_BYTES:
        raise UserError(f"{where}: has {len(data)} bytes, a preset at most {MAX_BYTES}")
    return preset_of(name, parse_toml(data, where), where)


def preset_of(name: str, tables: dict[str, Any], where: str) -> Preset:
    """Check the tables of a preset's file and return the preset. Raises UserError, one line."""
    version = tables.get("version")
    if isinstance(version, int) and version > VERSION:
        raise UserError(f"{where}: version {version} is of a newer ddsp-edge; update this one")
    found = from_dict(_PresetFile, tables, where)
    if any(part.model == NO_MODEL for part in found.parts):
        raise UserError(f'{where}: parts: a part of a preset plays something; leave out "none"')
    try:
        settings = Settings().changed(found.settings)
    except UserError as error:
        raise UserError(f"{where}: settings: {error}") from None
    return Preset(
        name,
        found.model,
        found.source,
        settings,
        found.mappings,
        found.morph_model,
        found.parts,
        tuning_of(found.tuning, f"{where}: tuning"),
    )


def preset_tables(preset: Preset) -> dict[str, Any]:
    """Return the tables of a preset's file, as TOML and JSON take them."""
    standard, told = Settings(), {}
    for item in fields(Settings):
        value = getattr(preset.settings, item.name)
        if value != getattr(standard, item.name):
            told[item.name] = value
    tables: dict[str, Any] = {"model": preset.model, "source": preset.source}
    if preset.parts or preset.tuning:
        tables["version"] = VERSION if preset.tuning else 2
    if preset.parts:
        tables["parts"] = [part.as_dict() for part in preset.parts]
    if preset.morph_model:
        tables["morph_model"] = preset.morph_model
    if told:
        tables["settings"] = told
    if preset.mappings:
        tables["mappings"] = [mapping.as_dict() for mapping in preset.mappings]
    if preset.tuning:
        tables["tuning"] = preset.tuning.as_dict()
    return tables


def preset_bytes(preset: Preset) -> bytes:
    """Return the bytes of a preset's file; reading them gives the same preset. Raises UserError."""
    data = tomli_w.dumps(preset_tables(preset), multiline_strings=True).encode()
    # What could not be read again must not be written.
    parse_preset(preset.name, data, f"preset {preset.name!r}")
    return data
