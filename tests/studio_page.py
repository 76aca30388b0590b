"""The studio as a person starts it, and what is done on its page: dropping files, filling forms."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import browser_page
import made_recordings
import soundfile

DROP = """
const files = arguments[0].map(([name, text]) =>
  new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
const dataTransfer = new DataTransfer();
for (const file of files) dataTransfer.items.add(file);
document.getElementById("drop").dispatchEvent(
  new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
"""
SET = """
for (const [id, value] of Object.entries(arguments[0])) {
  const input = document.getElementById(id);
  if (input.type === "checkbox") input.checked = value; else input.value = value;
  input.dispatchEvent(new Event("change"));
}
"""


@dataclass
class StudioProgram:
    """The studio as a person starts it."""

    folder: Path
    process: subprocess.Popen[str]
    address: str


def started(folder: Path) -> StudioProgram:
    words = ["studio", str(folder), "--port", "0", "--no-browser"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ddsp_edge", *words],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("the studio: http://127.0.0.1:"), line
    return StudioProgram(folder, process, line.removeprefix("the studio: ").strip())


def recording(level: float) -> str:
    """Eight notes as a WAV file in base64."""
    stream = io.BytesIO()
    sound = level * made_recordings.melody()
    soundfile.write(stream, sound, made_recordings.RATE, format="WAV", subtype="PCM_16")
    return base64.b64encode(stream.getvalue()).decode()


def fill(phone: browser_page.Phone, **fields: str | bool) -> None:
    phone.run(SET, {f"f-{name}": value for name, value in fields.items()})
