"""The report on the recordings, made before training begins."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.training.data import quality
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.data.sources import Source

LEAST_MINUTES = 2.0  #: fewer usable ones are refused
GOOD_MINUTES = 10.0  #: fewer are warned of
MOST_LINES = 12  #: of files with warnings that are printed; the files have all


@dataclass(frozen=True)
class Report:
    """The report on the recordings, with the keys of report.json."""

    material_minutes: float
    usable_minutes: float  #: with a clear single pitch, or silence beside it; held out and not
    lowest_hz: float
    highest_hz: float
    quietest_db: float
    loudest_db: float
    warnings: list[str]  #: of the whole
    files: list[dict[str, Any]]  #: name, seconds, figures and warnings of each that is used
    left_out: list[dict[str, str]]  #: file and reason

    def as_json(self) -> str:
        return json.dumps(_without_nan(asdict(self)), indent=1, allow_nan=False)


def report(
    dataset: Dataset,
    run_folder: Path,
    say: Callable[[str], None] = print,
    least_minutes: float = LEAST_MINUTES,
) -> Report:
    """Say what there is, in short, and write report.json and report.png into ``run_folder``.

    The picture needs matplotlib and is left out without it. Raises UserError: fewer than
    ``least_minutes`` usable minutes (after the report was printed and written).
    """
    found = make(dataset)
    run_folder.mkdir(parents=True, exist_ok=True)
    text, path = found.as_json().encode(), run_folder / "report.json"
    drawn = run_folder / "report.png"
    picture: Path | None = drawn
    # A run that goes on finds its picture drawn: that takes seconds.
    if not (drawn.exists() and path.exists() and path.read_bytes() == text):
        picture = _picture(dataset, found, drawn)
        write_atomically(path, text)  # after the picture: it says that this is there
    for line in lines(found):
        say(line)
    say(f"all of it: {run_folder / 'report.json'}" + (f", {picture}" if picture else ""))
    if found.usable_minutes < least_minutes:
        raise UserError(
            f"only {found.usable_minutes:.1f} minutes of the recordings can be used, at least "
            f"{least_minutes:g} are needed; record more of one note at a time (ten are better)"
        )
    return found


def make(dataset: Dataset) -> Report:
    """Compile the report of ``dataset`` without printing or writing anything."""
    summary = dataset.summary
    files = [
        {"file": source.file, "seconds": round(source.seconds, 2)}
        | asdict(source.assessment)
        | {"warnings": source.warnings()}
        for source in dataset.sources
    ]
    usable = usable_minutes(dataset)
    return Report(
        material_minutes=sum(source.seconds for source in dataset.sources) / 60,
        usable_minutes=usable,
        lowest_hz=summary["f0_low_hz"],
        highest_hz=summary["f0_high_hz"],
        quietest_db=summary["loudness_low_db"],
        loudest_db=summary["loudness_high_db"],
        warnings=_warnings(dataset, usable),
        files=files,
        left_out=[asdict(item) for item in dataset.left_out],
    )


def usable_minutes(dataset: Dataset) -> float:
    """Minutes of trusted, audible frames; notes that are used several times count once."""
    frames = [sum(int(p.usable.sum()) for p in part) for part in (dataset.train, dataset.held_out)]
    return (frames[0] / dataset.rounds + frames[1]) / dataset.profile.frame_rate / 60


def lines(found: Report) -> list[str]:
    """Return the lines of the summary that is printed before training."""
    printed = [
        f"{found.material_minutes:.1f} minutes in {len(found.files)} files, "
        f"{found.usable_minutes:.1f} usable; {found.lowest_hz:.0f} to {found.highest_hz:.0f} Hz, "
        f"{found.quietest_db:.0f} to {found.loudest_db:.0f} dB"
    ]
    printed += [f"warning: {warning}" for warning in found.warnings]
    marked = [item for item in found.files if item["warnings"]]
    printed += [f"warning: {item['file']}: {'; '.join(item['warnings'])}" for item in marked][
        :MOST_LINES
    ]
    if len(marked) > MOST_LINES:
        printed.append(f"warning: {len(marked) - MOST_LINES} more files have warnings")
    return printed


def _warnings(dataset: Dataset, usable: float) -> list[str]:
    found = []
    if usable < GOOD_MINUTES:
        found.append(
            f"{usable:.1f} usable minutes are few; {GOOD_MINUTES:g} make a better instrument"
        )
    summary = dataset.summary
    if 12 * np.log2(summary["f0_high_hz"] / summary["f0_low_hz"]) < 12:
        found.append("less than an octave; the instrument will be unsure beyond it")
    if summary["loudness_high_db"] - summary["loudness_low_db"] < 12:
        found.append("hardly any dynamics; play soft and loud, or it will have one timbre")
    # A file of a single note has one end at most, so those files are assessed together.
    ends = [d for s in dataset.sources if not _told(s) for d in s.assessment.decay_s]
    if len(ends) >= quality.LEAST_DECAYS and quality.reverberant(tuple(ends)):
        found.append(
            f"reverberant: most notes take {np.quantile(ends, 0.25):.1f} s or more to fade"
        )
    return found


def _told(source: Source) -> bool:
    return len(source.assessment.decay_s) >= quality.LEAST_DECAYS


def _without_nan(value: Any) -> Any:
    """Replace nan and infinity, which JSON does not have, by None."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _picture(dataset: Dataset, found: Report, path: Path) -> Path | None:
    try:
        from ddsp_edge.training.data.recordings_plot import draw
    except ImportError:  # matplotlib is an extra
        return None
    write_atomically(path, draw(dataset, found.files))
    return path
