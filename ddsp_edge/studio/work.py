"""What the studio's processes are doing: trainings, and who plays live. For any thread."""

from __future__ import annotations

import threading
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.studio import curve
from ddsp_edge.studio.child import ChildCommand, last_lines
from ddsp_edge.studio.listening import play_live
from ddsp_edge.studio.project import Project
from ddsp_edge.training.run_options import arguments, is_in_use

SAMPLE_EVERY_S = 60.0  #: somebody is listening, so oftener than the command line
LOG = "studio.log"


class Work:
    """The processes of one studio: at most one trains and one plays live."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._training: tuple[str, str, ChildCommand] | None = None  # key, what for, process
        self._live: tuple[str, ChildCommand] | None = None
        self._dressed: ChildCommand | None = None

    def train(self, project: Project, report_only: bool = False) -> None:
        """Start the training or go on with it, or only make the report on the recordings.

        Raises UserError where something is trained already.
        """
        with self._lock:
            if self._training is not None and self._training[2].code is None:
                other = self._training[0]
                raise UserError(f"{other} is being trained; pause it first")
            if is_in_use(project.run_folder):
                raise UserError("another program trains this instrument; stop it there first")
            words = ["train", *arguments(project.options)]
            words += [f"--work={project.run_folder}"]
            words += [f"--out={project.run_folder / project.key}.zip", "--force"]
            words += ["--report-only"] if report_only else [f"--sample-every={SAMPLE_EVERY_S:g}"]
            child = ChildCommand(words, project.studio, project.run_folder / LOG)
            self._training = (project.key, "report" if report_only else "train", child)

    def pause(self, project: Project) -> None:
        """Stop the training, which keeps its step. Raises UserError where it does not run here."""
        with self._lock:
            if self._of(project) is None:
                raise UserError("nothing is trained here; stop it where it was started")
            assert self._training is not None
            self._training[2].stop()

    def play(self, project: Project, source: str) -> None:
        """Play an instrument live, and no other any more. Raises UserError."""
        with self._lock:
            if self._live is not None:
                self._live[1].close()
            self._live = (project.key, play_live(project, source))

    def silence(self) -> None:
        """Stop what plays live, if anything does."""
        with self._lock:
            if self._live is not None:
                self._live[1].close()
                self._live = None

    def close(self) -> None:
        """Stop everything; a training keeps its step."""
        self.silence()
        with self._lock:
            if self._training is not None:
                self._training[2].close()

    def _of(self, project: Project) -> ChildCommand | None:
        """The training of a project that runs, with the lock held."""
        if self._training is None or self._training[0] != project.key:
            return None
        return self._training[2] if self._training[2].code is None else None

    def state(self, project: Project) -> dict[str, Any]:
        """What a project's training and its live playing do, as the page takes it.

        ``state`` is idle, preparing, training, stopping, paused, failed, done or elsewhere (another
        program trains it).
        """
        with self._lock:
            name, kind, child = self._training or ("", "", None)
            live = self._live if self._live and self._live[0] == project.key else None
            ours = child if name == project.key else None
            if ours and ours.code == 0 and kind == "train" and self._dressed is not ours:
                self._dressed = ours
                project.dress()
        progress = curve.as_json(curve.stages(project.run_folder, project.options))
        lines = last_lines(project.run_folder / LOG)
        return {
            "state": _state(project, ours, kind, progress),
            "problem": _problem(ours),
            "lines": lines[-8:],
            "samples": curve.samples(project.run_folder)[-40:],
            "live": _live_state(live[1]) if live else None,
            **progress,
        }


def _state(
    project: Project, child: ChildCommand | None, kind: str, progress: dict[str, Any]
) -> str:
    if child is not None and child.code is None:
        if child.asked_to_stop:
            return "stopping"
        begun = any("step" in line or "network" in line for line in child.lines())
        return "training" if kind == "train" and begun else "preparing"
    if is_in_use(project.run_folder):
        return "elsewhere"
    if child is not None and child.code != 0 and not child.asked_to_stop:
        return "failed"
    if project.bundle is not None and not (child is not None and child.asked_to_stop):
        return "done"
    return "paused" if progress["step"] else "idle"


def _problem(child: ChildCommand | None) -> str:
    """The line with which a command refused, "" where it did not."""
    if child is None or child.code in (None, 0) or child.asked_to_stop:
        return ""
    said = (child.lines() or ["it ended without a word; see its log"])[-1]
    return said.removeprefix("ddsp-edge: error: ")


def _live_state(child: ChildCommand) -> dict[str, Any]:
    return {"plays": child.code is None, "problem": _problem(child), "lines": child.lines()[-3:]}
