"""Wheels for a device of this machine's kind: ours from these sources, the others cached."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from overlay_device import Unavailable

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"  # Debian's: the one that install.sh takes
EXTRAS = "live,pedal,panel,display"


def make_wheelhouse(folder: Path) -> Path:
    """A folder of wheels for PYTHON. Raises Unavailable where they cannot be fetched or built."""
    home = os.environ.get("DDSP_EDGE_CACHE") or "~/.cache/ddsp-edge"
    text = (ROOT / "pyproject.toml").read_bytes() + f"{PYTHON} {EXTRAS}".encode()
    cache = Path(home).expanduser() / f"wheels-{hashlib.sha256(text).hexdigest()[:16]}"
    venv = folder / "builder"
    _run(PYTHON, "-m", "venv", str(venv))
    pip = [str(venv / "bin/pip"), "-q", "--disable-pip-version-check"]
    _run(*pip, "install", "wheel")  # for what has no pyproject.toml
    pip.append("wheel")
    if not cache.exists():
        part = folder / "others"
        _run(*pip, "-w", str(part), f"{ROOT}[{EXTRAS}]")
        for ours in part.glob("ddsp_edge-*.whl"):
            ours.unlink()
        cache.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(part, cache)
    wheels = folder / "wheels"
    shutil.copytree(cache, wheels)
    _run(*pip, "--no-deps", "-w", str(wheels), str(ROOT))
    return wheels


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(words[:3])}: {(done.stderr or done.stdout).strip()[-500:]}")
