"""Turns a stretch of audio into a training piece: the network's inputs and its targets.

The features come from the same streaming analyser that plays on stage (no skew). Frame i hears
the audio up to t_i; what it should sound like is taken ``profile.latency_s`` earlier, so that the
model is never asked to guess the future.

The synthesis f0 is the analyser's too, moved back to the middle of what it heard and smoothed
by a median of three. Offline trackers were tried in its place (docs/training.md has the table):
over 57,000 trusted frames of seven collections, harmonics leave 0.98 to 1.02 times as much of the
energy unexplained with Praat's autocorrelation, and 1.04 to 1.7 times as much with SwiftF0. So
what is heard on stage is kept; a wider smoothing was worse too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from ddsp_edge.training.data.analysis import analyse_targets
from ddsp_edge.training.profiles import Profile
from ddsp_edge.training.recipes import Recipe
from native.kernel import Analyser

FINE_HOP_S = 0.005  #: of the pitch that is smoothed offline; a slower model's frames miss vibrato
CONFIDENCE = 0.75  #: a pitch is trusted from here
HARMONICITY = 0.8  #: least share of the energy that its harmonics must explain
AUDIBLE_DB, SILENT_DB = -60.0, -65.0
STEADY_S = 0.025  #: trusted for so long around
TRUST = 0.85  #: least share of trusted frames in a stretch that is trained on or judged


@dataclass
class Piece:
    """One stretch of continuous material, at the rates of its profile."""

    audio: np.ndarray  #: (samples,) float32 at profile.sample_rate
    f0_hz: np.ndarray  #: (frames,) what the model is shown
    loudness_db: np.ndarray  #: (frames,)
    synth_f0_hz: np.ndarray  #: (frames,) smoothed with look-ahead, aligned to the target audio
    harmonics: np.ndarray  #: (frames, n_harmonics) linear amplitudes
    noise: np.ndarray  #: (frames, n_noise) gains
    weight: np.ndarray  #: (frames,) 1 where pitch and target can be trusted, else 0
    #: Where it was recorded (:meth:`Recipe.room_of`). Not part of what is stored of a piece.
    room: str = field(default="", metadata={"stored": False})

    @property
    def usable(self) -> np.ndarray:
        """Whether each frame is trusted and audible, (frames,) bool."""
        return (self.weight > 0) & (self.loudness_db > AUDIBLE_DB)


#: The arrays, by name; what is stored.
FIELDS = tuple(each.name for each in fields(Piece) if each.metadata.get("stored", True))


def pitch_lag_s(f0_hz: np.ndarray) -> np.ndarray:
    """Return the age in seconds of the sound that the streaming f0 describes (its middle).

    The analyser compares a window of 1.25 periods, at least 10 ms, with the one a period earlier
    (docs/analyser.md): half of both. The rest was measured on vibrato and on glides of 55 to
    1760 Hz in two timbres; it fits them within 0.8 ms from 82 Hz up, at 55 Hz within 2.4 ms.
    """
    period = 1.0 / f0_hz
    return 0.0004 + 0.5 * np.maximum(0.010, 1.25 * period) + 0.5 * period


def prepare_piece(audio: np.ndarray, recipe: Recipe, profile: Profile) -> Piece:
    """Analyse mono float32 ``audio`` at ``profile.sample_rate``."""
    rate = profile.sample_rate
    # A little past the end, so that look-ahead has what to look at.
    padded = np.concatenate([audio, np.zeros(rate // 10, np.float32)])
    shown = Analyser(rate, 1.0 / profile.frame_rate).process(padded)
    fine = shown
    if profile.frame_rate * FINE_HOP_S != 1.0:
        fine = Analyser(rate, FINE_HOP_S).process(padded)
    count = len(audio) // profile.hop
    shown = shown[:count]
    centres = shown["position"] / rate - profile.latency_s

    trusted, f0 = _trusted(fine, recipe), fine["f0_hz"].astype(np.float64)
    heard_at = fine["position"] / rate - pitch_lag_s(np.maximum(f0, recipe.lowest_hz))
    if trusted.sum() >= 2:
        # A leap upwards shortens the lag: what is heard must be in order to be interpolated.
        order = np.argsort(heard_at[trusted], kind="stable")
        known, log_f0 = heard_at[trusted][order], _median3(np.log(f0[trusted][order]))
        synth_f0 = np.exp(np.interp(centres, known, log_f0))
    else:
        synth_f0 = np.full(count, recipe.lowest_hz)
    targets = analyse_targets(audio, rate, centres, synth_f0, profile.n_harmonics, profile.n_noise)

    # Trust frames whose neighbourhood is pitched and whose energy the harmonics explain,
    # and silence, where there is nothing to explain.
    width = 2 * round(STEADY_S / FINE_HOP_S / 2) + 1
    steady = np.convolve(trusted, np.ones(width) / width, "same") > 0.99
    at = np.clip(np.searchsorted(fine["position"], shown["position"]), 0, len(fine) - 1)
    silent = shown["loudness_db"] < SILENT_DB
    weight = (steady[at] & (targets.harmonicity > HARMONICITY)) | silent

    # The stage shows the model what the analyser holds where it is not sure; so does this, but
    # for pitches that the instrument cannot play.
    known_f0 = np.where(_in_range(shown, recipe), shown["f0_hz"], 0.0)
    held = _hold(known_f0, float(np.median(synth_f0)))
    return Piece(
        audio,
        held.astype(np.float32),
        shown["loudness_db"].copy(),
        synth_f0.astype(np.float32),
        targets.harmonics,
        targets.noise,
        weight.astype(np.float32),
    )


def _in_range(features: np.ndarray, recipe: Recipe) -> np.ndarray:
    return (features["f0_hz"] >= recipe.lowest_hz) & (features["f0_hz"] <= recipe.highest_hz)


def _trusted(features: np.ndarray, recipe: Recipe) -> np.ndarray:
    sure = (features["confidence"] > CONFIDENCE) & (features["loudness_db"] > AUDIBLE_DB)
    return sure & _in_range(features, recipe)


def _median3(x: np.ndarray) -> np.ndarray:
    padded = np.pad(x, 1, mode="edge")
    return np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)


def _hold(f0_hz: np.ndarray, first: float) -> np.ndarray:
    known = np.maximum.accumulate(np.where(f0_hz > 0, np.arange(len(f0_hz)), -1))
    return np.where(known >= 0, f0_hz[np.maximum(known, 0)], first)
