"""The two shapes of model that are trained here: rates and sizes, as data."""

from __future__ import annotations

from dataclasses import dataclass

from ddsp_edge.bundles import vst_check


@dataclass(frozen=True)
class Profile:
    """What a dataset is prepared at and a model speaks."""

    name: str  #: as in a bundle's metadata
    sample_rate: int  #: Hz
    frame_rate: int  #: control frames a second
    n_harmonics: int
    n_noise: int
    latency_s: float  #: the output describes the sound this long before its input frame

    @property
    def hop(self) -> int:
        """Samples from one control frame to the next."""
        return self.sample_rate // self.frame_rate


#: Ours: full band, 5 ms.
EDGE = Profile("edge", 48_000, 200, 100, 65, 0.005)
#: DDSP-VST's (docs/bundles.md).
VST = Profile(
    "vst",
    vst_check.SAMPLE_RATE,
    vst_check.FRAME_RATE,
    vst_check.N_HARMONICS,
    vst_check.N_NOISE,
    0.020,
)
