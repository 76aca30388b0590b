"""How long a MIDI message takes, and how soon a plug is noticed: figures for docs/latency.md.

Run it where there is a sequencer, or ``python tests/uml.py python tests/alsa/measure_midi.py``.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from typing import Any

import mido
import rtmidi

from ddsp_edge.midi.ports import MidiPorts

COUNT = 1000


def _keyboard(commands: Any, times: Any) -> None:
    """Another process, so that its Python is not in the way: its name is pressed key's velocity."""
    out = rtmidi.MidiOut(rtapi=rtmidi.API_LINUX_ALSA, name="kbd")
    times.send(time.monotonic_ns())
    out.open_virtual_port("keys")
    commands.recv()
    for number in range(COUNT):
        time.sleep(0.003)
        times.send(time.monotonic_ns())
        out.send_message([0x90 if number % 2 == 0 else 0x80, 60, 100])
    out.send_message([0x90, 61, 100])
    commands.recv()
    times.send(time.monotonic_ns())
    os._exit(0)  # as a plug is pulled: no farewell


def main() -> None:
    arrivals: list[int] = []
    plugs: dict[str, int] = {}

    def deliver(_: mido.Message) -> None:
        arrivals.append(time.monotonic_ns())

    def on_event(event: dict[str, Any]) -> None:
        if "kbd" in event["port"]:
            plugs[event["state"]] = time.monotonic_ns()

    ports = MidiPorts(deliver, on_event)
    ports.start()
    commands, their_commands = multiprocessing.Pipe()
    their_times, times = multiprocessing.Pipe()
    keyboard = multiprocessing.Process(target=_keyboard, args=(their_commands, times))
    keyboard.start()
    begun = their_times.recv()
    while "plugged" not in plugs:
        time.sleep(0.001)
    commands.send("play")
    sent = [their_times.recv() for _ in range(COUNT)]
    while len(arrivals) < COUNT + 1:
        time.sleep(0.001)
    commands.send("pull")
    pulled = their_times.recv()
    while "unplugged" not in plugs:
        time.sleep(0.001)
    ports.stop()
    took = sorted((b - a) / 1e3 for a, b in zip(sent, arrivals, strict=False))
    figures = {
        "messages": COUNT,
        "delivery_us": {
            f"p{percent:g}": round(took[min(COUNT - 1, int(COUNT * percent / 100))])
            for percent in (50, 95, 99, 100)
        },
        "plugged_ms": round((plugs["plugged"] - begun) / 1e6),
        "unplugged_ms": round((plugs["unplugged"] - pulled) / 1e6),
    }
    json.dump(figures, sys.stdout)
    print()


if __name__ == "__main__":
    main()
