"""Playing on the board: scripts that put the engine between two ends of the loopback card.

Device 0 of the card is the engine's, device 1 the world's: what the engine plays on subdevice 0
is recorded on hw:0,1,0; what the world plays on hw:0,1,1 the engine hears on subdevice 1.
Everything that runs meanwhile reads and writes memory only (/tmp), never the shared folder.
"""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import soundfile
from board.machine import Board

RATE = 48_000
#: snd-aloop is driven by a timer of 4 ms (250 Hz): periods well above.
PERIOD, PERIODS = 512, 4
ENGINE = {"playback": "hw:0,0,0", "capture": "hw:0,0,1"}
WORLD = {"capture": "hw:0,1,0", "playback": "hw:0,1,1"}
#: config.toml of the service there.
CONFIG = f"""
[audio]
card = "{ENGINE["playback"]}"
capture = "{ENGINE["capture"]}"
period = {PERIOD}
periods = {PERIODS}
[instrument]
source = "synth"
"""


def write_score(path: Path, notes: list[tuple[int, float, float]], channels: int = 1) -> None:
    """A MIDI file of (note, start, end), seconds, in order of their starts; of several channels
    each plays the next note in turn."""
    events = []
    for number, (note, start, end) in enumerate(notes):
        key = {"note": note, "channel": number % channels}
        events += [(start, mido.Message("note_on", velocity=90, **key))]
        events += [(end, mido.Message("note_off", **key))]
    track, now_s = mido.MidiTrack(), 0.0
    for time_s, message in sorted(events, key=lambda event: (event[0], event[1].type)):
        track.append(message.copy(time=round((time_s - now_s) * 960)))  # 120 bpm, 480 a beat
        now_s = time_s
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(str(path))


def write_sound(path: Path, mono: np.ndarray, rate: int = RATE) -> None:
    """As the card takes it: stereo floats."""
    soundfile.write(path, np.stack([mono, mono], axis=1), rate, subtype="FLOAT")


def record(board: Board, action: str, seconds: float) -> np.ndarray:
    """What comes out of the card while ``action`` runs, mono; with a third of a second before."""
    board.check(f"""
folder=$PWD; cd /tmp && rm -f recorded.wav
arecord -q -D {WORLD["capture"]} -f FLOAT_LE -c 2 -r {RATE} -d {seconds:g} recorded.wav &
recorder=$!
sleep 0.3
{action} || exit 3
wait $recorder || exit 4
cp recorded.wav "$folder"
""")
    sound, rate = soundfile.read(board.job / "recorded.wav")
    assert rate == RATE
    return sound.mean(1)


def seconds_near(f0_hz: np.ndarray, note: int, hop_s: float) -> float:
    """How long a MIDI note was heard within 25 cents."""
    expected_hz = 440.0 * 2 ** ((note - 69) / 12)
    near = np.abs(1200 * np.log2(np.maximum(f0_hz, 1.0) / expected_hz)) < 25
    return float(near.sum() * hop_s)
