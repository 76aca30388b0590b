"""FluidSynth, a sampler: times real time with so many notes of a sampled violin, its reverb on."""

from __future__ import annotations

import ctypes
import ctypes.util
import time
from pathlib import Path

FONTS = Path("/usr/share/sounds/sf2")
RATE, BLOCK, VIOLIN = 48_000, 128, 40


def times_real_time(voices: tuple[int, ...] = (1, 2, 4, 8, 16), seconds: float = 2.0,
                    repeats: int = 3) -> dict[int, float]:  # fmt: skip
    """Best of ``repeats`` by voices; empty where library or sound font is not installed."""
    name, fonts = ctypes.util.find_library("fluidsynth"), sorted(FONTS.glob("*.sf2"))
    if name is None or not fonts:
        return {}
    fluid = ctypes.CDLL(name)
    fluid.new_fluid_settings.restype = fluid.new_fluid_synth.restype = ctypes.c_void_p
    settings = ctypes.c_void_p(fluid.new_fluid_settings())
    fluid.fluid_settings_setnum(settings, b"synth.sample-rate", ctypes.c_double(RATE))
    synth = ctypes.c_void_p(fluid.new_fluid_synth(settings))
    if fluid.fluid_synth_sfload(synth, str(fonts[0]).encode(), 1) < 0:
        return {}
    fluid.fluid_synth_program_change(synth, 0, VIOLIN)
    sides = [(ctypes.c_float * BLOCK)() for _ in range(2)]

    def render(count: int) -> float:
        begun = time.thread_time()
        for _ in range(count):
            fluid.fluid_synth_write_float(synth, BLOCK, sides[0], 0, 1, sides[1], 0, 1)
        return time.thread_time() - begun

    found = {}
    for wanted in voices:
        for i in range(wanted):
            fluid.fluid_synth_noteon(synth, 0, 55 + 2 * i, 100)
        render(100)  # past the attacks
        blocks = round(seconds * RATE / BLOCK)
        # A key may be several of its voices (stereo samples): per note is what a player asks.
        found[wanted] = blocks * BLOCK / RATE / min(render(blocks) for _ in range(repeats))
        fluid.fluid_synth_all_sounds_off(synth, 0)
        render(100)
    fluid.delete_fluid_synth(synth)
    fluid.delete_fluid_settings(settings)
    return found
