"""Random control tracks, and the kernel's voice playing them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from reference_synth import ControlEvent, ReferenceVoice

from ddsp_edge.frames import ControlFrame
from native.kernel import Voice


def control(
    voice: Voice | ReferenceVoice,
    f0_hz: float = 0.0,
    amplitude: float = 0.0,
    harmonics: object = 1.0,
    noise: object = 0.0,
) -> ControlFrame:
    frame = ControlFrame(voice.n_harmonics, voice.n_noise, f0_hz, amplitude)
    frame.harmonic_distribution[:] = harmonics
    frame.noise_magnitudes[:] = noise
    return frame


def set_frame(voice: Voice, frame: ControlFrame, ramp_s: float) -> None:
    voice.set_frame(
        frame.f0_hz, frame.amplitude, frame.harmonic_distribution, frame.noise_magnitudes, ramp_s
    )


def random_track(
    voice: Voice | ReferenceVoice, frame_s: float, duration_s: float, seed: int
) -> list[ControlEvent]:
    """Wandering pitch with leaps and rests, every amplitude different in every frame."""
    random = np.random.default_rng(seed)
    events = []
    f0_hz = random.uniform(50.0, 900.0)
    for time_s in np.arange(0.0, duration_s, frame_s):
        leap = random.random() < 0.1
        f0_hz = np.clip(f0_hz * 2 ** random.normal(0.0, 1.0 if leap else 0.03), 40.0, 2000.0)
        frame = control(
            voice,
            f0_hz if random.random() < 0.95 else 0.0,
            random.random() ** 2 if random.random() < 0.9 else 0.0,
            random.random(voice.n_harmonics) ** 3,
            random.random(voice.n_noise)
            * 10.0 ** random.uniform(-3.0, 0.0)
            * (random.random() < 0.8),
        )
        # Ramps that end early, in time, and never (the next frame cuts them short).
        events.append(ControlEvent(float(time_s), frame, frame_s * random.choice([0.5, 1.0, 2.0])))
    return events


def play(
    voice: Voice,
    events: Iterable[ControlEvent],
    duration_s: float,
    sample_rate: float,
    block: Callable[[], int] = lambda: 512,
) -> np.ndarray:
    """The kernel's rendering in blocks of ``block()`` samples."""
    out = np.full(round(duration_s * sample_rate), np.nan, np.float32)
    pending = list(events)
    at = 0
    while at < len(out):
        while pending and round(pending[0].time_s * sample_rate) <= at:
            event = pending.pop(0)
            set_frame(voice, event.frame, event.ramp_s)
        end = min(at + block(), len(out))
        if pending:
            end = min(end, round(pending[0].time_s * sample_rate))
        voice.render(out[at:end])
        at = end
    return out


def rms_db(x: np.ndarray) -> float:
    return float(10.0 * np.log10(np.mean(np.square(x, dtype=float)) + 1e-30))
