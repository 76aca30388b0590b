"""A model as DDSP-VST takes it: its metadata as a zip behind the file, and its training zip."""

from __future__ import annotations

import json
from pathlib import Path

from ddsp_edge.bundles.bundle import CARD, METADATA, Bundle, read_bundle
from ddsp_edge.bundles.metadata import MAPS, VST_KEYS, ModelInfo
from ddsp_edge.bundles.vst_check import check_for_vst
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.system.safe_zip import build_zip

#: Behind DDSP-VST's own keys, which it passes over: whose work it is must stay with the file.
OUR_KEYS = ("licence", "attribution", "attack_s")


def vst_model(bundle: Bundle) -> bytes:
    """Return the ``.tflite`` with its metadata appended, as DDSP-VST reads it."""
    said = bundle.info.as_json()
    told = {key: said[key] for key in (*VST_KEYS, *OUR_KEYS)}
    for key in MAPS:  # the plug-in passes them over; they are played here
        if (found := getattr(bundle.info, key)) is not None:
            told[key] = found.as_json()
    return build_zip({METADATA: json.dumps(told).encode()}, behind=bundle.model)


def vst_zip(bundle: Bundle) -> bytes:
    """The training zip: a folder with the model; the card and the preview beside it."""
    name = bundle.info.name
    members = {f"{name}/{name}.tflite": vst_model(bundle)}
    if bundle.card:
        members[f"{name}/{CARD}"] = bundle.card.encode("utf-8")
    if bundle.preview:
        members[f"{name}/{bundle.preview_name or 'preview.ogg'}"] = bundle.preview
    return build_zip(members)


def write_vst(bundle: Bundle, path: Path | str) -> Bundle:
    """Write ``path`` (``.zip``: the training zip, else the ``.tflite``) and read it back.

    Raises UserError, and writes nothing, where the plug-in would not take it.
    """
    path = Path(path)
    model = vst_model(bundle)
    broken = [rule for rule in check_for_vst(model) if not rule.kept and rule.required]
    if broken:
        raise UserError(f"{path}: not written: {refusal(bundle.info)} ({broken[0]})")
    write_atomically(path, vst_zip(bundle) if path.suffix.lower() == ".zip" else model)
    return read_bundle(path)


def refusal(info: ModelInfo) -> str:
    """Return why DDSP-VST cannot take a model, and the remedy."""
    return (
        f"DDSP-VST plays one shape of model only (16 kHz, 50 frames a second, 60 harmonics, 65 "
        f"noise bands, a state of 512); {info.name} has {info.sample_rate / 1000:g} kHz, "
        f"{info.frame_rate:g}, {info.n_harmonics}, {info.n_noise} and {info.state_size}; train one "
        f"for it from the same recordings: ddsp-edge train FOLDER --name '{info.name}' "
        "--profile vst"
    )
