"""A response corrected so that the instrument behind it is as bright as its recordings.

What minimises a spectral loss is softer than the recordings where they are noisy, and the noise of
a bowed string is most of what sounds above some kilohertz. How much softer is known from the
recordings that were trained on: a linear filter makes up for it, which the response can hold.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import oaconvolve

from ddsp_edge.evaluation.spectrum import spectrogram
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.fit.run_log import synthesise
from ddsp_edge.training.fit.trainer import Model, Trainer

LOWEST_HZ = 1000.0  #: of the first third octave that is corrected
MOST_DB = 3.0  #: more than this is no matter of tone
LEAST_SHARE = 1e-6  #: third octaves with less of the recordings' power are left as they are
TAPS = 1024  #: of the filter
SIZE = 8192  #: of its transforms


def balanced(
    response: np.ndarray, trainer: Trainer, model: Model, dataset: Dataset, room: str
) -> tuple[np.ndarray, np.ndarray]:
    """A room's finished response -> corrected by what was trained on in that room, and the gains.

    ``response`` float32 [samples], without the direct sound; the gains [third octaves] in dB, from
    LOWEST_HZ on, are what the instrument gets (its direct sound included).
    """
    rate = trainer.profile.sample_rate
    ours, theirs = (np.zeros(SIZE // 2 + 1) for _ in range(2))
    for piece in dataset.train:
        if piece.room == room:
            dry = synthesise(trainer, model, piece, room=False)
            count = min(len(dry), len(piece.audio))
            wet = dry[:count] + oaconvolve(dry, response)[:count]
            for total, sound in ((ours, wet), (theirs, piece.audio[:count])):
                total += (spectrogram(sound, SIZE, SIZE // 2) ** 2).sum(axis=0)
    gains = gains_db(ours, theirs, rate)
    return filtered(response, gains, rate), gains


def gains_db(ours: np.ndarray, theirs: np.ndarray, rate: int) -> np.ndarray:
    """Power spectra [SIZE // 2 + 1] -> the gains [third octaves] that make ours like theirs.

    Both as loud as each other in all; none larger than MOST_DB.
    """
    band = _third_octaves(rate)
    shares = []
    for power in (ours, theirs):
        sums = np.bincount(band, power, band.max() + 1)
        shares.append(sums[1:] / max(sums.sum(), 1e-30))
    gains = 10 * np.log10(np.maximum(shares[1], 1e-12) / np.maximum(shares[0], 1e-12))
    return np.where(shares[1] > LEAST_SHARE, np.clip(gains, -MOST_DB, MOST_DB), 0.0)


def filtered(response: np.ndarray, gains: np.ndarray, rate: int) -> np.ndarray:
    """The response of direct sound and ``response`` through a minimum-phase filter, less the
    direct sound, which stays where it is: float32 [samples]."""
    taps = _minimum_phase(gains, rate)
    whole = response.astype(np.float64)
    whole[0] += 1.0
    whole = oaconvolve(whole, taps)[: len(response)]
    whole[0] -= 1.0
    return whole.astype(np.float32)


def _third_octaves(rate: int) -> np.ndarray:
    """The number of each bin's third octave [SIZE // 2 + 1]; 0 is all below LOWEST_HZ."""
    hz = np.fft.rfftfreq(SIZE, 1 / rate)
    return np.maximum(np.floor(3 * np.log2(np.maximum(hz, 1.0) / LOWEST_HZ)) + 1, 0).astype(int)


def _minimum_phase(gains: np.ndarray, rate: int) -> np.ndarray:
    """[TAPS] with these gains at the third octaves' middles, straight lines in dB per octave
    between them, and 0 dB from half a third octave below the first on."""
    middles = LOWEST_HZ * 2 ** ((np.arange(-1, len(gains)) + 0.5) / 3)
    hz = np.fft.rfftfreq(SIZE, 1 / rate)
    level = np.interp(np.log2(np.maximum(hz, 1.0)), np.log2(middles), [0.0, *gains])
    # Folding the cepstrum to its causal half gives the phase (Oppenheim and Schafer, 1975).
    cepstrum = np.fft.irfft(level * np.log(10) / 20, SIZE)
    cepstrum[1 : SIZE // 2] *= 2
    cepstrum[SIZE // 2 + 1 :] = 0
    taps = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), SIZE)[:TAPS]
    return taps * np.minimum(1.0, 2 - 2 * np.arange(TAPS) / TAPS)
