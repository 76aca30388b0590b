"""A plug-in's folder: models and the presets that choose them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.lv2.model_file import SUFFIX, model_name, model_range, write_model
from ddsp_edge.lv2.modgui import SCRIPT, with_ranges
from ddsp_edge.lv2.turtle import BINARY, FactoryPreset, manifest, presets_file
from ddsp_edge.system.atomic_files import write_atomically

MODELS = "models"


def export(bundles: Iterable[tuple[str, Bundle]], folder: Path) -> list[Path]:
    """Write models, by the names of their files, into an LV2 folder, and presets of all there.

    The folder is the plug-in's own or one beside it, which then holds presets only; its name
    should end in ``.lv2``, where hosts look. Raises UserError.
    """
    if folder.suffix != ".lv2":
        raise UserError(f"--out {folder}: name it X.lv2, or no host will look into it")
    models = folder / MODELS
    try:
        models.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{models}: cannot be made ({error.strerror})") from None
    written = []
    for name, bundle in bundles:
        path = models / f"{name}{SUFFIX}"
        write_model(bundle, path)
        written.append(path)
    plugins = (folder / BINARY).exists()
    presets = found_presets(folder, "" if plugins else folder.stem)
    write_atomically(folder / "presets.ttl", presets_file(presets).encode())
    write_atomically(folder / "manifest.ttl", manifest(presets, plugins).encode())
    _draw_ranges(folder)
    return written


def _draw_ranges(folder: Path) -> None:
    """Tell MOD's interface, where the folder has it, where each model was trained."""
    script = folder / SCRIPT
    if not script.is_file():
        return
    try:
        text = script.read_text(encoding="utf-8")
        ranges = {path.stem: model_range(path.read_bytes()) for path in _models(folder)}
    except (OSError, ValueError) as error:
        raise UserError(f"{folder}: cannot be read ({error})") from None
    write_atomically(script, with_ranges(text, ranges).encode())


def _models(folder: Path) -> list[Path]:
    return sorted((folder / MODELS).glob(f"*{SUFFIX}"))


def found_presets(folder: Path, scope: str = "") -> list[FactoryPreset]:
    """Return a preset for each model in a folder, by its file's name. Raises UserError.

    ``scope`` keeps the names for hosts apart from those of a folder that has a model of that name.
    """
    found = []
    for path in _models(folder):
        try:
            name = model_name(path.read_bytes())
        except (OSError, ValueError) as error:
            raise UserError(f"{path}: cannot be read ({error}); remove it") from None
        found.append(FactoryPreset(name, f"{MODELS}/{path.name}", scope))
    return found
