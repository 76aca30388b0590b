"""A model's own response of body and room, as it lies in a bundle: ``response.wav``.

A WAV file of 8-bit mu-law (ITU-T G.711), mono, at the model's sample rate: 38 dB of signal to noise
over 40 dB of level, which suits a tail that decays, in a byte a sample; every audio program plays
it. What full scale means is ``response_gain`` in metadata.json.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

MEMBER = "response.wav"
LONGEST_S = 1.0
LOUDEST = 16.0  #: sample of a response
_HEADER = struct.Struct("<4sI4s4sIHHIIHHH4sII4sI")


class ResponseError(ValueError):
    """What is wrong with a response; the bundle reader adds the file's name."""


@dataclass(frozen=True, slots=True, eq=False)
class BodyResponse:
    """What follows the direct sound, which is not in it."""

    samples: np.ndarray  #: float32 (n,), read-only
    rate: int  #: Hz


def _table() -> np.ndarray:
    """The value of each of the 256 codes, -0.98 to 0.98."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4) & 7, code & 15
    value = (((mantissa.astype(int) << 3) + 132) << exponent) - 132
    return (np.where(code & 128, -value, value) / 32768.0).astype(np.float32)


TABLE = _table()


def _header(rate: int, n: int) -> bytes:
    """The bytes before the n samples: RIFF, fmt (mu-law), fact, data."""
    after = n + n % 2
    return _HEADER.pack(
        b"RIFF", _HEADER.size - 8 + after, b"WAVE", b"fmt ", 18, 7, 1, rate, rate, 1, 8, 0,
        b"fact", 4, n, b"data", n,
    )  # fmt: skip


def encode_response(samples: np.ndarray, rate: int) -> tuple[bytes, float]:
    """Return ``response.wav`` and ``response_gain`` for samples at ``rate`` Hz.

    Raises ResponseError for none, more than a second, or samples that are not finite and within 16.
    """
    _check_length(len(samples), rate)
    peak = float(np.abs(samples).max())
    if not 0.0 < peak <= LOUDEST:  # also refuses NaN
        raise ResponseError(f"its response has a peak of {peak:g}, not above 0 and at most 16")
    gain = float(np.float32(peak / TABLE.max()))
    return response_file(BodyResponse(samples, rate), gain), gain


def response_file(response: BodyResponse, gain: float) -> bytes:
    """Return ``response.wav`` of a response whose full scale is ``gain``."""
    steps, order = np.unique(TABLE, return_index=True)  # of the two zeros one
    found = np.searchsorted(0.5 * (steps[1:] + steps[:-1]), response.samples / np.float32(gain))
    codes = order[found].astype(np.uint8).tobytes()
    return _header(response.rate, len(codes)) + codes + bytes(len(codes) % 2)


def decode_response(data: bytes, rate: int, gain: float) -> BodyResponse:
    """The content of ``response.wav``, for a model at ``rate`` Hz.

    Raises ResponseError for a file that :func:`encode_response` would not have written.
    """
    n = struct.unpack_from("<I", data, _HEADER.size - 4)[0] if len(data) > _HEADER.size else 0
    _check_length(n, rate)
    header = _header(rate, n)
    if data[: len(header)] != header or len(data) != len(header) + n + n % 2:
        raise ResponseError(f"its {MEMBER} is not one second at most of mono mu-law at {rate} Hz")
    codes = np.frombuffer(data, np.uint8, n, len(header))
    samples = TABLE[codes] * np.float32(gain)
    samples.flags.writeable = False
    return BodyResponse(samples, rate)


def _check_length(n: int, rate: int) -> None:
    if not 1 <= n <= LONGEST_S * rate:
        raise ResponseError(f"its response has {n} samples, not 1 to {round(LONGEST_S * rate)}")
