"""A finished instrument as a teacher: a smaller network learns its controls.

After Giudici et al., "Distilling DDSP" (2025), who found the controls to teach a small network
better than the audio does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import torch

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.training.data.batches import TrainingArrays
from ddsp_edge.training.data.features import Piece
from ddsp_edge.training.export.drift import Step, play
from ddsp_edge.training.export.to_tflite import tflite_step
from ddsp_edge.training.fit import synth
from ddsp_edge.training.profiles import Profile

#: Frames whose pitch cannot be trusted: they are played on stage too, but teach less.
LEAST_WEIGHT = 0.2


@dataclass(frozen=True)
class Teacher:
    """A decoder's step, the size of its state, and what tells it from others."""

    step: Step
    state_size: int
    text: str = ""

    @classmethod
    def of(cls, bundle: Bundle, profile: Profile) -> Teacher:
        """Make a teacher of ``bundle``. Raises UserError where it does not fit the profile."""
        info = bundle.info
        has = (info.n_harmonics, info.n_noise, info.sample_rate, info.frame_rate)
        wanted = (profile.n_harmonics, profile.n_noise, profile.sample_rate, profile.frame_rate)
        if has != wanted:
            raise UserError(
                f"--teacher {bundle.path or info.name}: it has {has[0]} harmonics and {has[1]} "
                f"noise bands at {has[2]} Hz, {has[3]:g} frames a second; the {profile.name} "
                f"profile has {wanted[0]}, {wanted[1]}, {wanted[2]} and {wanted[3]}"
            )
        digest = hashlib.sha256(bundle.model).hexdigest()[:12]
        return cls(tflite_step(bundle.model), info.state_size, f"{info.name} ({digest})")

    def controls(self, f0_scaled: np.ndarray, pw_scaled: np.ndarray) -> tuple[np.ndarray, ...]:
        """Run the decoder over (frames,) scaled inputs, beginning in silence.

        Returns amplitude (frames,), harmonics (frames, n) and noise (frames, m), float32.
        """
        amplitude, harmonics, noise, _ = play(self.step, (f0_scaled, pw_scaled), self.state_size)
        return amplitude[:, 0], harmonics, noise

    def relabel(self, piece: Piece, profile: Profile) -> Piece:
        """Return the piece with the teacher's harmonics and noise as targets."""
        features = TrainingArrays.of(piece)
        amplitude, harmonics, noise = self.controls(features.f0_scaled, features.pw_scaled)
        # As it is heard: what lies above the band is not played, the rest is so much louder.
        heard = synth.mask_and_normalise(
            torch.from_numpy(amplitude)[None],
            torch.from_numpy(harmonics)[None],
            torch.from_numpy(piece.synth_f0_hz)[None],
            profile.sample_rate / 2,
        )[0].numpy()
        weight = np.maximum(piece.weight, LEAST_WEIGHT).astype(np.float32)
        return replace(piece, harmonics=heard, noise=noise, weight=weight)
