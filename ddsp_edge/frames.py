"""The two kinds of frame that flow through the program: features in, controls out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

#: Ramp of a frame that starts a note, in seconds: as short as possible without a click.
ONSET_RAMP_S = 0.0015


@dataclass(slots=True)
class FeatureFrame:
    """What a player (audio input or MIDI) asks of one voice at one moment."""

    time_s: float  #: when, in seconds since the start
    f0_hz: float  #: fundamental, Hz; 0 before the first pitch is known
    loudness_db: float  #: mean square, dB re full scale, -80 (silence) .. 0
    confidence: float = 1.0  #: 0..1, how periodic the input was (1 for MIDI)
    onset: bool = False  #: a note starts here: reached within ONSET_RAMP_S, not over a hop
    voice: int = 0  #: which of the instrument's voices
    brightness_db: float = 0.0  #: the timbre of a note so much louder, as loud as this one
    pitched: float = 1.0  #: 0..1, how much of it is a note; the rest is noise
    treble_db: float = 0.0  #: share of the sound above 5 kHz, dB, which bounds that noise; 0: all
    partials_db: float = 0.0  #: single harmonics stray by so much, rms; their power stays
    partials_at: float = 0.0  #: where on their ways they are


@dataclass(slots=True)
class ControlFrame:
    """What the kernel plays on one voice from one moment on; the decoder fills it in place."""

    n_harmonics: int
    n_noise: int
    f0_hz: float = 0.0  #: Hz
    amplitude: float = 0.0  #: linear, of all harmonics together
    harmonic_distribution: np.ndarray = field(init=False)  #: (n_harmonics,) float32 weights
    noise_magnitudes: np.ndarray = field(init=False)  #: (n_noise,) float32 linear gains

    def __post_init__(self) -> None:
        self.harmonic_distribution = np.zeros(self.n_harmonics, np.float32)
        self.noise_magnitudes = np.zeros(self.n_noise, np.float32)
