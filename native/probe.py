"""A probe between the audio thread and a rig, for latency to the sample (``ddsp_probe_*``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from native._kernel import ffi, lib
from native.rig import Rig


@dataclass(frozen=True)
class Catch:
    """``ddsp_catch``: the first loud sample. Times are of time.monotonic_ns."""

    block_ns: int  #: when its block was begun
    offset: int  #: in the block, samples
    tone_ns: int  #: when the block was begun in which the tone began; 0: there was none
    since_tone: int  #: samples from the tone's first to it


class Probe:
    """Runs a rig in its place: give its addresses to the stream. One thread arms and reads."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig  # lives longer than this
        made = lib.ddsp_probe_new(rig._rig, rig.sample_rate)
        if made == ffi.NULL:
            raise MemoryError("ddsp_probe_new")
        self._probe = ffi.gc(made, lib.ddsp_probe_free)
        address = ffi.addressof(lib, "ddsp_probe_process")
        self.process_address = int(ffi.cast("uintptr_t", address))
        self.user_address = int(ffi.cast("uintptr_t", self._probe))
        self._catch = ffi.new("ddsp_catch *")

    def arm(self, threshold: float, tone_hz: float = 0.0, amplitude: float = 0.1) -> None:
        """Look for the first sample beyond ``threshold`` from the next block on.

        ``tone_hz`` above 0: the rig hears such a tone from that block on, until the next call.
        """
        lib.ddsp_probe_arm(self._probe, threshold, tone_hz, amplitude)

    def read(self) -> Catch | None:
        """Return what was detected since the last :meth:`arm`, or None where nothing was."""
        found = self._catch
        if not lib.ddsp_probe_read(self._probe, found):
            return None
        return Catch(found.block_ns, found.offset, found.tone_ns, found.since_tone)

    def process(self, heard: np.ndarray | None, played: np.ndarray) -> None:
        """Do the same as :meth:`Rig.process`, without its checks of the arrays."""
        source = ffi.NULL if heard is None else ffi.from_buffer("float[]", heard)
        target = ffi.from_buffer("float[]", played, require_writable=True)
        lib.ddsp_probe_process(self._probe, source, target, len(played))
