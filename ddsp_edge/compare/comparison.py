"""From a tune or a recording to the folder that a browser opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.compare.figures import ComparedFigure, measured
from ddsp_edge.compare.page import Shown, check_page, write_page
from ddsp_edge.compare.pictures import draw
from ddsp_edge.compare.versions import RATE, Version, of_audio, of_midi
from ddsp_edge.errors import UserError
from ddsp_edge.offline.rendering import is_midi
from ddsp_edge.system.audio_file import write_audio


@dataclass(frozen=True)
class Comparison:
    """What was made, and where it can be heard."""

    page: Path
    versions: list[Version]
    rows: list[ComparedFigure]


def compare(
    source: Path,
    bundle: Bundle,
    name: str,
    folder: Path,
    settings: Mapping[str, float | str] | None = None,
    pictures: bool = True,
    say: Callable[[str], None] = print,
    page: str = "index.html",
    prefix: str = "",
) -> Comparison:
    """Write the page, a sound file and a picture of each version into ``folder``.

    ``name`` is the model's, which says which instrument the others play; ``settings`` are those
    of the models that are not the usual ones; ``prefix`` begins the names of the other files.
    Raises UserError, also where ``page`` is there and not of this program.
    """
    check_page(folder / page)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made ({error.strerror})") from None
    if is_midi(source):
        versions = of_midi(source, bundle, name, settings or {}, say)
    else:
        versions = of_audio(source, bundle, settings or {}, say)
    shown = []
    for version in versions:
        if version.missing:
            shown.append(Shown(version))
            continue
        sound, picture = f"{prefix}{version.key}.wav", ""
        write_audio(folder / sound, version.sound, RATE)
        if pictures:
            picture = f"{prefix}{version.key}.png"
            draw(version, folder / picture)
        shown.append(Shown(version, sound, picture))
    say("measuring ...")
    rows = measured(versions)
    write_page(folder / page, source.stem, shown, rows)
    return Comparison(folder / page, versions, rows)
