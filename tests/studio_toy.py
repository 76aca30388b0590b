"""A toy instrument for the studio: its key, its few steps, its recordings and its picture."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import soundfile

KEY = "the-key-of-this-session"
#: As short as a training can be, which teaches nothing.
FEW_STEPS = {
    "teacher": "none", "warm_steps": 4, "steps": 2, "least_minutes": 0, "threads": 1,
    "single_notes": True, "lowest": 100, "highest": 900, "allow_failed_sweep": True,
}  # fmt: skip


def note(f0_hz: float, seconds: float = 1.0, rate: int = 48_000) -> bytes:
    """A WAV file with one note."""
    t = np.arange(int(seconds * rate)) / rate
    envelope = np.minimum(1, np.minimum(t / 0.05, (seconds - t) / 0.1))
    tone = sum(np.sin(2 * np.pi * k * f0_hz * t) / k for k in range(1, 8))
    stream = io.BytesIO()
    soundfile.write(stream, 0.2 * envelope * tone, rate, format="WAV", subtype="PCM_16")
    return stream.getvalue()


def png(width: int = 4, height: int = 4) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks
