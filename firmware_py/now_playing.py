"""What plays: the models, the source that they follow, the preset, and how it is told."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.library.catalog import shipped_folder, user_folder
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.presets.preset import Preset, SourceMode
from ddsp_edge.presets.tuning import Tuning

Source = Literal["effect", "synth"]
SOURCE_MODES = ("auto", "effect", "synth")


@dataclass(frozen=True, slots=True)
class NowPlaying:
    """What plays; ``model`` is as :func:`ddsp_edge.library.catalog.find_model` takes it."""

    model: str | None = None
    source: Source = "effect"  #: what the model follows now: the input or MIDI notes
    source_mode: SourceMode = "auto"  #: as it was chosen; "auto": whichever was played last
    preset: Preset | None = None
    digest: bytes = b""  #: of the models' files
    morph_model: str = ""  #: as ``model``: the second model of a morph
    parts: tuple[BandPart, ...] = ()  #: of a band, where it follows MIDI
    tuning: Tuning | None = None  #: of the keys; None: the box's own


def parts_rows(now: NowPlaying) -> list[dict[str, Any]]:
    """The parts of a band as the control socket shows them."""
    return [
        {"number": number, **asdict(part), "plays": part.model or now.model}
        for number, part in enumerate(now.parts, 1)
    ]


def name_of(bundle: Bundle | None) -> str:
    """The bundle's name in the library, so that a newer file of that name is used; else its
    path. "" for None."""
    if bundle is None:
        return ""
    path = bundle.path
    assert path is not None  # all of them are read from files
    if path.parent.resolve() in (user_folder().resolve(), shipped_folder().resolve()):
        return path.stem
    return str(path.absolute())


def digest_of(bundle: Bundle, *others: Bundle | None) -> bytes:
    """Return the SHA-256 of the models' files, which tells whether one has changed."""
    found = hashlib.sha256(bundle.model)
    for other in others:
        if other is not None:
            found.update(other.model)
    return found.digest()
