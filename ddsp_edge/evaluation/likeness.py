"""How like one sound is another: level and delay matched, then the figures of a comparison."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

import numpy as np

from ddsp_edge.evaluation.level import loudness_correlation
from ddsp_edge.evaluation.pitch import cents, hnr_db, track_f0
from ddsp_edge.evaluation.spectrum import multi_scale_spectral_loss, spectrogram

LOWEST_HZ, HIGHEST_HZ = 180.0, 2000.0  #: pitches that are tracked: a violin's
EARLIEST_S, LATEST_S = -0.03, 0.07  #: delays that are tried
COARSE_S, FINE_S = 0.005, 0.001
SEARCHED = (512,)  #: windows in samples of the loss by which the delay is found
#: Not compared at both ends: a clip begins within a note, which an analyser must hear first, and
#: a fiftieth of a second of silence there is dearer than all that is wrong in the rest.
EDGE_S = 0.1
RIGHT_CENTS = 50.0
#: Bands whose levels are compared, in Hz, as far as both sounds reach.
BANDS_HZ = ((1000.0, 3000.0), (3000.0, 5000.0), (5000.0, 8000.0), (8000.0, 12_000.0))
AUDIBLE_DB = -40.0  #: frames this far below the loudest have no centroid


@dataclass(frozen=True)
class Likeness:
    """Figures of a sound beside the one it should be like; NaN where nothing can be compared."""

    loss: float  #: multi-scale spectral loss
    delay_s: float  #: at which the two fit best
    f0_cents: float  #: median absolute error of the pitches within 50 cents
    f0_right: float  #: share of pitched frames within 50 cents
    loudness: float  #: Pearson's correlation of the levels in dB
    hnr_db: float  #: harmonics-to-noise ratio where both have a pitch
    hnr_reference_db: float
    low_mid_db: float  #: level at 1 to 3 kHz against the reference's, both sounds as loud
    mid_db: float  #: at 3 to 5 kHz
    high_db: float  #: at 5 to 8 kHz
    top_db: float  #: at 8 to 12 kHz
    centroid: float  #: standard deviation of the spectral centroid, divided by the reference's

    def as_dict(self) -> dict[str, float | None]:
        """The figures for a JSON file; None where nothing could be compared."""
        values = {name: float(value) for name, value in asdict(self).items()}
        return {name: None if np.isnan(v) else round(v, 5) for name, v in values.items()}


def like(reference: np.ndarray, sound: np.ndarray, rate: int) -> Likeness:
    """Compare mono ``sound`` with mono ``reference``, both at ``rate`` in Hz.

    The sound is brought to the reference's root mean square and moved by the delay between
    EARLIEST_S and LATEST_S at which its spectral loss (windows SEARCHED) is least. Neither may be
    silent or shorter than half a second (ValueError).
    """
    if min(len(reference), len(sound)) < rate * 0.5:
        raise ValueError("both sounds must last for half a second at least")
    coarse = _best(reference, sound, rate, np.arange(EARLIEST_S, LATEST_S + 1e-9, COARSE_S))
    near = np.arange(coarse - COARSE_S + FINE_S, coarse + COARSE_S - FINE_S / 2, FINE_S)
    delay = _best(reference, sound, rate, near)
    theirs, ours = _matched(reference, sound, rate, delay)
    pitch_theirs, pitch_ours = (track_f0(x, rate, LOWEST_HZ, HIGHEST_HZ) for x in (theirs, ours))
    both = (pitch_theirs.f0_hz > 0) & (pitch_ours.f0_hz > 0)
    error = np.abs(cents(pitch_ours.f0_hz[both], pitch_theirs.f0_hz[both]))
    right = error[error < RIGHT_CENTS]
    low_mid, mid, high, top = (_band_db(ours, theirs, rate, *band) for band in BANDS_HZ)
    return Likeness(
        multi_scale_spectral_loss(ours, theirs),
        float(delay),
        _median(right),
        len(right) / max(1, int((pitch_theirs.f0_hz > 0).sum())),
        loudness_correlation(theirs, ours, rate),
        _median(hnr_db(pitch_ours.periodicity[both])),
        _median(hnr_db(pitch_theirs.periodicity[both])),
        low_mid,
        mid,
        high,
        top,
        _centroid_deviation(ours, rate) / _centroid_deviation(theirs, rate),
    )


def mean(rows: list[Likeness]) -> Likeness:
    """Mean of each figure over several comparisons; NaN counts nowhere."""
    table = np.array([[getattr(row, each.name) for each in fields(Likeness)] for row in rows])
    known = ~np.isnan(table)
    sums = np.where(known, table, 0.0).sum(axis=0)
    counts = known.sum(axis=0)
    return Likeness(*np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).tolist())


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _matched(
    reference: np.ndarray, sound: np.ndarray, rate: int, delay_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """The parts of both that overlap when the sound is moved; the sound as loud as the other."""
    shift, edge = round(delay_s * rate), round(EDGE_S * rate)
    count = min(len(reference), len(sound) - shift) - edge
    theirs = reference[edge:count].astype(np.float64)
    ours = sound[edge + shift : count + shift].astype(np.float64)
    power = float(np.mean(ours**2))
    if power == 0.0 or not np.any(theirs):
        raise ValueError("a silent sound is like no other")
    return theirs, ours * np.sqrt(np.mean(theirs**2) / power)


def _best(reference: np.ndarray, sound: np.ndarray, rate: int, delays_s: np.ndarray) -> float:
    losses = [
        multi_scale_spectral_loss(*_matched(reference, sound, rate, float(delay))[::-1], SEARCHED)
        for delay in delays_s
    ]
    return float(delays_s[int(np.argmin(losses))])


def _band_db(
    ours: np.ndarray, theirs: np.ndarray, rate: int, low_hz: float, high_hz: float
) -> float:
    if high_hz > rate / 2:
        return float("nan")
    hz = np.fft.rfftfreq(2048, 1 / rate)
    inside = (hz >= low_hz) & (hz < high_hz)
    power = [float((spectrogram(x, 2048, 1024)[:, inside] ** 2).sum()) for x in (ours, theirs)]
    return float(10 * np.log10(max(power[0], 1e-12) / max(power[1], 1e-12)))


def _centroid_deviation(sound: np.ndarray, rate: int) -> float:
    """Standard deviation in Hz of the power spectrum's centroid over the frames that are heard."""
    power = spectrogram(sound, 1024, 512) ** 2
    hz = np.fft.rfftfreq(1024, 1 / rate)
    level = power.sum(axis=1)
    heard = level > level.max() * 10 ** (AUDIBLE_DB / 10)
    centroid = (power[heard] * hz).sum(axis=1) / level[heard]
    return float(max(centroid.std(), 1e-9))
