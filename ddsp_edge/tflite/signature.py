"""The names and shapes that a decoder has, in DDSP-VST's files and in ours."""

from __future__ import annotations

#: In the order of the torch module's arguments: pitch [1], loudness [1], state [state_size].
INPUT_NAMES = ("call_f0_scaled:0", "call_pw_scaled:0", "call_state:0")
#: In the order of the torch module's results: amplitude [1], harmonics [n_harmonics],
#: noise [n_noise], next state [state_size].
OUTPUT_NAMES = tuple(f"StatefulPartitionedCall:{i}" for i in range(4))


def input_shapes(state_size: int) -> dict[str, tuple[int]]:
    """Return the shapes of a decoder's inputs by name."""
    return dict(zip(INPUT_NAMES, ((1,), (1,), (state_size,)), strict=True))


def output_shapes(state_size: int, n_harmonics: int, n_noise: int) -> dict[str, tuple[int]]:
    """Return the shapes of a decoder's outputs by name."""
    shapes = ((1,), (n_harmonics,), (n_noise,), (state_size,))
    return dict(zip(OUTPUT_NAMES, shapes, strict=True))
