"""How far a training is, read from the logs in its run folder: the curve, and the time left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddsp_edge.training.plan import STEPS, STEPS_TAUGHT
from ddsp_edge.training.run_options import Options

MOST_POINTS = 300  #: of one curve
RECENT = 10  #: rows of the log that the speed is taken from
#: Stages as the page names them: whose, which stage of the log, and the folder of the log.
STAGES = (
    ("teacher", "warm", "The large network learns the controls"),
    ("teacher", "audio", "The large network learns the sound"),
    ("", "warm", "The instrument learns the controls"),
    ("", "audio", "The instrument learns the sound"),
)


@dataclass(frozen=True)
class StageSpan:
    """One of the stages of a training, and the rows of its log."""

    folder: str  #: below the run folder
    stage: str
    title: str
    first: int  #: the log counts the steps of both stages of a network
    steps: int
    rows: list[dict[str, Any]]

    @property
    def done(self) -> int:
        """Return the steps of this stage that the log has."""
        return min(self.steps, max(0, self.rows[-1]["step"] - self.first)) if self.rows else 0

    @property
    def step_s(self) -> float | None:
        """Return the seconds of a step, from the last rows; None where there are too few."""
        recent = self.rows[-RECENT:]
        if len(recent) < 2 or recent[-1]["step"] <= recent[0]["step"]:
            return None
        seconds = recent[-1]["seconds"] - recent[0]["seconds"]
        return max(0.0, seconds / (recent[-1]["step"] - recent[0]["step"]))


def stages(run_folder: Path, options: Options) -> list[StageSpan]:
    """The stages that a training with these options goes through, in order."""
    taught = options.get("teacher") is None and options.get("size") != "large"
    taught = taught and options.get("profile") != "vst"
    logs = {folder: list(_rows(run_folder / folder / "log.jsonl")) for folder in ("teacher", "")}
    found = []
    for folder, stage, title in STAGES:
        if folder and not taught:
            continue
        prefix = "teacher_" if folder else ""
        usual = STEPS if folder or not taught else STEPS_TAUGHT
        warm = int(options.get(f"{prefix}warm_steps", usual[0]))
        steps = int(options.get(f"{prefix}steps", usual[1]))
        rows = [row for row in logs[folder] if row["stage"] == stage]
        first, size = (0, warm) if stage == "warm" else (warm, steps)
        if size:
            found.append(StageSpan(folder, stage, title, first, size, rows))
    return found


def as_json(spans: list[StageSpan]) -> dict[str, Any]:
    """What the page shows: the stage, steps, curve and the seconds left (None: not known yet)."""
    # The stage that has the last row; nothing of a stage remains once a later one has begun, which
    # may be sooner than planned.
    begun = [i for i, span in enumerate(spans) if span.rows]
    now = begun[-1] if begun else 0
    steps = sum(span.steps for span in spans)
    done = sum(span.steps if i < now else span.done for i, span in enumerate(spans))
    return {
        "stage": spans[now].title if spans else "",
        "step": done,
        "steps": steps,
        "left_s": _left_s(spans, now),
        "curves": [
            {"title": span.title, "first": span.first, "steps": span.steps, **_points(span.rows)}
            for span in spans
            if span.rows
        ],
    }


def _left_s(spans: list[StageSpan], now: int) -> float | None:
    """Steps that are left, at the speed of their own stage or else of the present one."""
    known = [span.step_s for span in spans]
    at = known[now] if spans else None
    if at is None:
        at = next((each for each in reversed(known) if each is not None), None)
    if at is None:
        return None
    left = 0.0
    for span, speed in list(zip(spans, known, strict=True))[now:]:
        left += (span.steps - span.done) * (at if speed is None else speed)
    return round(left, 1)


def _points(rows: list[dict[str, Any]]) -> dict[str, Any]:
    every = max(1, len(rows) // MOST_POINTS)
    held = [[row["step"], row["held_out"]] for row in rows if row.get("held_out") is not None]
    return {"loss": [[row["step"], row["loss"]] for row in rows[::every]], "held_out": held}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a log that are whole; a training may be writing the last one."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            row = json.loads(line)
            yield {
                "step": int(row["step"]),
                "stage": str(row["stage"]),
                "loss": float(row["loss"]),
                "held_out": None if row["held_out"] is None else float(row["held_out"]),
                "seconds": float(row["seconds"]),
            }
        except (ValueError, TypeError, KeyError):
            return


def samples(run_folder: Path) -> list[dict[str, Any]]:
    """The sounds that a training has left, the oldest first, each beside its recording."""
    found = []
    for folder, title in (("teacher/", "large network"), ("", "instrument")):
        before = f"{folder}samples/recording.wav"
        for path in sorted((run_folder / folder / "samples").glob("step-*.wav")):
            step = path.stem.removeprefix("step-").lstrip("0") or "0"
            after = f"{folder}samples/{path.name}"
            found.append({"title": f"{title}, step {step}", "before": before, "after": after})
    return found
