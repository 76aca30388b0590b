"""One picture a version: spectrogram with the pitch in it, and the level below."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ddsp_edge.compare.versions import RATE, Version
from ddsp_edge.evaluation import loudness_track, track_f0
from ddsp_edge.offline.plot import PITCH_COLOUR, draw_spectrogram, pyplot, save_figure

HOP_S = 0.01
WIDTH, HEIGHT, DPI = 960, 400, 80  #: pixels


def draw(version: Version, path: Path) -> None:
    """Draw a version that has a sound. Raises UserError where matplotlib is missing."""
    plt = pyplot()
    figure, (spectrum, level) = plt.subplots(
        2,
        1,
        figsize=(WIDTH / DPI, HEIGHT / DPI),
        dpi=DPI,
        sharex=True,
        height_ratios=(3, 1),
        layout="constrained",
    )
    try:
        draw_spectrogram(spectrum, version.sound, RATE)
        track = track_f0(version.sound, RATE, hop_s=HOP_S)
        pitch = np.where(track.f0_hz > 0, track.f0_hz, np.nan)
        spectrum.plot(track.times_s, pitch, color=PITCH_COLOUR, lw=1.3, label="pitch")
        spectrum.legend(loc="upper right")
        heard = loudness_track(version.sound, RATE, HOP_S)
        level.plot(np.arange(len(heard)) * HOP_S, heard, color="#7a4fd0", lw=1.3)
        level.set_ylim(-70, 0)
        level.set_ylabel("level, dB")
        level.set_xlabel("seconds")
        level.grid(alpha=0.3)
        level.set_xlim(0, len(version.sound) / RATE)
        save_figure(figure, path)
    finally:
        plt.close(figure)
