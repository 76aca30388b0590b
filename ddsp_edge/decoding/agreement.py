"""How far the C decoder is from a TFLite runtime: both play the same frames, side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.tflite.interpreter import Session
from ddsp_edge.tflite.signature import INPUT_NAMES, OUTPUT_NAMES
from ddsp_edge.units import db_to_gain, scale_f0, scale_loudness
from native.decoder import Network, NetworkDecoder

#: Frames whose state is carried on, of a player's moves.
MOVES = 1000
#: What is so far below the loudest of its kind over the whole run is not compared, in dB ...
HEARD_DB = 70.0
#: ... nor what is below this, linear (-100 dB).
LEAST_HEARD = 1e-5


@dataclass(frozen=True, slots=True)
class Agreement:
    """The largest differences over the run, in dB, of what can be heard."""

    runtime: str  #: what was compared with
    amplitude_db: float
    partials_db: float  #: amplitude times each harmonic's share
    noise_db: float
    faults: int  #: frames in which either gave something not finite

    @property
    def worst_db(self) -> float:
        """Return the largest of the differences; infinite where a frame was not finite."""
        worst = max(self.amplitude_db, self.partials_db, self.noise_db)
        return math.inf if self.faults or not math.isfinite(worst) else worst


def frames(low_hz: float, high_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Hz and dB, float32, (frames,): a grid of pitch and loudness, then :data:`MOVES` moves.

    The grid reaches an octave beyond the model's range. The moves are a glide, a crescendo on one
    note, a rest, leaping notes with attacks, vibrato with tremolo: a fifth of the frames each.
    """
    grid_hz = np.geomspace(max(20.0, low_hz / 2), min(12_000.0, high_hz * 2), 24)
    grid_db = np.linspace(-79.0, 0.0, 12)
    pitch, loudness = (each.ravel() for each in np.meshgrid(grid_hz, grid_db))
    at = np.linspace(0.0, 1.0, MOVES // 5, endpoint=False)
    note = np.floor(at * 8)
    places = (at, 0.4 + 0 * at, 0.4 + 0 * at, (note * 5 % 8) / 8, 0.6 + 0.02 * np.sin(75 * at))
    levels = (
        -25.0 + 0 * at,
        -70.0 + 60.0 * at,
        -80.0 + 0 * at,
        -15.0 - 30.0 * (at * 8 % 1),
        -30.0 + 8.0 * np.sin(57 * at),
    )
    moved = low_hz * (high_hz / low_hz) ** np.concatenate(places)
    return (
        np.concatenate([pitch, moved]).astype(np.float32),
        np.concatenate([loudness, *levels]).astype(np.float32),
    )


def compare(bundle: Bundle, network: Network, runtime: str | None = None) -> Agreement:
    """Play both over the model's range; takes some ten milliseconds.

    Raises UserError where no runtime can be used or it refuses the model.
    """
    session = Session(bundle.model, INPUT_NAMES, OUTPUT_NAMES, runtime)
    decoder = NetworkDecoder(network)
    session.inputs[2][:] = 0.0
    f0_hz, loudness_db = frames(bundle.info.min_pitch_hz, bundle.info.max_pitch_hz)
    f0_scaled, pw_scaled = scale_f0(f0_hz), scale_loudness(loudness_db)
    said: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for i in range(len(f0_hz)):
        session.inputs[0][:], session.inputs[1][:] = f0_scaled[i], pw_scaled[i]
        session.step()
        amplitude, harmonics, noise, state = (output[0] for output in session.outputs)
        said[0].append(np.concatenate([amplitude, harmonics, noise]))
        session.inputs[2][:] = state
        controls = decoder.step(float(f0_hz[i]), float(loudness_db[i]))
        said[1].append(
            np.concatenate(
                [[controls.amplitude], controls.harmonic_distribution, controls.noise_magnitudes]
            )
        )
    theirs, ours = (np.array(each, np.float64) for each in said)
    finite = np.isfinite(theirs).all(axis=1)
    faults = decoder.faults + int((~finite).sum())
    theirs, ours = theirs[finite], ours[finite]
    n = bundle.info.n_harmonics
    return Agreement(
        session.runtime,
        _difference_db(theirs[:, :1], ours[:, :1]),
        _difference_db(theirs[:, :1] * theirs[:, 1 : 1 + n], ours[:, :1] * ours[:, 1 : 1 + n]),
        _difference_db(theirs[:, 1 + n :], ours[:, 1 + n :]),
        faults,
    )


def _difference_db(reference: np.ndarray, other: np.ndarray) -> float:
    """Return the largest difference in dB where either of them is audible."""
    if not reference.size:
        return 0.0
    floor = max(float(reference.max()) * db_to_gain(-HEARD_DB), LEAST_HEARD)
    a, b = np.maximum(reference, floor), np.maximum(other, floor)
    return float(np.abs(20 * np.log10(b / a)).max())
