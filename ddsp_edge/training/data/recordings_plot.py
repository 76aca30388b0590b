"""The page of plots that goes with the report on a folder of recordings."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.data.features import AUDIBLE_DB, Piece
from ddsp_edge.training.profiles import Profile
from ddsp_edge.units import hz_to_midi

MOST_BARS = 30
STRETCH_S = 4.0


def draw(dataset: Dataset, files: list[dict[str, Any]]) -> bytes:
    """A PNG: pitches, levels, where both were played, trust in each file, and a typical stretch."""
    pieces = dataset.train + dataset.held_out
    notes = hz_to_midi(np.concatenate([p.synth_f0_hz[p.usable] for p in pieces]))
    levels = np.concatenate([p.loudness_db[p.usable] for p in pieces])
    minutes = 1.0 / dataset.profile.frame_rate / 60
    each = np.full(len(notes), minutes)

    figure = Figure(figsize=(11, 12), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(3, 2, height_ratios=[1, 1, 1.2])
    axes = figure.add_subplot(grid[0, 0])
    axes.hist(notes, _edges(notes), weights=each)
    axes.set(title="Pitch", xlabel="MIDI note", ylabel="minutes")
    axes = figure.add_subplot(grid[0, 1])
    axes.hist(levels, 40, weights=each)
    axes.set(title="Loudness", xlabel="dB", ylabel="minutes")
    axes = figure.add_subplot(grid[1, 0])
    shown = axes.hist2d(notes, levels, bins=(48, 32), cmin=1, cmap="viridis")
    figure.colorbar(shown[3], ax=axes, label="frames")
    axes.set(title="What was played how loud", xlabel="MIDI note", ylabel="dB")
    _trust(figure.add_subplot(grid[1, 1]), files)
    _stretch(figure.add_subplot(grid[2, :]), pieces, dataset.profile)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=90)
    return stream.getvalue()


def _edges(notes: np.ndarray) -> list[float]:
    """Edges of a histogram's bins, half way between semitones."""
    return [note - 0.5 for note in range(int(notes.min()), int(notes.max()) + 3)]


def _trust(axes: Axes, files: list[dict[str, Any]]) -> None:
    shares = [100 * item["trusted"] for item in files]
    axes.set_title("Clear single pitch, % of what sounds")
    if len(files) > MOST_BARS:
        axes.hist(shares, np.linspace(0, 100, 41).tolist())
        axes.set(xlabel="%", ylabel="files")
        return
    colours = ["tab:orange" if item["warnings"] else "tab:blue" for item in files]
    axes.barh(range(len(files)), shares, color=colours)
    # A dollar would begin a formula; long names would leave no room.
    names = [item["file"][-28:].replace("$", r"\$") for item in files]
    axes.set_yticks(range(len(files)), names, fontsize=7)
    axes.set(xlim=(0, 100), xlabel="% (orange: has warnings)")
    axes.invert_yaxis()


def _stretch(axes: Axes, pieces: list[Piece], profile: Profile) -> None:
    """The stretch whose share of trusted frames is the median's."""
    size = round(STRETCH_S * profile.frame_rate)
    places = [
        (float(p.weight[at : at + size].mean()), i, at)
        for i, p in enumerate(pieces)
        for at in range(0, max(1, len(p.weight) - size), size)
        if (p.loudness_db[at : at + size] > AUDIBLE_DB).mean() > 0.5
    ]
    places = places or [(0.0, 0, 0)]
    _, index, at = sorted(places)[len(places) // 2]
    piece = pieces[index]
    audio = piece.audio[at * profile.hop : (at + size) * profile.hop]
    audio = audio + 1e-7 * np.random.default_rng(0).standard_normal(len(audio))  # no log of 0
    axes.specgram(audio, NFFT=2048, noverlap=1536, Fs=profile.sample_rate, cmap="magma",
                  vmin=-130, vmax=-40)  # fmt: skip
    times = (np.arange(len(piece.weight))[at : at + size] - at + 1) / profile.frame_rate
    times = times - profile.latency_s
    f0, weight = piece.synth_f0_hz[at : at + size], piece.weight[at : at + size] > 0
    axes.plot(times, np.where(weight, f0, np.nan), color="cyan", label="f0, trusted")
    axes.plot(times, np.where(weight, np.nan, f0), ":", color="white", lw=0.8, label="not trusted")
    axes.set(title="A typical stretch", xlabel="s", ylabel="Hz")
    axes.set_ylim(0, min(profile.sample_rate / 2, 8000))
    axes.legend(loc="upper right", fontsize=8)
