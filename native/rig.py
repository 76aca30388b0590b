"""Part and rig (``ddsp_part_*``, ``ddsp_rig_*``) as Python classes, through cffi.

The thread rules of ``ddsp_kernel.h`` hold: one control thread calls everything here but
``process`` while the audio thread (or an offline loop) calls that. Arrays are made once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np

from native._kernel import ffi, lib
from native.conditioner import Conditioner, Conditioning
from native.kernel import _check
from native.player import ALL_VOICES, MAX_VOICES, EffectSettings, EventSender

#: Parts that play as one group, and groups in a rig, with those that fade out.
MAX_TOGETHER: int = lib.DDSP_MAX_TOGETHER
MAX_GROUPS: int = lib.DDSP_MAX_GROUPS
#: Events that are kept while the ring is full.
MOST_WAITING = 4096
_STARTS = (lib.DDSP_EVENT_START, lib.DDSP_EVENT_RETARGET)
#: ``position`` of a frame that starts now.
NOW = -1
TICKS_AT_ONCE = 256
#: Of the C struct ``ddsp_feature_frame``, in its order.
FRAME_FIELDS = (
    "f0_hz",
    "loudness_db",
    "confidence",
    "brightness_db",
    "pitched",
    "treble_db",
    "partials_db",
    "partials_at",
    "onset",
)

#: As the C struct ``ddsp_tick``; times in samples of the rig and in ns (time.monotonic_ns).
#: ``frame_...`` is what the player makes of what was heard, ``voice`` is to play it.
TICK_DTYPE = np.dtype(
    {
        "names": [
            "position",
            "made_ns",
            "f0_hz",
            "confidence",
            "loudness_db",
            "voice",
            "settled",
            *(f"frame_{name}" for name in FRAME_FIELDS),
        ],
        "formats": ["i8", "i8", "f4", "f4", "f4", "i4", "i4", *(["f4"] * 8), "i4"],
        "offsets": [
            *(
                ffi.offsetof("ddsp_tick", name)
                for name in (
                    "position",
                    "made_ns",
                    "f0_hz",
                    "confidence",
                    "loudness_db",
                    "voice",
                    "settled",
                )
            ),
            *(ffi.offsetof("ddsp_tick", "frame", name) for name in FRAME_FIELDS),
        ],
        "itemsize": ffi.sizeof("ddsp_tick"),
    }
)


class RigControl(IntEnum):
    """The values that :meth:`Rig.set` sets; units and ranges are in ``ddsp_rig.h``."""

    TRIM = lib.DDSP_TRIM
    DRY = lib.DDSP_DRY
    WET = lib.DDSP_WET
    BYPASS = lib.DDSP_BYPASS
    MUTE = lib.DDSP_MUTE
    GAIN_LEFT = lib.DDSP_GAIN_LEFT
    GAIN_RIGHT = lib.DDSP_GAIN_RIGHT
    REVERB_SIZE = lib.DDSP_REVERB_SIZE
    REVERB_DAMPING = lib.DDSP_REVERB_DAMPING
    REVERB_WET = lib.DDSP_REVERB_WET
    INPUT = lib.DDSP_INPUT
    BODY = lib.DDSP_BODY


@dataclass(frozen=True)
class RigStats:
    """``ddsp_rig_stats``: counters since the rig was made; peaks (linear) since the last read."""

    position: int
    blocks: int
    input_peak: float
    output_peak: float
    input_sides: tuple[float, float]  #: left and right, before the trim
    output_sides: tuple[float, float]
    input_side: int  #: what is heard of the input now: 0 left, 1 right, 2 the mean of both
    input_clips: int
    output_clips: int
    bad_inputs: int
    late_frames: int
    tick_overruns: int
    frame_overruns: int
    stalls: int
    parts: int
    load: float
    process_last_ns: int
    process_max_ns: int
    process_ns: tuple[int, ...]  #: blocks that took 2^i to 2^(i+1) ns


class Part:
    """One instrument: an analyser or a clock, a player, voices, and the rings between.

    ``period`` (samples) is the card's, and the rig's. ``listens``: an analyser and the effect
    player hear the input; else events drive the synth player, with a tick every ``hop_s``.
    ``loudness_db``: the model's usual softest and loudest note, for the synth player.
    ``conditioner``, which nobody else may touch from now on: the part decodes by itself, and the
    ticks of one that listens only tell what is heard. ``second``: bands and band limit (Hz) of a
    second noise, whose magnitudes follow the first's; ``n_noise`` then counts both. ``response``:
    body and room as float32 (n,) and the rate in Hz that it is at. Raises ValueError outside the
    header's ranges.
    """

    def __init__(
        self,
        sample_rate: float,
        period: int,
        n_voices: int,
        n_harmonics: int,
        n_noise: int,
        band_limit_hz: float,
        hop_s: float,
        listens: bool,
        seed: int = 1,
        second: tuple[int, float] | None = None,
        loudness_db: tuple[float, float] | None = None,
        conditioner: Conditioner | None = None,
        response: tuple[np.ndarray, float] | None = None,
    ) -> None:
        self._part = ffi.gc(lib.ddsp_part_new(), lib.ddsp_part_free)
        if self._part == ffi.NULL:
            raise MemoryError("ddsp_part_new")
        _check(
            lib.ddsp_part_prepare(
                self._part,
                sample_rate,
                period,
                n_voices,
                n_harmonics,
                n_noise,
                band_limit_hz,
                hop_s,
                listens,
                seed,
            ),
            f"part(sample_rate={sample_rate}, period={period}, n_voices={n_voices}, "
            f"n_harmonics={n_harmonics}, n_noise={n_noise}, band_limit_hz={band_limit_hz}, "
            f"hop_s={hop_s})",
        )
        if second is not None:
            _check(lib.ddsp_part_prepare_second(self._part, *second), f"part(second={second})")
            n_noise += second[0]
        if loudness_db is not None:
            _check(
                lib.ddsp_part_set_loudness(self._part, *loudness_db),
                f"part(loudness_db={loudness_db})",
            )
        if response is not None:
            samples = ffi.from_buffer("float[]", response[0])
            _check(
                lib.ddsp_part_set_response(self._part, samples, len(samples), response[1]),
                f"part(response of {len(samples)} samples at {response[1]} Hz)",
            )
        self.conditioner = conditioner
        if conditioner is not None:
            _check(
                lib.ddsp_part_set_conditioner(self._part, conditioner.pointer),
                "part(conditioner of other sizes)",
            )
        self._owner: object = None
        self.events = PartEvents(self)
        self.n_voices, self.n_harmonics, self.n_noise = n_voices, n_harmonics, n_noise
        self.hop_s, self.listens = hop_s, listens
        self._room = np.zeros(TICKS_AT_ONCE, TICK_DTYPE)
        self._ticks = ffi.from_buffer("ddsp_tick[]", self._room, require_writable=True)

    def read_ticks(self) -> np.ndarray:
        """The ticks that fell due (TICK_DTYPE, oldest first, at most TICKS_AT_ONCE).

        A view: valid until the next call.
        """
        return self._room[: lib.ddsp_part_read_ticks(self._part, self._ticks, TICKS_AT_ONCE)]

    def send_frame(
        self,
        voice: int,
        position: int,
        f0_hz: float,
        amplitude: float,
        harmonic_distribution: np.ndarray,
        noise_magnitudes: np.ndarray,
        ramp_s: float,
        onset: bool = False,
    ) -> bool:
        """New targets of ``voice``; ``position`` of the tick answered, or NOW. False: ring full.

        ``onset``: a note starts there, and a later frame waits for the end of its ramp.

        Arrays: C-contiguous float32 of shapes (n_harmonics,) and (n_noise,). Raises IndexError
        for a voice that is not there, ValueError for other arrays.
        """
        harmonics = ffi.from_buffer("float[]", harmonic_distribution)
        noise = ffi.from_buffer("float[]", noise_magnitudes)
        if (
            len(harmonics) != self.n_harmonics
            or len(noise) != self.n_noise
            or harmonic_distribution.dtype != np.float32
            or noise_magnitudes.dtype != np.float32
        ):
            raise ValueError(
                f"frame of {harmonic_distribution.dtype}{harmonic_distribution.shape} and "
                f"{noise_magnitudes.dtype}{noise_magnitudes.shape}; this part takes float32, "
                f"({self.n_harmonics},) and ({self.n_noise},)"
            )
        sent = lib.ddsp_part_send_frame(
            self._part, voice, position, onset, f0_hz, amplitude, harmonics, noise, ramp_s
        )
        if sent < 0:
            raise IndexError(f"voice {voice}: this part has {self.n_voices}")
        return bool(sent)

    @property
    def faults(self) -> int:
        """Frames in which a network of the conditioner gave NaN or infinity; any thread."""
        return int(lib.ddsp_part_faults(self._part))

    def set_gain(self, left: float, right: float) -> None:
        """Its share of both sides, linear, 0 to 16; it moves there in 10 ms. Any thread."""
        lib.ddsp_part_set_gain(self._part, left, right)

    def go_on_from(self, other: Part) -> None:
        """Continue what the player of ``other`` plays. To be called before this part is played."""
        lib.ddsp_part_go_on_from(self._part, other._part)
        self.events.adopt(other.events)


class PartEvents(EventSender):
    """Sends the events of a part's player; one that finds the ring full waits for :meth:`flush`.

    ``time_s`` of every call is of no account: an event happens at the head of the next block.
    """

    def __init__(self, part: Part) -> None:
        super().__init__()
        self._cpart = part._part  # a plain pointer, so that part and events make no circle
        self._states = ffi.new("ddsp_voice_state[]", MAX_VOICES)
        self._sounds = [False] * MAX_VOICES  # after the last event sent
        self._waiting: deque[bytes] = deque()

    def _send(self, time_s: float) -> None:
        event = self._event
        if event.kind in _STARTS:
            self._sounds[event.voice] = True
        elif event.kind == lib.DDSP_EVENT_STOP:
            self._sounds[event.voice] = False
        if self._waiting or not lib.ddsp_part_send_event(self._cpart, event):
            if len(self._waiting) == MOST_WAITING:  # nobody has run the rig for long
                self._waiting.popleft()
            self._waiting.append(bytes(ffi.buffer(event)))

    def flush(self) -> None:
        """Send the events that wait because the ring was full."""
        while self._waiting:
            ffi.memmove(self._event, self._waiting[0], ffi.sizeof("ddsp_event"))
            if not lib.ddsp_part_send_event(self._cpart, self._event):
                return
            self._waiting.popleft()

    def states(self) -> Any:
        lib.ddsp_part_voice_states(self._cpart, self._states)
        return self._states

    def sounds(self, voice: int) -> bool:
        state = self.states()[voice]
        if state.serial == self._serials[voice]:
            return bool(state.sounds)
        return self._sounds[voice]

    def adopt(self, other: EventSender) -> None:
        if not isinstance(other, PartEvents):
            raise TypeError("a part goes on with a part")
        super().adopt(other)
        self._sounds = [other.sounds(voice) for voice in range(MAX_VOICES)]

    def effect(self, settings: EffectSettings) -> None:
        """Send new settings to the effect player of the part."""
        effect = self._event.effect
        for name, value in zip(EffectSettings._fields, settings, strict=True):
            setattr(effect, name, value)
        self._of_voice(lib.DDSP_EVENT_EFFECT, ALL_VOICES, 0.0)

    def freeze(self, on: bool) -> None:
        """Let the effect player hold its pitch and loudness, or let them go."""
        self._event.value = int(on)
        self._of_voice(lib.DDSP_EVENT_FREEZE, ALL_VOICES, 0.0)

    def condition(self, conditioning: Conditioning) -> None:
        """Send new settings to the conditioner of the part."""
        for field in fields(conditioning):
            setattr(self._event.conditioning, field.name, getattr(conditioning, field.name))
        self._of_voice(lib.DDSP_EVENT_CONDITION, ALL_VOICES, 0.0)

    def reset(self) -> None:
        """Reset the player: no note is held, no touch remembered."""
        self._of_voice(lib.DDSP_EVENT_RESET, ALL_VOICES, 0.0)


class Rig:
    """Processes a block of input into a block of output (``ddsp_rig_*``).

    ``period`` is the card's, in samples; ``wake_fd`` an eventfd (non-blocking), written after
    blocks in which a tick was made or a part retired, or -1.
    """

    def __init__(self, sample_rate: float, period: int, wake_fd: int = -1) -> None:
        self._rig = ffi.gc(lib.ddsp_rig_new(), lib.ddsp_rig_free)
        if self._rig == ffi.NULL:
            raise MemoryError("ddsp_rig_new")
        _check(
            lib.ddsp_rig_prepare(self._rig, sample_rate, period, wake_fd),
            f"rig(sample_rate={sample_rate}, period={period})",
        )
        self.sample_rate, self.period = sample_rate, period
        self._parts: dict[int, Part] = {}  # those that the rig owns, by address
        self._stats = ffi.new("ddsp_rig_stats *")
        self._testing: object = None
        #: For the audio thread (native.stream): the function, and the rig that it takes.
        self.process_address = int(ffi.cast("uintptr_t", ffi.addressof(lib, "ddsp_rig_process")))
        self.user_address = int(ffi.cast("uintptr_t", self._rig))

    def play(self, part: Part | None, delay_s: float = 0.0, fade_s: float = 0.05) -> bool:
        """``part`` runs at once and, ``delay_s`` later, is faded in and all others out.

        None: all are faded out. False: MAX_GROUPS groups are out; see :meth:`retired`. Raises
        ValueError for a part of another rate or period, or one that was played before.
        """
        if part is not None:
            return self.play_together([part], delay_s, fade_s)
        return bool(lib.ddsp_rig_play(self._rig, ffi.NULL, delay_s, fade_s))

    def play_together(
        self, parts: Sequence[Part], delay_s: float = 0.0, fade_s: float = 0.05
    ) -> bool:
        """Likewise several parts, 1 to MAX_TOGETHER, which begin with the same sample: all of them
        or none."""
        group = [part._part for part in parts]
        played = lib.ddsp_rig_play_together(self._rig, group, len(group), delay_s, fade_s)
        if played < 0:
            raise ValueError(f"{len(group)} parts, one of another rate or period or played before")
        for part in parts if played else ():
            # From now on the rig frees it, unless it retires; the part keeps the rig alive.
            ffi.gc(part._part, None)
            part._owner = self._rig
            self._parts[int(ffi.cast("uintptr_t", part._part))] = part
        return bool(played)

    def retired(self) -> Part | None:
        """Return a part that is no longer heard, or None; dropping it frees it."""
        which = lib.ddsp_rig_retired(self._rig)
        if which == ffi.NULL:
            return None
        part = self._parts.pop(int(ffi.cast("uintptr_t", which)))
        part._part, part._owner = ffi.gc(which, lib.ddsp_part_free), None
        return part

    def set(self, control: RigControl, value: float) -> None:
        """Set a value, which takes effect in the next block. Any thread may call it."""
        lib.ddsp_rig_set(self._rig, control, value)

    def panic(self) -> None:
        """End every note and every tail within 5 ms, the reverb's too."""
        lib.ddsp_rig_panic(self._rig)

    def test(
        self,
        signal: np.ndarray,
        sides: tuple[float, float] = (1.0, 1.0),
        heard: np.ndarray | None = None,
    ) -> bool:
        """Play a mono float32 ``signal`` over everything; False while another one is played.

        ``heard``, float32 (len(signal), 2), takes what comes in meanwhile, sample by sample as the
        blocks go. Leave both alone until :meth:`test_done`. Raises ValueError for other arrays.
        """
        if heard is not None and (heard.shape != (len(signal), 2) or heard.dtype != np.float32):
            raise ValueError(f"heard is {heard.dtype}{heard.shape}, not float32({len(signal)}, 2)")
        if signal.ndim != 1 or signal.dtype != np.float32 or not len(signal):
            raise ValueError(f"signal is {signal.dtype}{signal.shape}, not float32(n,)")
        buffers = (
            ffi.from_buffer("float[]", signal),
            ffi.NULL if heard is None else ffi.from_buffer("float[]", heard, require_writable=True),
        )
        played = lib.ddsp_rig_test(self._rig, buffers[0], len(signal), *sides, buffers[1])
        if played:
            self._testing = buffers  # they live as long as the audio thread may touch them
        return bool(played)

    def end_test(self) -> None:
        """Fade out the test signal and end it. Any thread may call it."""
        lib.ddsp_rig_test_end(self._rig)

    def test_done(self) -> bool:
        """Return whether no test signal is being played, or it has ended."""
        return bool(lib.ddsp_rig_test_done(self._rig))

    def process(self, heard: np.ndarray | None, played: np.ndarray) -> None:
        """Process a block as the audio thread does: float32 (n, 2), C-contiguous, in place."""
        if played.shape != (len(played), 2) or played.dtype != np.float32:
            raise ValueError(f"played is {played.dtype}{played.shape}, not float32(n, 2)")
        if heard is not None and (heard.shape != played.shape or heard.dtype != np.float32):
            raise ValueError(f"heard is {heard.dtype}{heard.shape}, not float32{played.shape}")
        source = ffi.NULL if heard is None else ffi.from_buffer("float[]", heard)
        target = ffi.from_buffer("float[]", played, require_writable=True)
        lib.ddsp_rig_process(self._rig, source, target, len(played))

    def read(self) -> RigStats:
        """Return the counters and peaks. Any thread, at any time; peaks start again from 0."""
        s = self._stats
        lib.ddsp_rig_read(self._rig, s)
        fields = {name: getattr(s, name) for name in RigStats.__dataclass_fields__}
        for name in ("process_ns", "input_sides", "output_sides"):
            fields[name] = tuple(fields[name])
        return RigStats(**fields)
