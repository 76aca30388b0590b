"""Draws pitch and level of a note: a real one, ours without and with expression, FluidSynth's.

    python -m ddsp_edge.training.expression.picture AUDIO_FOLDER docs/images/expression.png

AUDIO_FOLDER holds the recordings of the recipes. Of each row's held notes the one is drawn that is
nearest to the row's medians; FluidSynth's row is left out where it is not installed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mido
import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.evaluation.motion import HOP_S, HeldNote, held_notes, motion_of
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.plot import save_figure
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings
from ddsp_edge.system import fluidsynth
from ddsp_edge.training.data import sources
from ddsp_edge.training.expression.calibrate import tune
from ddsp_edge.training.expression.learn import RATE, notes_of
from ddsp_edge.training.recipes import RECIPES

#: Instrument, the General MIDI program of FluidSynth's.
INSTRUMENTS = (("violin", 40), ("flute", 73))
SHORTEST_S = 0.7  #: of a note that is drawn
CENTS, DB = 45.0, 24.0  #: of the axes


def rows_of(name: str, program: int, audio: Path, work: Path) -> list[tuple[str, list[HeldNote]]]:
    """Held notes of the recordings and of one plain tune, played three ways."""
    recipe, info = RECIPES[name], find_model(name).info
    files, _ = sources.find(audio / recipe.folder, recipe.skip)
    each = [notes_of(path, recipe) for path in files]
    real = [note for notes in each for note in notes]
    if not recipe.single_notes:  # the performance that is aimed at
        real = max(each, key=lambda notes: motion_of(notes).pitch_cents if len(notes) > 40 else 0)
    music = tune(0.5 * (info.min_pitch_note + info.max_pitch_note))
    path = work / f"{name}.mid"
    music.save(path)
    rows = [("real", real)]
    for title, amount in (("ours, expression=0", 0.0), ("ours, expression=1", 1.0)):
        report = render(path, name, settings=Settings(reverb_wet=0.0, expression=amount))
        sound = report.sound.mean(axis=1)
        rows.append((title, held_notes(sound, report.rate, recipe.lowest_hz, recipe.highest_hz)))
    try:
        music.tracks[0].insert(0, mido.Message("program_change", program=program))
        sound = fluidsynth.play(music, RATE)
        rows.append(
            ("FluidSynth, FluidR3", held_notes(sound, RATE, recipe.lowest_hz, recipe.highest_hz))
        )
    except UserError as error:
        print(f"left out: {error}")
    return rows


def typical(notes: list[HeldNote]) -> HeldNote:
    """The long note whose motion is nearest to the medians of all."""
    wanted = motion_of(notes)
    long = [note for note in notes if note.length_s >= SHORTEST_S] or notes
    return min(
        long,
        key=lambda note: (
            abs(np.log((note.pitch_motion + 0.5) / (wanted.pitch_cents + 0.5)))
            + abs(np.log((note.level_motion + 0.1) / (wanted.level_db + 0.1)))
        ),
    )


def draw(audio: Path, out: Path, work: Path) -> None:
    """Draw all instruments into one PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 2.6 * len(INSTRUMENTS)), layout="constrained")
    FigureCanvasAgg(figure)
    table = figure.subplots(len(INSTRUMENTS), 4, sharey=True, squeeze=False)
    for line, (name, program) in zip(table, INSTRUMENTS, strict=True):
        for axes, (title, notes) in zip(line, rows_of(name, program, audio, work), strict=False):
            note, medians = typical(notes), motion_of(notes)
            time_s = np.arange(len(note.cents)) * HOP_S
            axes.plot(time_s, note.cents, color="tab:blue", linewidth=1.0)
            axes.set(title=f"{name}: {title}", ylim=(-CENTS, CENTS), xlim=(0.0, 1.2))
            axes.title.set_fontsize(9)
            level = axes.twinx()
            level.plot(time_s, note.level_db - note.level_db.max(), color="tab:orange")
            level.set_ylim(-DB, 2.0)
            if axes is line[0]:
                axes.set_ylabel("cents (blue)")
            if axes is line[-1]:
                level.set_ylabel("dB (orange)")
            else:
                level.set_yticklabels([])
            said = f"{medians.pitch_cents:.1f} c, {medians.level_db:.2f} dB, {medians.flux:.2f}"
            axes.set_xlabel(f"s   (medians: {said})", fontsize=8)
            print(f"{name}, {title}: {said}, attack {1000 * medians.attack_s:.0f} ms")
    save_figure(figure, out, dpi=80)


def main(words: list[str]) -> int:
    """Run the command that the module's docstring shows; return the exit code."""
    import tempfile

    if len(words) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as work:
        try:
            draw(Path(words[0]), Path(words[1]), Path(work))
        except UserError as error:
            print(f"ddsp-edge: error: {error}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
