"""Hearing an instrument: a phrase that it plays, rendered here, or live through the sound card."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ddsp_edge.demo import HERE
from ddsp_edge.errors import UserError
from ddsp_edge.studio.child import ChildCommand
from ddsp_edge.studio.project import Project

RENDER_S = 180.0
MAX_PHRASE_BYTES = 64 * 1024 * 1024
#: Phrases that are there already: a sung one, and a tune of notes.
PHRASES = {"voice": HERE / "voice.flac", "tune": HERE / "tune.mid"}


def play_phrase(project: Project, phrase: Path, name: str) -> str:
    """Render a recording or MIDI file with the instrument; the file's name below the run folder.

    Raises UserError with what `render` says where it cannot. Blocks for some seconds.
    """
    bundle = project.finished().path
    out = project.run_folder / "heard" / f"{name}.wav"
    out.parent.mkdir(exist_ok=True)
    words = ["render", str(phrase), "--model", str(bundle), "--out", str(out), "--force"]
    if phrase.suffix != ".mid":
        words.append("--fit")
    child = ChildCommand(words, project.studio, project.run_folder / "render.log")
    try:
        code = child.wait(RENDER_S)
    except subprocess.TimeoutExpired:
        child.close()
        raise UserError("the phrase takes too long to render; give a shorter one") from None
    if code != 0:
        said = child.lines()[-1:] or ["render failed"]
        raise UserError(said[0].removeprefix("ddsp-edge: error: ").replace(str(phrase), "it"))
    return f"heard/{name}.wav"


def play_live(project: Project, source: str) -> ChildCommand:
    """Start ``ddsp-edge live`` with the instrument on this computer's sound card.

    ``source``: "effect" or "synth". Raises UserError where there is no instrument yet.
    """
    bundle = project.finished().path
    words = ["live", "--model", str(bundle), "--source", source]
    return ChildCommand(words, project.studio, project.run_folder / "live.log")
