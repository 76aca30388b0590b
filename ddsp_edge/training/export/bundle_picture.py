"""The picture in a bundle: a held-out recording, the model's rendering, the trained region."""

from __future__ import annotations

import io

import numpy as np

from ddsp_edge.bundles.bundle import MAX_PICTURE_BYTES
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import draw_spectrogram, note_name, pyplot
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.units import hz_to_midi

COLOURS = 96  #: of the picture's palette: half the bytes without a visible difference


def draw_bundle_picture(
    info: ModelInfo, dataset: Dataset, original: np.ndarray, ours: np.ndarray
) -> bytes:
    """Return a PNG of at most MAX_PICTURE_BYTES; empty where matplotlib is not installed.

    ``original`` and ``ours`` are the same stretch, mono at the dataset's rate.
    """
    try:
        plt = pyplot()
    except UserError:
        return b""
    rate = dataset.profile.sample_rate
    figure = plt.figure(figsize=(11, 7), dpi=80, layout="constrained")
    axes = figure.subplot_mosaic([["a", "region"], ["b", "region"]], width_ratios=(1.7, 1))
    for name, sound, title in (
        ("a", original, "recording (held out)"),
        ("b", ours, f"{info.name} (ours)"),
    ):
        draw_spectrogram(axes[name], sound, rate)
        axes[name].set_title(title, loc="left")
        axes[name].set_xlim(0, len(original) / rate)
    axes["b"].set_xlabel("seconds")
    _region(axes["region"], info, dataset)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    plt.close(figure)
    from PIL import Image  # matplotlib's own reader of pictures

    small = io.BytesIO()
    with Image.open(stream) as image:
        image.convert("RGB").quantize(COLOURS).save(small, format="png", optimize=True)
    data = small.getvalue()
    return data if len(data) <= MAX_PICTURE_BYTES else b""


def _region(axis, info: ModelInfo, dataset: Dataset) -> None:  # type: ignore[no-untyped-def]
    """Plot the training data over pitch and loudness, and the range that the model states."""
    notes = hz_to_midi(np.concatenate([p.f0_hz[p.usable] for p in dataset.train]))
    loud = np.concatenate([p.loudness_db[p.usable] for p in dataset.train])
    axis.hist2d(notes, loud, bins=(60, 60), cmap="magma", cmin=1)
    low, high = info.min_pitch_note, info.max_pitch_note
    soft, strong = info.min_loudness_db, info.max_loudness_db
    axis.plot([low, high, high, low, low], [soft, soft, strong, strong, soft], "--", color="0.4")
    ticks = [n for n in range(int(low) - 2, int(high) + 3) if n % 12 == 0]
    axis.set_xticks(ticks, [note_name(n) for n in ticks])
    axis.set_title("trained pitch and loudness", loc="left")
    axis.set_ylabel("dB")
