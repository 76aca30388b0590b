"""Training from a notebook: the same run folder and the same command as studio and command line."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.studio import curve
from ddsp_edge.studio.child import ChildCommand
from ddsp_edge.studio.fields import options_of
from ddsp_edge.studio.project import Project
from ddsp_edge.training.run_options import arguments, write_options

LOOK_S = 0.5  #: between two looks at what the command has printed


class NotebookTraining:
    """One instrument in ``workspace``, trained on the recordings in ``folder``.

    A workspace on a disk that stays (Google Drive) goes on after a disconnection. ``options`` are
    those of ``ddsp-edge train``, with _ for -. Raises UserError for what is wrong with them.
    """

    def __init__(
        self, folder: str | Path, name: str, workspace: str | Path = ".", **options: Any
    ) -> None:
        place = Path(workspace)
        place.mkdir(parents=True, exist_ok=True)
        self.project = Project(place.resolve(), name.lower())
        kept = {**options_of({"name": name, **options}), "folder": str(Path(folder).resolve())}
        write_options(self.project.run_folder, kept)

    def report(self) -> Path | None:
        """Prepare the recordings and print the report on them; the page of plots.

        None without matplotlib. Raises UserError where the recordings cannot be used.
        """
        self._run(["--report-only"])
        picture = self.project.run_folder / "report.png"
        return picture if picture.is_file() else None

    def train(self) -> Path:
        """Train to the end, or go on with it; the bundle.

        Interrupting the kernel keeps the step: the same call goes on. Raises UserError.
        """
        out = self.project.run_folder / f"{self.project.key}.zip"
        self._run([f"--out={out}", "--force"])
        return out

    def curves(self) -> list[dict[str, Any]]:
        """Return the curves of the loss, one a stage: ``title``, ``loss`` and ``held_out``."""
        found = curve.as_json(curve.stages(self.project.run_folder, self.project.options))
        return list(found["curves"])

    def sounds(self) -> list[tuple[str, Path]]:
        """Return title and file of the held-out phrase: as recorded, then as it is played now."""
        found = curve.samples(self.project.run_folder)
        if not found:
            return []
        last, folder = found[-1], self.project.run_folder
        return [("recording", folder / last["before"]), (last["title"], folder / last["after"])]

    def _run(self, more: list[str], say: Callable[[str], Any] = sys.stdout.write) -> None:
        words = ["train", *arguments(self.project.options), f"--work={self.project.run_folder}"]
        log = self.project.run_folder / "studio.log"
        child = ChildCommand([*words, *more], self.project.studio, log)
        said = 0
        try:
            while True:
                ended = child.code is not None
                text = log.read_text(encoding="utf-8", errors="replace")
                say(text[said:])
                said = len(text)
                if ended:
                    break
                time.sleep(LOOK_S)
        except KeyboardInterrupt:
            child.close()
            say(log.read_text(encoding="utf-8", errors="replace")[said:])
            return
        if child.code:
            last = (child.lines() or ["it ended without a word"])[-1]
            raise UserError(last.removeprefix("ddsp-edge: error: "))
