"""How much a sound moves while its notes are held: vibrato, swell, timbre, attack.

An organ's note stands still; a player's does not. What real instruments measure: see
docs/evaluation.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddsp_edge.evaluation.level import loudness_track
from ddsp_edge.evaluation.pitch import cents, track_f0

HOP_S = 0.01
#: A held note stays so near its median, in cents, for so long, and is not more than so far below
#: the loudest moment, in dB.
NEAR_CENTS, SHORTEST_S, QUIETEST_DB = 90.0, 0.4, 35.0
#: Vibrato and its like, in Hz.
SLOWEST_HZ, FASTEST_HZ = 3.0, 9.0
#: What is left out of a note's start and end, in hops.
START_HOPS, END_HOPS = 8, 5
#: Least autocorrelation of a held note, and the rate in Hz that is enough to hear its pitch.
CLEAR, ENOUGH_RATE = 0.85, 12_000
_FLUX_WINDOW, _FLUX_STEP, _BANDS, _TOP_HZ = 2048, 512, 40, 12_000.0
_FLUX_RATE = 48_000  #: what these sizes are meant for


@dataclass(frozen=True, eq=False)
class HeldNote:
    """One held note of a recording, with its tracks (one row a hop of HOP_S)."""

    start_s: float
    pitch: float  #: MIDI note, the median
    cents: np.ndarray  #: from the median
    level_db: np.ndarray
    flux: float  #: mean change of the mel log spectrum (40 bands, mean removed) in 10.7 ms
    attack_s: float  #: from 20 to 1 dB below its loudest

    @property
    def length_s(self) -> float:
        """From the first to the last hop at which its pitch is held."""
        return len(self.cents) * HOP_S

    @property
    def pitch_motion(self) -> float:
        """Amplitude of a sine with the energy of what moves at 3 to 9 Hz in the pitch, cents."""
        return motion(self.cents[START_HOPS:-END_HOPS])

    @property
    def level_motion(self) -> float:
        """Amplitude of what moves at 3 to 9 Hz in the level, in dB."""
        return motion(self.level_db[START_HOPS:-END_HOPS])


@dataclass(frozen=True)
class Motion:
    """The medians of a recording's held notes; zeros where there are none."""

    notes: int
    pitch_cents: float
    level_db: float
    flux: float
    attack_s: float


def held_notes(
    audio: np.ndarray,
    rate: int,
    low_hz: float = 60.0,
    high_hz: float = 2000.0,
    shortest_s: float = SHORTEST_S,
) -> list[HeldNote]:
    """Cut the notes that are held out of a recording of one voice."""
    if len(audio) < rate * HOP_S:
        return []
    f0 = track_f0(*_thinned(audio, rate), low_hz, high_hz, HOP_S, voiced=CLEAR).f0_hz
    level = loudness_track(audio, rate, HOP_S)
    count = min(len(f0), len(level))
    f0, level = _without_spikes(f0[:count]), level[:count]
    mel = mel_log_spectra(audio, rate)
    held = (f0 > 0) & (level > level.max() - QUIETEST_DB)
    found, first = [], 0
    while first < count:
        last = _last(f0, held, first)
        if (last - first) * HOP_S >= shortest_s:
            found.append(_note(f0, level, mel, first, last, rate))
        first = max(last, first) + 1
    return found


