"""What ``ddsp-edge demo`` plays: a sung phrase and a tune. Sources: ATTRIBUTION.md beside this."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
VOICE = HERE / "voice.flac"
TUNE = HERE / "tune.mid"
