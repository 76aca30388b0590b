"""The audio thread (``ddsp_stream_*``) as a Python class; the only module that uses
``native._stream``, which is there where ALSA was when ddsp-edge was built.

Every method is called from one thread of Python (the thread that owns the stream), but for
``read`` and ``state``, which any may call.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np


def _load() -> tuple[Any, Any, str | None]:
    try:
        import native._stream as built
    except ImportError as error:
        return (
            None,
            None,
            f"the audio thread was not built ({error}): apt-get install libasound2-dev, "
            "then install ddsp-edge again",
        )
    return built.ffi, built.lib, None


#: UNAVAILABLE says why there is no audio thread here; None where there is one.
ffi, lib, UNAVAILABLE = _load()

#: As the enum in ``ddsp_stream.h``, best first.
FORMATS = ("FLOAT", "S32", "S24_3", "S24", "S16")
_TEXT_SIZE = 400


class StreamError(RuntimeError):
    """The card cannot be opened or started; the text is one plain line for the user."""


class State(IntEnum):
    STOPPED = 0
    RUNNING = 1
    LOST = 2  #: the device went away: close, and open another


@dataclass(frozen=True)
class StreamConfig:
    """What is asked of the card. Rate in Hz, exact; period in samples, as near as it can."""

    playback: str
    capture: str | None = None  #: None: playback only
    rate: int = 48_000
    period: int = 128
    periods: int = 2
    format: str | None = None  #: one of FORMATS; None: the best it has
    priority: int = 70  #: SCHED_FIFO 1 to 99; 0: ordinary scheduling
    cpu: int | None = None  #: the one processor of the thread
    lock_memory: bool = True


@dataclass(frozen=True)
class StreamStats:
    """Counters since the stream was opened, with the fields of ``ddsp_stream_stats``."""

    state: State
    error: int  #: errno that made it LOST
    periods: int  #: the heartbeat
    xruns: int
    suspends: int
    recoveries: int
    silences: int  #: waits of a second in which nothing came
    delay: int  #: samples from process to the jack, as last seen; 0: unknown
    jitter_max_ns: int
    jitter_ns: tuple[int, ...]  #: wake-ups that were 2^i to 2^(i+1) ns off the period


@dataclass(frozen=True)
class StreamInfo:
    """What the card and the system granted, with the fields of ``ddsp_stream_got``."""

    rate: int
    period: int
    periods: int
    playback_format: str
    capture_format: str | None
    playback_channels: int
    capture_channels: int
    buffer: int
    linked: bool
    priority: int  #: SCHED_FIFO got; 0: none
    locked: bool
    warnings: tuple[str, ...]  #: plain sentences on what was asked for and not got


def _choose(name: str | None) -> int:
    if name is not None and name not in FORMATS:
        raise StreamError(f"format {name!r}: choose one of {', '.join(FORMATS)}")
    return -1 if name is None else FORMATS.index(name)


class Stream:
    """An open card. Raises StreamError where it cannot be had. Use as a context manager."""

    def __init__(self, config: StreamConfig) -> None:
        if UNAVAILABLE is not None:
            raise StreamError(UNAVAILABLE)
        self.config = config
        names = [
            ffi.NULL if name is None else ffi.new("char[]", os.fsencode(name))
            for name in (config.playback, config.capture)
        ]
        asked = ffi.new(
            "ddsp_stream_config *",
            {
                "playback": names[0],
                "capture": names[1],
                "rate": config.rate,
                "period": config.period,
                "periods": config.periods,
                "format": _choose(config.format),
                "priority": config.priority,
                "cpu": -1 if config.cpu is None else config.cpu,
                "lock_memory": config.lock_memory,
            },
        )
        text = ffi.new("char[]", _TEXT_SIZE)
        self._stream = lib.ddsp_stream_open(asked, text, _TEXT_SIZE)
        if self._stream == ffi.NULL:
            raise StreamError(ffi.string(text).decode(errors="replace"))
        self._stats = ffi.new("ddsp_stream_stats *")
        self._process: object = None
        got = self._describe()
        self.rate, self.period, self.periods = got.rate, got.period, got.periods

    def _describe(self) -> Any:
        got = ffi.new("ddsp_stream_got *")
        lib.ddsp_stream_describe(self._open(), got)
        return got

    def _open(self) -> Any:
        if self._stream == ffi.NULL:
            raise StreamError("the stream is closed")
        return self._stream

    def start(self, process_address: int, user_address: int, keep: object = None) -> None:
        """Start the thread on ``process(user, in, out, n)`` (see native.rig.Rig).

        ``keep`` is kept alive until the stream stops. Raises StreamError.
        """
        self._process = keep
        error = lib.ddsp_stream_start(
            self._open(),
            ffi.cast("ddsp_stream_process", process_address),
            ffi.cast("void *", user_address),
        )
        if error:
            self._process = None
            raise StreamError(f"{self.config.playback} does not start: {os.strerror(error)}")

    def stop(self) -> None:
        """Stop the audio thread and wait until it has ended, about two periods."""
        if self._stream != ffi.NULL:
            lib.ddsp_stream_stop(self._stream)
        self._process = None

    def close(self) -> None:
        """Stop and release the card. A second call does nothing."""
        if self._stream != ffi.NULL:
            self.stop()
            stream, self._stream = self._stream, ffi.NULL
            lib.ddsp_stream_close(stream)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_stream", None):
            self.close()

    @property
    def state(self) -> State:
        return self.read().state

    def read(self) -> StreamStats:
        """Return the present counters. Any thread may call it until the stream is closed."""
        s = self._stats
        lib.ddsp_stream_read(self._open(), s)
        fields = {name: getattr(s, name) for name in StreamStats.__dataclass_fields__}
        return StreamStats(**fields | {"state": State(s.state), "jitter_ns": tuple(s.jitter_ns)})

    def info(self) -> StreamInfo:
        """What was got; scheduling and memory are known after the start."""
        got = self._describe()
        return StreamInfo(
            rate=got.rate,
            period=got.period,
            periods=got.periods,
            playback_format=FORMATS[got.playback_format],
            capture_format=FORMATS[got.capture_format] if got.capture_channels else None,
            playback_channels=got.playback_channels,
            capture_channels=got.capture_channels,
            buffer=got.buffer,
            linked=bool(got.linked),
            priority=got.priority,
            locked=bool(got.locked),
            warnings=tuple(self._warnings(got)),
        )

    def _warnings(self, got: Any) -> list[str]:
        config, found = self.config, []
        if config.priority and got.priority_error:
            found.append(
                f"no real-time priority ({os.strerror(got.priority_error)}): the sound may break "
                "up under load; give the user rtprio 95 in /etc/security/limits.d"
            )
        if config.lock_memory and got.lock_error:
            found.append(
                f"memory is not locked ({os.strerror(got.lock_error)}): give the user "
                "memlock unlimited in /etc/security/limits.d"
            )
        if got.cpu_error:
            found.append(f"not on processor {config.cpu}: {os.strerror(got.cpu_error)}")
        return found


def from_card(format: str, channels: int, card: bytes | np.ndarray) -> np.ndarray:
    """Convert the card's bytes to what the process function gets: float32 (n, 2)."""
    raw = np.frombuffer(card, np.uint8)
    size = {"FLOAT": 4, "S32": 4, "S24_3": 3, "S24": 4, "S16": 2}[format] * channels
    stereo = np.zeros((len(raw) // size, 2), np.float32)
    lib.ddsp_stream_from_card(
        _choose(format),
        channels,
        ffi.from_buffer(raw),
        ffi.from_buffer("float[]", stereo, require_writable=True),
        len(stereo),
    )
    return stereo


def to_card(format: str, channels: int, stereo: np.ndarray) -> bytes:
    """Convert float32 samples (n, 2) to the bytes that a card of this format and width gets."""
    size = {"FLOAT": 4, "S32": 4, "S24_3": 3, "S24": 4, "S16": 2}[format] * channels
    card = bytearray(len(stereo) * size)
    samples = np.ascontiguousarray(stereo, np.float32)
    lib.ddsp_stream_to_card(
        _choose(format),
        channels,
        ffi.from_buffer("float[]", samples),
        ffi.from_buffer(card, require_writable=True),
        len(samples),
    )
    return bytes(card)