def _thinned(audio: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    """The audio at a whole part of its rate that is enough for pitches, and that rate."""
    every = rate // ENOUGH_RATE
    if every < 2:
        return audio, rate
    at = np.arange(-8 * every, 8 * every + 1)
    low_pass = np.sinc(at / every) * np.hanning(len(at))
    thin = np.convolve(np.asarray(audio, np.float64), low_pass / low_pass.sum(), "same")[::every]
    return thin, round(rate / every)


def motion_of(notes: list[HeldNote]) -> Motion:
    """Return the medians of what the notes do."""
    if not notes:
        return Motion(0, 0.0, 0.0, 0.0, 0.0)
    rows = [(n.pitch_motion, n.level_motion, n.flux, n.attack_s) for n in notes]
    medians = [
        float(np.median(known)) if len(known) else 0.0
        for known in map(_known, zip(*rows, strict=True))
    ]
    return Motion(len(notes), *medians)


def _known(values: tuple[float, ...]) -> list[float]:
    return [value for value in values if np.isfinite(value)]


def motion(track: np.ndarray, low_hz: float = SLOWEST_HZ, high_hz: float = FASTEST_HZ) -> float:
    """Amplitude of a sine with the energy of ``track`` (a row each HOP_S) between two rates.

    A parabola is taken off first: slow swells and glides do not count.
    """
    if len(track) < 8:
        return float("nan")
    at = np.arange(len(track))
    rest = track - np.polyval(np.polyfit(at, track, 2), at)
    window = np.hanning(len(track))
    spectrum, hz = np.fft.rfft(rest * window), np.fft.rfftfreq(len(track), HOP_S)
    inside = (hz >= low_hz) & (hz <= high_hz)
    energy = np.sum(np.abs(spectrum[inside]) ** 2)
    return float(np.sqrt(4.0 * energy / np.sum(window**2) / len(track)))


def mel_log_spectra(audio: np.ndarray, rate: int) -> np.ndarray:
    """Natural logarithms of the power in 40 mel bands up to 12 kHz, (frames, 40)."""
    size = round(_FLUX_WINDOW * rate / _FLUX_RATE)
    if len(audio) < size:
        return np.zeros((0, _BANDS))
    step = round(_FLUX_STEP * rate / _FLUX_RATE)
    frames = np.lib.stride_tricks.sliding_window_view(np.asarray(audio, np.float64), size)[::step]
    edges = _mel_edges(min(_TOP_HZ, rate / 2))
    hz = np.fft.rfftfreq(size, 1 / rate)
    rising = (hz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - hz) / np.diff(edges)[1:, None]
    bank = np.maximum(0.0, np.minimum(rising, falling))
    window = np.hanning(size)
    rows = [
        np.abs(np.fft.rfft(frames[i : i + 512] * window)) ** 2 @ bank.T
        for i in range(0, len(frames), 512)
    ]
    return np.log(np.concatenate(rows) + 1e-7)


def _without_spikes(f0: np.ndarray) -> np.ndarray:
    """A median of three: a single hop that was heard wrong ends no note."""
    if len(f0) < 3:
        return f0
    return np.median(np.lib.stride_tricks.sliding_window_view(np.pad(f0, 1, "edge"), 3), axis=1)


def _mel_edges(top_hz: float) -> np.ndarray:
    top = 2595.0 * np.log10(1.0 + top_hz / 700.0)
    return 700.0 * (10.0 ** (np.linspace(0.0, top, _BANDS + 2) / 2595.0) - 1.0)


def _last(f0: np.ndarray, held: np.ndarray, first: int) -> int:
    """The last hop of the note that begins at a hop; the hop itself where none does."""
    if not held[first]:
        return first
    last = first
    while last + 1 < len(f0) and held[last + 1]:
        middle = float(np.median(f0[first : last + 1]))
        if abs(float(cents(f0[last + 1], middle))) >= NEAR_CENTS:
            break
        last += 1
    return last


def _note(
    f0: np.ndarray, level: np.ndarray, mel: np.ndarray, first: int, last: int, rate: int
) -> HeldNote:
    middle = float(np.median(f0[first:last]))
    hop = _FLUX_STEP / _FLUX_RATE
    begin, end = (first + START_HOPS) * HOP_S, (last - END_HOPS) * HOP_S
    part = mel[int(begin / hop) : int(end / hop)]
    part = part - part.mean(axis=1, keepdims=True)
    start = level[max(0, first - 3) : first + 40]
    rise = np.argmax(start > start.max() - 1.0) - np.argmax(start > start.max() - 20.0)
    return HeldNote(
        first * HOP_S,
        float(69.0 + 12.0 * np.log2(middle / 440.0)),
        cents(f0[first:last], middle),
        level[first:last],
        float(np.abs(np.diff(part, axis=0)).mean()) if len(part) > 4 else float("nan"),
        float(rise) * HOP_S,
    )
