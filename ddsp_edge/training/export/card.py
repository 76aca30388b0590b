"""MODEL_CARD.md: what a model was made of, how, and what was measured."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddsp_edge.bundles.metadata import ModelInfo, Room
from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import note_name
from ddsp_edge.system.atomic_files import read_limited
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.export.measure import Tracking
from ddsp_edge.training.plan import Plan
from ddsp_edge.training.recipes import Recipe


@dataclass(frozen=True)
class Measured:
    """What was measured on one finished model."""

    parameters: int
    size_bytes: int
    loss_float32: float  #: held-out multi-scale spectral loss, through the engine
    loss_quantized: float
    difference_db: float  #: mean spectral difference of the two renders
    attack_s: float
    silence_dbfs: float
    tracking: Tracking  #: of the quantized model


@dataclass(frozen=True)
class Baseline:
    """Another model's loss on the same held-out audio, measured in the same way."""

    loss: float
    text: str  #: what it is: recipe, steps, seed


@dataclass(frozen=True)
class Training:
    """What a model was trained on and how, as its card tells it."""

    dataset: Dataset
    recipe: Recipe
    plan: Plan
    command: str = ""  #: that remakes the model
    seconds: float | None = None  #: that the training took
    baseline: Baseline | None = None
    room: Room | None = None  #: of the recordings, learnt apart
    response: np.ndarray | None = None  #: of body and room, learnt sample by sample
    response_of: str = ""  #: the room that it is of, where there are several


def read_baseline(path: Path) -> Baseline:
    """``{"loss": 4.2, "text": "..."}``; other keys are let through. Raises UserError."""
    try:
        given = json.loads(read_limited(path, 1 << 20))
        loss, text = given["loss"], given["text"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UserError(
            f'{path}: is not a baseline; it must hold {{"loss": NUMBER, "text": "..."}}'
        ) from None
    if isinstance(loss, bool) or not isinstance(loss, int | float) or not 0 < loss < 1e6:
        raise UserError(f"{path}: its loss is {loss!r}, not a number above 0")
    if not isinstance(text, str) or not text.isprintable() or not 0 < len(text) <= 200:
        raise UserError(f"{path}: its text must be one line of at most 200 characters")
    return Baseline(float(loss), text)


def model_card(info: ModelInfo, training: Training, measured: Measured) -> str:
    """Return MODEL_CARD.md as Markdown; the same facts stand at its end as JSON, for programs."""
    dataset, recipe, plan = training.dataset, training.recipe, training.plan
    training_s, baseline = training.seconds, training.baseline
    profile, s, t = dataset.profile, dataset.summary, measured.tracking
    held = sum(len(p.audio) for p in dataset.held_out) / profile.sample_rate
    rows = [("float32", measured.loss_float32)]
    if info.quantization != "none":
        rows.append((info.quantization, measured.loss_quantized))
    if baseline is not None:
        rows.append((baseline.text, baseline.loss))
    took = f", {_duration(training_s)} of training" if training_s is not None else ""
    source = f"the controls of {plan.teacher}" if plan.teacher else "analysed harmonics and noise"
    begin = (
        f"Warm start on {source}: {plan.warm_steps} steps of {plan.warm_batch} x "
        f"{plan.warm_frames} frames"
    )
    if plan.start:
        begin = f"Trained on from {plan.start}"
    facts: dict[str, Any] = {"plan": asdict(plan), "summary": s, "measured": asdict(measured)}
    if training_s is not None:
        facts["training_s"] = round(training_s, 1)
    if baseline is not None:
        facts["baseline"] = asdict(baseline)
    return f"""# {info.name}

A DDSP decoder of ddsp-edge: pitch and loudness in; {info.n_harmonics} harmonics and \
{info.n_noise} noise bands out, {info.frame_rate:g} times a second, {info.sample_rate} Hz.

## Data and licence
{recipe.attribution}.
Licence of the recordings and of this model: {recipe.licence}.

* {dataset.minutes():.1f} minutes prepared, {s["usable_minutes"]:.1f} of them with a clear single \
pitch; {held:.0f} s held out.
* Trained pitch {note_name(info.min_pitch_note)} to {note_name(info.max_pitch_note)} \
({info.min_pitch_hz:.0f} to {info.max_pitch_hz:.0f} Hz, 1st to 99th percentile), loudness \
{info.min_loudness_db:.0f} to {info.max_loudness_db:.0f} dB (5th to 99th).

## Training
* {begin}; then the multi-scale spectral loss: at most {plan.steps} steps of \
{plan.batch} x {(plan.frames - 1) / profile.frame_rate:g} s. Seed {plan.seed}{took}.
{_response(training)}* {measured.parameters} parameters; the file has {measured.size_bytes} \
bytes ({info.quantization}, per-tensor scales).
* The command that remakes it: `{training.command}`

## Measured
On the held-out recordings, through the engine, reverb off:

| | multi-scale spectral loss |
|---|---|
{chr(10).join(f"| {name} | {loss:.3f} |" for name, loss in rows)}

* Pitch: {100 * t.f0_right:.1f} % of the recording's pitched frames are within 50 cents, the \
median of those {t.f0_cents:.1f} cents off; {100 * t.f0_gross:.1f} % are another note \
({t.seconds:.0f} s compared).
* Loudness: correlation {t.loudness_correlation:.3f}, median difference {t.loudness_db:.1f} dB.
* Harmonics-to-noise ratio: {t.hnr_db:.1f} dB, the recordings {t.hnr_recording_db:.1f} dB.
* Mean spectral difference of float32 and {info.quantization}: {measured.difference_db:.3f} dB.
* The slowest of six notes from silence has half its steady power after \
{measured.attack_s * 1000:.1f} ms.
* Shown silence it plays {_silence(measured.silence_dbfs)}.

The loss sums, over Hann windows of 2048 to 64 samples a quarter apart, the mean absolute
differences of magnitudes and of log magnitudes (floor -100 dB); see docs/evaluation.md.

```json
{json.dumps(facts, indent=1)}
```
"""


def _response(training: Training) -> str:
    """A line on the learnt response, or nothing."""
    if training.response is None:
        return ""
    energy = np.square(training.response.astype(np.float64))
    level_db = 10 * np.log10(max(float(energy.sum()), 1e-20))
    rooms = len(training.dataset.rooms)
    whose = f" (of {rooms} rooms that of {training.response_of!r})" if rooms > 1 else ""
    return (
        f"* With a response of body and room of {len(training.response)} samples, learnt with "
        f"it{whose}; {level_db:.1f} dB beside the direct sound. The setting `body` says how much "
        "is heard.\n"
    )


def _silence(dbfs: float) -> str:
    return "exact silence" if dbfs <= -199 else f"{dbfs:.0f} dBFS"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
