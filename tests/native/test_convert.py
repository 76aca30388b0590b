"""The card's samples: exact both ways, limited, padded."""

from __future__ import annotations

import numpy as np
import pytest

stream = pytest.importorskip("native.stream")
pytestmark = pytest.mark.skipif(stream.UNAVAILABLE is not None, reason=str(stream.UNAVAILABLE))

BITS = {"S16": 16, "S24": 24, "S24_3": 24, "S32": 32}


def numbers(format: str, card: bytes) -> np.ndarray:
    """The card's bytes as integers, decoded independently."""
    if format == "S24_3":
        threes = np.frombuffer(card, np.uint8).reshape(-1, 3)
        padded = np.pad(threes, ((0, 0), (1, 0))).copy()
        return padded.view("<i4").ravel() >> 8
    return np.frombuffer(card, "<i2" if format == "S16" else "<i4")


@pytest.mark.parametrize("format", list(BITS))
def test_full_scale_is_one_and_what_is_beyond_is_limited(format: str) -> None:
    top = 2 ** (BITS[format] - 1)
    x = np.array([0, 0.5, -0.5, 1, -1, 2, -2, np.nan, np.inf, -np.inf], np.float32)
    got = numbers(format, stream.to_card(format, 2, np.stack([x, x], 1)))[::2]
    wanted = [0, top // 2, -top // 2, top - 1, -top, top - 1, -top, 0, top - 1, -top]
    assert got.tolist() == wanted


@pytest.mark.parametrize("format", ["S16", "S24", "S24_3"])
def test_every_kind_of_number_comes_back_unchanged(format: str) -> None:
    top = 2 ** (BITS[format] - 1)
    x = np.unique(np.linspace(-top, top - 1, 5001).astype(np.int64))
    stereo = np.stack([x, x[::-1]], 1).astype(np.float32) / top
    card = stream.to_card(format, 2, stereo)
    np.testing.assert_array_equal(stream.from_card(format, 2, card), stereo)


def test_floats_pass_within_full_scale() -> None:
    x = np.array([[0.25, -0.75], [1.5, np.nan]], np.float32)
    assert np.frombuffer(stream.to_card("FLOAT", 2, x), "<f4").tolist() == [0.25, -0.75, 1, 0]


@pytest.mark.parametrize("format", stream.FORMATS)
def test_channels(format: str) -> None:
    """Mono is both sides and their mean; more than two are silent and not heard."""
    stereo = np.array([[0.5, 0.25], [-0.5, 0.0]], np.float32)
    mono = stream.from_card(format, 1, stream.to_card(format, 1, stereo))
    np.testing.assert_allclose(mono, [[0.375, 0.375], [-0.25, -0.25]], atol=1e-4)
    eight = stream.to_card(format, 8, stereo)
    np.testing.assert_allclose(stream.from_card(format, 8, eight), stereo, atol=1e-4)
    size = len(eight) // 16
    assert not any(eight[2 * size : 8 * size]) and not any(eight[10 * size :])


def test_the_top_byte_of_24_in_32_is_ignored() -> None:
    card = np.array([0x00400000, 0x7FC00000, -0x00400000], "<i4").tobytes() + bytes(4)
    assert stream.from_card("S24", 2, card).ravel().tolist() == [0.5, -0.5, -0.5, 0.0]
