"""Measures the audio thread on real ALSA kernel devices inside the UML kernel (not a test).

Run by test_uml.py in that kernel; prints one line a device.
"""

from __future__ import annotations

import time

from native.rig import Rig, RigControl
from native.stream import FORMATS, Stream, StreamConfig, StreamError

CASES = [("hw:CARD=Dummy", 128, 3, None), *(("hw:CARD=Loopback", 1024, 3, f) for f in FORMATS)]


def measure(pcm: str, period: int, periods: int, wanted: str | None) -> str:
    try:
        running = Stream(StreamConfig(pcm, pcm, 48_000, period, periods, wanted))
    except StreamError as error:
        return str(error)
    with running:
        rig = Rig(running.rate, running.period)
        rig.set(RigControl.DRY, 1.0)
        running.start(rig.process_address, rig.user_address, rig)
        first, began = running.read().periods, time.monotonic()
        time.sleep(3.0)
        stats, took = running.read(), time.monotonic() - began
        got = running.info()
        heard = (stats.periods - first) * running.period / running.rate
        return (
            f"{pcm} {got.playback_format}/{got.capture_format} {running.period}x{running.periods} "
            f"linked={got.linked} {heard:.3f} s in {took:.3f} s, xruns {stats.xruns}, "
            f"jitter max {stats.jitter_max_ns / 1e6:.2f} ms, delay {stats.delay}, {got.warnings}"
        )


if __name__ == "__main__":
    for case in CASES:
        print("UML", measure(*case), flush=True)
