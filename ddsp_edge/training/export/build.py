"""A trained decoder to a bundle: export, measure, write the card."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

import ddsp_edge
from ddsp_edge import evaluation
from ddsp_edge.bundles.bundle import Bundle, with_response, write_bundle
from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.bundles.vst_export import write_vst
from ddsp_edge.calibration.calibrate import swept_bundle, with_map
from ddsp_edge.calibration.recordings import centroid_fall
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.training.data.features import Piece
from ddsp_edge.training.export import measure
from ddsp_edge.training.export.bundle_picture import draw_bundle_picture
from ddsp_edge.training.export.card import Measured, Training, model_card
from ddsp_edge.training.export.rounding import calibration, round_to_int8
from ddsp_edge.training.export.to_tflite import export
from ddsp_edge.training.networks.model import EdgeDecoder
from ddsp_edge.training.networks.vst_model import FRAME_SIZE, VstModel
from ddsp_edge.units import hz_to_midi

PREVIEW_S = 5.0
MOST_DIFFERENCE_DB = 0.2  #: between the float32 and the quantized render


def build_bundle(
    model: EdgeDecoder | VstModel,
    training: Training,
    out: Path,
    quantization: str = "int8",
    float32_out: Path | None = None,
    say: Callable[[str], None] = print,
    allow_failed_sweep: bool = False,
) -> Measured:
    """Write ``out`` and return what was measured. Raises UserError: also where quantizing changes
    the sound by more than MOST_DIFFERENCE_DB.

    The loudness map is found before anything is measured, and every key is swept at the end; a
    model that does not pass is not written unless ``allow_failed_sweep`` says so (UserError).

    The dataset's profile says what is written: our bundle, or DDSP-VST's training zip.
    ``float32_out`` is where the bare float32 model goes, if anywhere; ``say`` is told each step.
    """
    dataset = training.dataset
    profile, pieces = dataset.profile, dataset.held_out
    decoder = model.frame_decoder()
    info = _info(training, decoder.state_size, quantization)
    files = {}
    for kind in dict.fromkeys(("none", quantization)):
        say(f"exporting ({'float32' if kind == 'none' else kind})")
        files[kind] = export(
            round_to_int8(decoder, calibration(dataset.train)) if kind == "int8" else decoder,
            info.state_size,
            info.n_harmonics,
            info.n_noise,
            quantization=kind,
            pitch_range_hz=(info.min_pitch_hz, info.max_pitch_hz),
        )
    say("finding its loudness map")
    fall = centroid_fall((piece.audio for piece in dataset.train), profile.sample_rate)
    final = Bundle(info, files[quantization].model)
    if training.response is not None:
        # Its level is part of what the maps find: the instrument learnt with it.
        final = with_response(final, training.response)
    final = with_map(final, fall)
    info = final.info
    reference = replace(final, info=replace(info, quantization="none"), model=files["none"].model)

    say("measuring on what was held out")
    plain = [measure.play(reference, piece, profile) for piece in pieces]
    quantized = [measure.play(final, piece, profile) for piece in pieces]
    response = measure.response(final)
    measured = Measured(
        parameters=model.parameters_count(),
        size_bytes=len(final.model),
        loss_float32=measure.spectral_loss(plain, pieces, profile),
        loss_quantized=measure.spectral_loss(quantized, pieces, profile),
        difference_db=evaluation.spectral_difference_db(
            np.concatenate(plain), np.concatenate(quantized)
        ),
        attack_s=response.attack_s,
        silence_dbfs=response.silence_dbfs,
        tracking=measure.follows(quantized, pieces, profile),
    )
    if measured.difference_db > MOST_DIFFERENCE_DB:
        raise UserError(
            f"{out}: not written, since the {quantization} model sounds "
            f"{measured.difference_db:.2f} dB different from float32, more than "
            f"{MOST_DIFFERENCE_DB} dB; the training is kept: the same command with --quantize "
            "float16 (a small network stays small) exports it again"
        )
    info = replace(info, attack_s=round(response.attack_s, 4))
    card = model_card(info, training, measured)
    heard = list(zip(pieces, quantized, strict=True))
    if training.response is not None:  # of the room that it is played in, if anything is held out
        heard = [each for each in heard if each[0].room == training.response_of] or heard
    original, ours = _excerpt(heard, measure.delay(profile), profile.sample_rate)
    finished = replace(
        final,
        info=info,
        card=card,
        preview=_preview(ours, profile.sample_rate),
        picture=draw_bundle_picture(info, dataset, original, ours),
    )
    say("sweeping every key")
    finished, _ = swept_bundle(finished, allow_failed_sweep, say)
    if profile.name == "vst":
        write_vst(finished, out)
    else:
        write_bundle(out, finished)
    if float32_out is not None:
        write_atomically(float32_out, reference.model)
    return measured


def _info(training: Training, state_size: int, quantization: str) -> ModelInfo:
    dataset, recipe = training.dataset, training.recipe
    profile = dataset.profile
    low, high = dataset.summary["f0_low_hz"], dataset.summary["f0_high_hz"]
    return ModelInfo(
        name=recipe.name,
        profile=profile.name,
        sample_rate=profile.sample_rate,
        frame_rate=float(profile.frame_rate),
        frame_size=FRAME_SIZE if profile.name == "vst" else profile.hop,
        n_harmonics=profile.n_harmonics,
        n_noise=profile.n_noise,
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
        room=training.room,
        export_time=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def _excerpt(
    heard: list[tuple[Piece, np.ndarray]], late: int, rate: int
) -> tuple[np.ndarray, np.ndarray]:
    """The same five seconds of a recording and of its render: those that sound most."""
    size = int(PREVIEW_S * rate)
    best, level = (heard[0][0].audio[:size], heard[0][1][late : late + size]), -1.0
    for piece, sound in heard:
        for start in range(0, max(1, len(piece.audio) - size), rate):
            part = sound[start + late : start + late + size]
            score = float(np.median(np.abs(part)))
            if score > level:
                best, level = (piece.audio[start : start + size], part), score
    return best


def _preview(sound: np.ndarray, rate: int) -> bytes:
    """``sound`` with its ends faded, as Ogg Vorbis."""
    fade = np.minimum(1.0, np.minimum(np.arange(len(sound)), np.arange(len(sound))[::-1]) / 480)
    sound = sound * fade / max(1.0, float(np.abs(sound).max()) / 0.9)
    stream = io.BytesIO()
    soundfile.write(stream, sound.astype(np.float32), rate, format="OGG", subtype="VORBIS")
    return stream.getvalue()
