"""What ``ddsp-edge demo`` plays: a voice, a piano, a tune. Sources: ATTRIBUTION.md beside this."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
VOICE = HERE / "voice.flac"
PIANO = HERE / "piano.flac"
TUNE = HERE / "tune.mid"
