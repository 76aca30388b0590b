"""What went in and what came out, on one page that a musician can read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import check_target, replacing
from ddsp_edge.units import hz_to_midi, midi_to_hz

if TYPE_CHECKING:
    from ddsp_edge.offline.report import RenderReport

SUFFIXES = {".png", ".pdf", ".svg"}
LOW_HZ, HIGH_HZ = 50.0, 12_000.0
RANGE_DB = 75.0
QUIET_DB = -55.0  #: no pitch is drawn below this loudness
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
PITCH_COLOUR, INPUT_COLOUR = "#35d0ff", "#f2a33a"


def note_name(midi: float) -> str:
    """Return the name of a MIDI note: 60 is C4."""
    number = round(midi)
    return f"{NAMES[number % 12]}{number // 12 - 1}"


def check_picture(path: Path | str) -> None:
    """Whether :func:`draw` will be able to write there. Raises UserError."""
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path}: a picture is {', '.join(sorted(SUFFIXES))}; name it so")
    check_target(path)
    pyplot()


def pyplot() -> Any:
    """Import matplotlib's pyplot, without a screen. Raises UserError where it is missing."""
    try:
        import matplotlib
    except ImportError:
        raise UserError(
            "pictures need matplotlib; install it with: pip install 'ddsp-edge[picture]'"
        ) from None
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def draw(report: RenderReport, path: Path | str) -> None:
    """Draw the input above, the output in the middle, loudness below. Raises UserError."""
    check_picture(path)
    plt = pyplot()
    figure, axes = plt.subplots(
        3,
        1,
        figsize=(16, 10),
        dpi=100,
        sharex=True,
        height_ratios=(3, 3, 1.4),
        layout="constrained",
    )
    times, f0, loudness = _tracks(report)
    f0 = np.where((loudness > QUIET_DB) & (f0 > 0), f0, np.nan)
    sounding = f0 * 2.0 ** (report.settings.pitch_shift / 12)

    if report.performance is not None:
        _piano_roll(axes[0], report)
        heading = f"{report.source.name} (notes; the darker the louder; with bends)"
        axes[0].plot(times, f0, color="black", lw=0.8)
    else:
        assert report.input_audio is not None
        draw_spectrogram(axes[0], report.input_audio, report.rate)
        heading = f"{report.source.name} (input)"
        axes[0].plot(times, f0, color=PITCH_COLOUR, lw=1.4, label="pitch")
        axes[0].legend(loc="upper right")
    axes[0].set_title(heading, loc="left", fontsize=13)
    output = report.sound.mean(axis=1)
    draw_spectrogram(axes[1], output, report.rate)
    axes[1].plot(times, sounding, color=PITCH_COLOUR, lw=1.4, label="pitch asked for")
    axes[1].legend(loc="upper right")
    axes[1].set_title(f"played on {report.model.name} (output)", loc="left", fontsize=13)
    _loudness(axes[2], report, output, times, loudness)
    axes[2].set_xlim(0, report.duration_s)
    try:
        save_figure(figure, path)
    finally:
        plt.close(figure)


def save_figure(figure: Any, path: Path | str, **options: Any) -> None:
    """Write a matplotlib figure, in the format that its suffix names, whole or not at all.

    ``options`` are those of ``Figure.savefig``. Raises UserError, on a full disk too.
    """
    drawn = io.BytesIO()
    figure.savefig(drawn, format=Path(path).suffix[1:].lower(), **options)
    with replacing(path) as stream:
        stream.write(drawn.getbuffer())


def _tracks(report: RenderReport) -> np.ndarray:
    """Return times, f0 and loudness of the frames, voice after voice with a gap (NaN) between."""
    frames = sorted(report.frames, key=lambda frame: frame.voice)
    rows = np.array([(frame.time_s, frame.f0_hz, frame.loudness_db) for frame in frames])
    starts = np.flatnonzero(np.diff([frame.voice for frame in frames])) + 1
    return np.insert(rows, starts, np.nan, axis=0).T


def _note_axis(axis: Any, low_hz: float, high_hz: float) -> None:
    """Label every A on the axis, or every natural note where the range is narrow."""
    low, high = float(hz_to_midi(low_hz)), float(hz_to_midi(high_hz))
    wanted = (9,) if high - low > 60 else (0, 9) if high - low > 24 else (0, 2, 4, 5, 7, 9, 11)
    ticks = [n for n in range(int(np.ceil(low)), int(high) + 1) if n % 12 in wanted]
    axis.set_yticks(midi_to_hz(np.array(ticks)), [note_name(n) for n in ticks])
    axis.minorticks_off()
    axis.set_ylim(low_hz, high_hz)


def draw_spectrogram(axis: Any, audio: np.ndarray, rate: int) -> None:
    from ddsp_edge.evaluation.spectrum import spectrogram

    size = 1 << int(np.ceil(np.log2(0.06 * rate)))
    hop = max(size // 8, len(audio) // 1600)
    magnitude = spectrogram(np.pad(audio, size // 2), size, hop) * 4 / size
    # On a logarithmic axis of pixels: pcolormesh of every bin would be slow and huge.
    rows = np.geomspace(LOW_HZ, min(HIGH_HZ, 0.45 * rate), 400)
    at = rows * size / rate
    low = at.astype(int)
    part = at - low
    shown = magnitude[:, low] * (1 - part) + magnitude[:, low + 1] * part
    db = 20 * np.log10(np.maximum(shown.T, 1e-7))
    seconds = np.arange(db.shape[1]) * hop / rate
    top = max(float(db.max()), -60.0)
    axis.pcolormesh(
        seconds,
        rows,
        db,
        cmap="magma",
        vmin=top - RANGE_DB,
        vmax=top,
        shading="nearest",
        rasterized=True,
    )
    axis.set_facecolor("black")  # after the end of a shorter sound
    axis.set_yscale("log")
    _note_axis(axis, rows[0], rows[-1])
    axis.set_ylabel("note")


def _piano_roll(axis: Any, report: RenderReport) -> None:
    assert report.performance is not None
    notes = report.performance.notes
    softest, loudest = min(n.velocity for n in notes), max(n.velocity for n in notes)
    for note in notes:
        low, high = midi_to_hz(note.number - 0.45), midi_to_hz(note.number + 0.45)
        strength = 0.35 + 0.65 * (note.velocity - softest + 1) / (loudest - softest + 1)
        axis.fill_between(
            [note.start_s, note.end_s], low, high, color=INPUT_COLOUR, alpha=strength, lw=0
        )
    axis.set_yscale("log")
    lowest, highest = min(n.number for n in notes) - 3, max(n.number for n in notes) + 3
    _note_axis(axis, float(midi_to_hz(lowest)), float(midi_to_hz(highest)))
    axis.set_ylabel("note")
    axis.grid(axis="y", alpha=0.3)


def _loudness(
    axis: Any, report: RenderReport, output: np.ndarray, times: np.ndarray, loudness: np.ndarray
) -> None:
    from ddsp_edge.evaluation import loudness_track

    hop_s = 0.01
    heard = loudness_track(output, report.rate, hop_s)
    axis.plot(times, loudness, color=INPUT_COLOUR, lw=1.4, label="asked for")
    axis.plot(np.arange(len(heard)) * hop_s, heard, color="#7a4fd0", lw=1.2, label="heard")
    axis.set_ylim(-80, 3)
    axis.set_ylabel("loudness, dB")
    axis.set_xlabel("seconds")
    axis.grid(alpha=0.3)
    axis.legend(loc="lower right", ncols=2)
