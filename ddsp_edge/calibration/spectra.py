"""What a bare network plays where it is held: level, centroid and noise of its controls.

The controls say exactly which sines and which noise a voice plays, so that no sound has to be
made: a whole range takes a second or two. Where the bundle has a response of body and room, they
are as loud as they are heard behind it. :mod:`ddsp_edge.calibration.sweep` measures sound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.calibration.body_gain import BodyGain
from ddsp_edge.decoding.decoder import Decoder
from ddsp_edge.decoding.networks import network_of
from ddsp_edge.frames import ControlFrame, FeatureFrame
from ddsp_edge.units import midi_to_hz
from native.decoder import ControlStruct, NetworkDecoder

SETTLE_S = 0.8  #: how long the network is shown the same before it is measured ...
MEASURED_FRAMES, APART = 5, 4  #: ... in so many frames, so far apart
NOISE_POWER = 1.0 / 3.0  #: mean square of the noise that a magnitude of 1 gives
#: Of the amplitude-weighted centroid: a window of so many samples a second sees lines and noise.
_BIN_HZ = 6.0
_LEAST = 1e-20

Controls = ControlFrame | ControlStruct


@dataclass(frozen=True)
class Spectra:
    """Measured on a grid: all arrays are (notes, loudnesses)."""

    notes: np.ndarray  #: MIDI notes, (notes,)
    shown_db: np.ndarray  #: what the network was shown, (loudnesses,) or (notes, loudnesses)
    harmonic_power: np.ndarray  #: mean square
    noise_power: np.ndarray
    centroid_hz: np.ndarray  #: of the power
    amplitude_centroid_hz: np.ndarray  #: of the amplitudes, as a short-time spectrum shows them
    #: Power of each harmonic before the response, (notes, loudnesses, harmonics).
    lines: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0)), repr=False)

    @property
    def level_db(self) -> np.ndarray:
        """Mean square of harmonics and noise, dB re full scale."""
        return 10.0 * np.log10(np.maximum(self.harmonic_power + self.noise_power, _LEAST))

    @property
    def noise_share(self) -> np.ndarray:
        """The noise's share of the power, 0..1."""
        return self.noise_power / np.maximum(self.harmonic_power + self.noise_power, _LEAST)


def measure(bundle: Bundle, notes: np.ndarray, shown_db: np.ndarray) -> Spectra:
    """Hold every note at every loudness: ``shown_db`` of all notes (loudnesses,), or of each
    (notes, loudnesses)."""
    ask, info = _asking(bundle), bundle.info
    rows = np.broadcast_to(np.atleast_2d(shown_db), (len(notes), np.shape(shown_db)[-1]))
    found = np.zeros((*rows.shape, 4))
    lines = np.zeros((*rows.shape, info.n_harmonics))
    frames = max(MEASURED_FRAMES * APART, round(SETTLE_S / info.hop_s))
    for i, note in enumerate(notes):
        f0_hz = float(midi_to_hz(note))
        for j, loudness_db in enumerate(rows[i]):
            found[i, j], lines[i, j] = ask(f0_hz, float(loudness_db), frames)
    harmonic, noise, centroid, seen = np.moveaxis(found, 2, 0)
    notes, shown_db = np.asarray(notes), np.asarray(shown_db)
    return Spectra(notes, shown_db, harmonic, noise, centroid, seen, lines)


def _asking(bundle: Bundle) -> Callable[[float, float, int], tuple[np.ndarray, np.ndarray]]:
    """A function that lets a fresh voice play so many frames, and measures the last ones."""
    info, network = bundle.info, network_of(bundle)
    body = BodyGain(bundle.response) if bundle.response is not None else None
    bands = np.ones(info.n_noise)
    if body is not None:
        bands = body.of_bands(info.n_noise, info.band_limit_hz)
    begin: Callable[[], None]
    step: Callable[[float, float], Controls]
    if network is not None:
        decoder = NetworkDecoder(network)
        begin, step = decoder.reset, decoder.step
    else:
        runtime = Decoder(bundle)
        room = ControlFrame(info.n_harmonics, info.n_noise)

        def in_runtime(f0_hz: float, loudness_db: float) -> ControlFrame:
            runtime.step(FeatureFrame(0.0, f0_hz, loudness_db), room)
            return room

        begin, step = runtime.reset, in_runtime

    def ask(f0_hz: float, loudness_db: float, frames: int) -> tuple[np.ndarray, np.ndarray]:
        begin()
        sums, lines = np.zeros(4), np.zeros(info.n_harmonics)
        first, gains = frames - MEASURED_FRAMES * APART, np.ones(info.n_harmonics)
        if body is not None:
            gains = body.at(f0_hz * np.arange(1, info.n_harmonics + 1))
        for i in range(frames):
            controls = step(f0_hz, loudness_db)
            if i >= first and (i - first) % APART == 0:
                bare = _harmonic_powers(controls, f0_hz, info.band_limit_hz)
                sums += _powers(controls, f0_hz, info.band_limit_hz, bare * gains, bands)
                lines += bare
        return sums / MEASURED_FRAMES, lines / MEASURED_FRAMES

    return ask


def _harmonic_powers(controls: Controls, f0_hz: float, band_limit_hz: float) -> np.ndarray:
    """The mean square of each harmonic of one frame, (n,); 0 for those above the limit."""
    weights = np.asarray(controls.harmonic_distribution, np.float64)
    hz = f0_hz * np.arange(1, len(weights) + 1)
    weights = np.where(hz < band_limit_hz, weights, 0.0)
    amplitudes = controls.amplitude * weights / max(float(weights.sum()), _LEAST)
    return np.asarray(0.5 * amplitudes**2)


def _powers(
    controls: Controls,
    f0_hz: float,
    band_limit_hz: float,
    harmonic: np.ndarray,
    band_gains: np.ndarray,
) -> np.ndarray:
    """Harmonic power, noise power, centroid and amplitude-weighted centroid of one frame.

    ``harmonic`` (n,) are the powers as they are heard, ``band_gains`` (m,) what the response makes
    of the noise's.
    """
    hz = f0_hz * np.arange(1, len(harmonic) + 1)
    magnitudes = np.asarray(controls.noise_magnitudes, np.float64)
    band_hz = np.linspace(0.0, band_limit_hz, len(magnitudes))
    share = np.ones(len(magnitudes))
    share[[0, -1]] = 0.5
    share /= share.sum()
    noise = NOISE_POWER * magnitudes**2 * share * band_gains
    total = float(harmonic.sum() + noise.sum())
    # A line fills two bins of a Hann window's spectrum, noise every bin with the root of its power.
    bins = share * band_limit_hz / _BIN_HZ
    lines = 2.0 * np.sqrt(2.0 * harmonic) / 4.0
    hiss = np.sqrt(noise / np.maximum(bins, 1.0) * 0.375 / 2.0) * bins
    centroid = float(harmonic @ hz + noise @ band_hz) / max(total, _LEAST)
    seen = float(lines.sum() + hiss.sum())
    amplitude_centroid = float(lines @ hz + hiss @ band_hz) / max(seen, _LEAST)
    return np.array([harmonic.sum(), noise.sum(), centroid, amplitude_centroid])
