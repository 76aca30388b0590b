"""Training audio from a sound font, for an instrument of which there are no free recordings.

    python -m ddsp_edge.training.data.soundfont --program 56 --out trumpet

FluidSynth plays a made-up solo (:mod:`ddsp_edge.training.data.performance`), its reverb and chorus
off. A model card must say that the sound is synthesised, from which font and under what licence.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from ddsp_edge.errors import UserError
from ddsp_edge.system.fluidsynth import FONT, play
from ddsp_edge.training.data.performance import perform

RATE = 48_000
#: General MIDI program to the range that is played, sounding MIDI notes.
RANGES = {56: (52, 84), 57: (40, 72), 60: (41, 77), 68: (58, 91), 71: (50, 91), 73: (60, 96)}
PEAK = 0.7
CUT_S = 60.0  #: longest file; cut where it is silent
SILENT = 1e-4


def synthesise(
    program: int,
    out: Path,
    minutes: float = 9.0,
    seed: int = 1,
    font: Path = FONT,
    say: Callable[[str], None] = print,
) -> list[Path]:
    """Play ``program`` (0 to 127, General MIDI less one) into flac files in the folder ``out``.

    Mono, 48 kHz, 24 bits; deterministic. Raises UserError: FluidSynth or the font is missing,
    fails or is silent; the folder holds files already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: exists already; name a new folder with --out")
    lowest, highest = RANGES.get(program, (48, 84))
    say(f"playing {minutes:g} minutes of program {program}, notes {lowest} to {highest}")
    music = perform(lowest, highest, 60 * minutes, seed)
    mono = play(music.midi_file(program), RATE, font)
    peak = float(np.abs(mono).max(initial=0.0))
    if peak < 1e-3:
        raise UserError(f"{font}: program {program} is silent there; give another --program")
    out.mkdir(parents=True, exist_ok=True)
    files = []
    for i, part in enumerate(_cut(mono * (PEAK / peak)), 1):
        files.append(out / f"program{program:03d}-{i:02d}.flac")
        soundfile.write(files[-1], part, RATE, subtype="PCM_24")
    say(f"{len(files)} files in {out}")
    return files


def _cut(audio: np.ndarray) -> list[np.ndarray]:
    """Parts of at most CUT_S, ending in the middle of the last rest before it."""
    parts, start = [], 0
    while len(audio) - start > CUT_S * RATE:
        stretch = np.abs(audio[start : start + int(CUT_S * RATE)])
        block = RATE // 100
        loud = stretch[: len(stretch) // block * block].reshape(-1, block).max(axis=1)
        rests = np.flatnonzero(loud < SILENT)
        end = (int(rests[-1]) * block + block // 2) if len(rests) else len(stretch)
        parts.append(audio[start : start + max(end, RATE)])
        start += max(end, RATE)
    return [*parts, audio[start:]]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ddsp_edge.training.data.soundfont",
        description="Training audio from a sound font, played expressively by FluidSynth.",
    )
    parser.add_argument("--program", type=int, required=True, help="0 to 127; the trumpet is 56")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="a new folder")
    parser.add_argument("--minutes", type=float, default=9.0, help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--font", type=Path, default=FONT, help="(default: %(default)s)")
    args = parser.parse_args(arguments)
    try:
        if not 0 <= args.program <= 127:
            raise UserError(f"--program {args.program}: a number from 0 to 127")
        if not 0.1 <= args.minutes <= 60 or args.seed < 0:
            raise UserError("--minutes: from 0.1 to 60; --seed: 0 or more")
        synthesise(args.program, args.out, args.minutes, args.seed, args.font)
    except UserError as error:
        print(f"ddsp-edge: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
