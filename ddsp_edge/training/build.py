"""A trained decoder to a bundle: export, measure, write the card."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

import ddsp_edge
from ddsp_edge import evaluation
from ddsp_edge.bundle import Bundle, write_bundle
from ddsp_edge.metadata import ModelInfo
from ddsp_edge.scaling import hz_to_midi, scale_f0, scale_loudness
from ddsp_edge.training import measure
from ddsp_edge.training.dataset import FRAME_RATE, HOP, N_HARMONICS, N_NOISE, RATE, Dataset
from ddsp_edge.training.export import export
from ddsp_edge.training.model import EdgeDecoder, FrameDecoder
from ddsp_edge.training.recipes import Recipe
from ddsp_edge.training.rounding import round_to_int8
from ddsp_edge.training.trainer import Plan

PREVIEW_S = 5.0
CALIBRATION_FRAMES = 4000
MOST_DIFFERENCE_DB = 0.2  #: between the float32 and the quantized render


@dataclass(frozen=True)
class Measured:
    """Of one finished model."""

    parameters: int
    size_bytes: int
    loss_float32: float  #: held-out multi-scale spectral loss, through the engine
    loss_quantized: float
    difference_db: float  #: mean spectral difference of the two renders
    attack_s: float
    silence_dbfs: float


def build_bundle(
    model: EdgeDecoder,
    dataset: Dataset,
    recipe: Recipe,
    plan: Plan,
    out: Path,
    quantization: str = "int8",
    command: str = "",
    float32_out: Path | None = None,
    say: Callable[[str], None] = print,
) -> Measured:
    """Write ``out`` and return what was measured. Raises UserError, ValueError (drift)."""
    shape = model.shape
    pitch_range = (dataset.summary["f0_low_hz"], dataset.summary["f0_high_hz"])
    files = {}
    decoder = FrameDecoder(model)
    modules = {"none": decoder, "float16": decoder}
    if quantization == "int8":
        modules["int8"] = round_to_int8(decoder, *_calibration(dataset))
    for kind in dict.fromkeys(("none", quantization)):
        say(f"exporting ({'float32' if kind == 'none' else kind})")
        files[kind] = export(
            modules[kind],
            shape.state_size,
            shape.n_harmonics,
            shape.n_noise,
            quantization=kind,
            pitch_range_hz=pitch_range,
        )
    info = _info(dataset, recipe, shape.state_size, quantization)
    reference = Bundle(replace(info, quantization="none"), files["none"].model, "", b"")
    final = Bundle(info, files[quantization].model, "", b"")

    say("measuring on what was held out")
    pieces = dataset.held_out
    plain = [measure.play(reference, piece) for piece in pieces]
    quantized = [measure.play(final, piece) for piece in pieces]
    response = measure.response(final)
    measured = Measured(
        parameters=model.parameters_count(),
        size_bytes=len(files[quantization].model),
        loss_float32=measure.spectral_loss(plain, pieces),
        loss_quantized=measure.spectral_loss(quantized, pieces),
        difference_db=evaluation.spectral_difference_db(
            np.concatenate(plain), np.concatenate(quantized)
        ),
        attack_s=response.attack_s,
        silence_dbfs=response.silence_dbfs,
    )
    if measured.difference_db > MOST_DIFFERENCE_DB:
        raise ValueError(
            f"the {quantization} model sounds {measured.difference_db:.2f} dB different from "
            f"float32, more than {MOST_DIFFERENCE_DB} dB"
        )
    info = replace(info, attack_s=round(response.attack_s, 4))
    card = _card(info, dataset, recipe, plan, measured, command)
    write_bundle(out, Bundle(info, final.model, card, _preview(pieces, quantized)))
    if float32_out is not None:
        float32_out.write_bytes(reference.model)
    return measured


def _calibration(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Scaled pitch and loudness from all over the training data, (frames,) each."""
    f0 = np.concatenate([piece.f0_hz for piece in dataset.train])
    loudness = np.concatenate([piece.loudness_db for piece in dataset.train])
    step = max(1, len(f0) // CALIBRATION_FRAMES)
    return (
        scale_f0(f0[::step]).astype(np.float32),
        scale_loudness(loudness[::step]).astype(np.float32),
    )


def _info(dataset: Dataset, recipe: Recipe, state_size: int, quantization: str) -> ModelInfo:
    low, high = dataset.summary["f0_low_hz"], dataset.summary["f0_high_hz"]
    return ModelInfo(
        name=recipe.name,
        profile="edge",
        sample_rate=RATE,
        frame_rate=float(FRAME_RATE),
        frame_size=HOP,
        n_harmonics=N_HARMONICS,
        n_noise=N_NOISE,
        state_size=state_size,
        quantization=quantization,
        licence=recipe.licence,
        attribution=recipe.attribution,
        attack_s=0.0,
        min_pitch_note=round(float(hz_to_midi(low)), 2),
        max_pitch_note=round(float(hz_to_midi(high)), 2),
        min_pitch_hz=round(low, 2),
        max_pitch_hz=round(high, 2),
        min_loudness_db=round(dataset.summary["loudness_low_db"], 2),
        max_loudness_db=round(dataset.summary["loudness_high_db"], 2),
        version=ddsp_edge.__version__,
        export_time=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def _preview(pieces: list, sounds: list[np.ndarray]) -> bytes:  # type: ignore[type-arg]
    """The five seconds of the held-out material that sound most, as Ogg Vorbis."""
    size = int(PREVIEW_S * RATE)
    best, level = sounds[0][:size], -1.0
    for sound in sounds:
        for start in range(0, max(1, len(sound) - size), RATE):
            part = sound[start : start + size]
            score = float(np.median(np.abs(part)))
            if score > level:
                best, level = part, score
    fade = np.minimum(1.0, np.minimum(np.arange(len(best)), np.arange(len(best))[::-1]) / 480)
    best = best * fade / max(1.0, float(np.abs(best).max()) / 0.9)
    stream = io.BytesIO()
    soundfile.write(stream, best.astype(np.float32), RATE, format="OGG", subtype="VORBIS")
    return stream.getvalue()


def _card(
    info: ModelInfo,
    dataset: Dataset,
    recipe: Recipe,
    plan: Plan,
    measured: Measured,
    command: str,
) -> str:
    s = dataset.summary
    held = sum(len(p.audio) for p in dataset.held_out) / RATE
    return f"""# {info.name}

A DDSP decoder of ddsp-edge: pitch and loudness in; {info.n_harmonics} harmonics and \
{info.n_noise} noise bands out, {info.frame_rate:g} times a second, {info.sample_rate} Hz.

## Data and licence
{recipe.attribution}.
Licence of the recordings and of this model: {recipe.licence}.

* {dataset.minutes():.1f} minutes prepared, {s["usable_minutes"]:.1f} of them with a clear single \
pitch; {held:.0f} s held out.
* Pitch {s["f0_low_hz"]:.0f} to {s["f0_high_hz"]:.0f} Hz, loudness {s["loudness_low_db"]:.0f} to \
{s["loudness_high_db"]:.0f} dB (1st to 99th and 5th to 99th percentile).

## Training
* Warm start on analysed harmonics and noise: {plan.warm_steps} steps of {plan.warm_batch} x \
{plan.warm_frames} frames; then the multi-scale spectral loss: {plan.steps} steps of \
{plan.batch} x {(plan.frames - 1) / FRAME_RATE:g} s. Seed {plan.seed}.
* {measured.parameters} parameters; the file has {measured.size_bytes} bytes ({info.quantization}, \
per-tensor scales).
* The command that remakes it: `{command}`

## Measured
On the held-out recordings, through the engine, reverb off:

| | multi-scale spectral loss |
|---|---|
| float32 | {measured.loss_float32:.3f} |
| {info.quantization} | {measured.loss_quantized:.3f} |

* Mean spectral difference of the two renders: {measured.difference_db:.3f} dB.
* A note from silence has half its steady power after {measured.attack_s * 1000:.1f} ms.
* Shown silence it plays {_silence(measured.silence_dbfs)}.

The loss sums, over Hann windows of 2048 to 64 samples a quarter apart, the mean absolute
differences of magnitudes and of log magnitudes (floor -100 dB); see docs/evaluation.md.

```json
{json.dumps({"plan": asdict(plan), "summary": s, "measured": asdict(measured)}, indent=1)}
```
"""


def _silence(dbfs: float) -> str:
    return "exact silence" if dbfs <= -199 else f"{dbfs:.0f} dBFS"
