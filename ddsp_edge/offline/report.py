"""What a rendering was and what came out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ddsp_edge.bundles.metadata import ModelInfo
from ddsp_edge.frames import FeatureFrame
from ddsp_edge.settings import Settings
from ddsp_edge.synth.source import Performance


@dataclass
class RenderReport:
    """What was rendered; pictures and measures are made from it."""

    source: Path
    out: Path | None
    model: ModelInfo
    rate: int  #: Hz
    settings: Settings
    sound: np.ndarray  #: (samples, 2) float32, as written
    frames: list[FeatureFrame] = field(repr=False)
    input_audio: np.ndarray | None  #: (samples,) at ``rate``, after input_trim; None for MIDI
    performance: Performance | None  #: of MIDI
    lowered_db: float  #: how much it was turned down so as not to clip, 0 mostly
    load_s: float  #: to read and prepare the model
    render_s: float  #: analysis, decoding and synthesis, of one thread
    input_clips: int = 0  #: samples of the input at full scale: the clip light was on

    remarks: list[str] = field(default_factory=list)  #: of the input and the sound, for the user

    @property
    def duration_s(self) -> float:
        return len(self.sound) / self.rate

    @property
    def real_time_factor(self) -> float:
        """Return the seconds of sound that were made in one second."""
        return self.duration_s / self.render_s
