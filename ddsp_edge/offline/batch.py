"""A folder of recordings and MIDI files, each played into a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.offline.rendering import MIDI_SUFFIXES
from ddsp_edge.offline.report import RenderReport
from ddsp_edge.system.audio_kinds import AUDIO_SUFFIXES


@dataclass
class BatchReport:
    """What became of each file of a folder."""

    done: list[Path] = field(default_factory=list)  #: results that were made
    seconds: float = 0.0  #: of sound in them
    there: list[Path] = field(default_factory=list)  #: results of an earlier run, kept
    refused: dict[Path, str] = field(default_factory=dict)  #: source to reason


def inputs(folder: Path) -> list[Path]:
    """The audio and MIDI files that lie in ``folder`` itself, by name. Raises UserError."""
    kinds = MIDI_SUFFIXES | AUDIO_SUFFIXES
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in kinds and path.is_file() and not path.name.startswith(".")
    ]
    if not found:
        raise UserError(f"{folder}: no audio or MIDI file lies in this folder")
    return found


def outputs(sources: list[Path], out: Path, suffix: str = ".wav") -> dict[Path, Path]:
    """Source to result in ``out``. Two sources of one name (a.wav, a.mid) keep their suffixes."""
    names = [source.stem.lower() for source in sources]
    return {
        source: out / f"{source.stem if names.count(name) == 1 else source.name}{suffix}"
        for source, name in zip(sources, names, strict=True)
    }


def render_folder(
    source: Path,
    out: Path,
    play: Callable[[Path, Path], RenderReport],
    overwrite: bool = False,
) -> Iterator[BatchReport]:
    """``play(input, output)`` for each file of ``source``, results in the folder ``out``.

    A result that is there already is kept unless ``overwrite``, so that a batch that was cut off
    goes on where it was. A file that ``play`` refuses does not stop the others. Yields the same
    report after each file. Raises UserError where nothing can be done at all.
    """
    pairs = outputs(inputs(source), out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UserError(f"{out}: is a file; --out names a folder, as {source} is one") from None
    except OSError as error:
        raise UserError(f"{out}: cannot be made ({error.strerror})") from None
    if out.samefile(source):
        raise UserError(f"{out}: is the folder of the inputs; name another --out")
    report = BatchReport()
    for each, target in pairs.items():
        if target.exists() and not overwrite:
            report.there.append(target)
        else:
            try:
                report.seconds += play(each, target).duration_s
                report.done.append(target)
            except UserError as error:
                report.refused[each] = str(error)
        yield report
