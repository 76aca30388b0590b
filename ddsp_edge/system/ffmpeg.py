"""The program ffmpeg: it decodes what libsndfile cannot read."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.system.audio_kinds import FFMPEG_FORMATS

LIMIT_S = 600


def decode(path: Path, folder: Path, most_s: int, options: Sequence[str] = ()) -> tuple[Path, str]:
    """A wav file in ``folder`` of what ffmpeg makes of ``path``, and ffmpeg's messages.

    At most ``most_s`` seconds; ``options`` stand before the input. Raises UserError, and OSError
    where the disk is full.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise UserError(
            f"{path}: a {path.suffix} file needs the program ffmpeg (sudo apt install ffmpeg); "
            "or save it as wav or flac"
        )
    wav = folder / "decoded.wav"
    command = [ffmpeg, "-nostdin", "-hide_banner", "-v", "level+info", *options]
    command += ["-protocol_whitelist", "file", "-format_whitelist", FFMPEG_FORMATS]
    command += ["-i", f"file:{path}", "-map", "0:a:0"]
    command += ["-t", str(most_s), "-c:a", "pcm_f32le", str(wav)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{path}: ffmpeg could not read it ({error})") from None
    said = done.stderr.decode(errors="replace")
    full = os.strerror(errno.ENOSPC)
    if full in said:
        raise OSError(errno.ENOSPC, full)
    if done.returncode != 0 or not wav.is_file():
        raise UserError(
            f"{path}: cannot be read as audio ({_reason_of(said, path)}); save it as wav or flac"
        )
    return wav, said


def _reason_of(said: str, path: Path) -> str:
    if "matches no streams" in said:
        return "it holds no sound"
    if "Invalid data" in said:
        return "nothing in it is sound"
    errors = [line for line in said.splitlines() if "[error]" in line or "[fatal]" in line]
    last = errors[-1] if errors else "it gave no reason"
    return re.sub(r"\[[^]]*\] *", "", last.replace(f"file:{path}: ", "")).strip()


def declared_s(said: str) -> float:
    """The length in seconds that a file's header declares, by ffmpeg's messages; 0 for none."""
    found = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", said)
    if found is None or "Estimating duration" in said:
        return 0.0
    hours, minutes, seconds = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
