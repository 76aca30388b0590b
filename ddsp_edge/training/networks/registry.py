"""Which network a profile trains, centred on the instrument's own range."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from ddsp_edge.training.networks.model import SIZES, EdgeDecoder, Shape
from ddsp_edge.training.networks.vst_model import VstModel
from ddsp_edge.training.profiles import Profile
from ddsp_edge.units import scale_f0, scale_loudness


def make_model(
    profile: Profile, summary: dict[str, float], size: str = "large"
) -> EdgeDecoder | VstModel:
    """An untrained network of one of :data:`SIZES` (DDSP-VST's has one size); torch's global
    seed decides its weights.

    It has ``sequence(f0_scaled [b, f], pw_scaled [b, f])`` -> amplitude [b, f], harmonics
    [b, f, n], noise [b, f, m]. Raises KeyError for a summary without the ranges.
    """
    if profile.name == "vst":
        return VstModel(n_harmonics=profile.n_harmonics, n_noise=profile.n_noise)
    return EdgeDecoder(edge_shape(profile, summary, size))


def edge_shape(profile: Profile, summary: dict[str, float], size: str = "large") -> Shape:
    """Inputs centred on the instrument's own range."""
    low, high = (float(scale_f0(summary[key])) for key in ("f0_low_hz", "f0_high_hz"))
    quiet, loud = (
        float(scale_loudness(summary[key])) for key in ("loudness_low_db", "loudness_high_db")
    )
    return replace(
        SIZES[size],
        n_harmonics=profile.n_harmonics,
        n_noise=profile.n_noise,
        pitch=(round((low + high) / 2, 4), round(3.0 / max(high - low, 0.1), 4)),
        loudness=(round((quiet + loud) / 2, 4), round(2.0 / max(loud - quiet, 0.1), 4)),
    )


def sizes(model: nn.Module) -> dict[str, list[int]]:
    """Return the shape of every weight; a checkpoint fits a model with the same shapes."""
    return {name: list(value.shape) for name, value in model.state_dict().items()}
