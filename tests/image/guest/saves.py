"""In the guest: presets and the state of the box are saved again and again, by the box's code."""

from __future__ import annotations

import sys
from pathlib import Path

from marker import Marker

from ddsp_edge.presets.folder import PresetFolder
from ddsp_edge.presets.preset import Preset, preset_of
from firmware_py.last_state import LastPlayed, LastState

FOLDER = Path("/mnt/data/keep/var/lib/ddsp-edge")
SONGS = 5


def song(number: int) -> Preset:
    """The preset that the save of this number writes."""
    name = f"Song {number % SONGS}"
    settings = {"mix": number % 100 / 100, "output_gain": -float(number // 100)}
    return preset_of(name, {"model": "violin", "settings": settings}, name)


def played(number: int) -> LastPlayed:
    """The state that the save of this number writes."""
    return LastPlayed(preset=f"Song {number % SONGS}", model=f"model-{number}", source="synth")


def main(count: int) -> None:
    """Save so many presets and states."""
    mark = Marker("saves")
    presets, last = PresetFolder(FOLDER / "presets"), LastState(FOLDER)
    for number in range(1, count + 1):
        presets.save(song(number))
        last.write(played(number))
        mark(str(number))
    print("WORK saves", count)


if __name__ == "__main__":
    main(int(sys.argv[1]))
