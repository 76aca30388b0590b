"""FluidSynth plays a MIDI file on a sound font, dry (Debian: fluidsynth fluid-soundfont-gm)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile

from ddsp_edge.errors import UserError

FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")  #: of Debian's fluid-soundfont-gm; MIT
LIMIT_S = 600  #: FluidSynth needs a few seconds


def play(music: mido.MidiFile, rate: int, font: Path = FONT) -> np.ndarray:
    """(samples,) float32, both sides' mean, without reverb and chorus; deterministic.

    Raises UserError: FluidSynth or the font is missing, or it fails.
    """
    fluidsynth = shutil.which("fluidsynth")
    if fluidsynth is None:
        raise UserError("fluidsynth is not installed; sudo apt install fluidsynth")
    if not font.is_file():
        raise UserError(f"{font}: no such sound font; sudo apt install fluid-soundfont-gm")
    with font.open("rb") as stream:
        if stream.read(12)[8:] != b"sfbk":  # FluidSynth would play another font instead
            raise UserError(f"{font}: is not a SoundFont 2 file; give one with --font")
    with tempfile.TemporaryDirectory() as folder:
        midi, sound = Path(folder, "music.mid"), Path(folder, "music.wav")
        music.save(str(midi))
        command = [fluidsynth, "-n", "-i", "-q", "-R", "0", "-C", "0", "-r", str(rate)]
        command += ["-g", "0.5", "-o", "synth.polyphony=16", "-T", "wav", "-O", "float"]
        command += ["-F", str(sound), str(font), str(midi)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)
            audio, _ = soundfile.read(sound, dtype="float32", always_2d=True)
        except (subprocess.SubprocessError, OSError, soundfile.LibsndfileError) as error:
            raise UserError(f"{font}: fluidsynth could not play it ({error})") from None
    mono: np.ndarray = audio.mean(axis=1)
    return mono
