"""A session of Ardour with one track and one of our plug-ins, made and exported without its window.

Ardour's Lua interpreter makes the session (tests/lv2/ardour_session.lua). It has no function that
imports a file, so the region is written into the session's own; then the interpreter exports it, as
fast as it can, to a WAV file of floats (tests/lv2/ardour_export.lua).
"""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent / "lv2"
INTERPRETER = "ardour7-lua"
RATE = 48_000
#: Ardour's clock counts these in a second, its beats have these ticks; a beat is half a second.
CLOCKS, TICKS = 282_240_000, 1920
#: What Ardour plays before the range that it exports, so that effects settle.
PREROLL = 2 * RATE
#: Of the engine, in samples: four frames of the model.
PERIOD = 960
PRESET = "6d0a6c5e-3a0b-4a5e-9d57-1f0b6f2f7a10"
#: Ardour's own format "BWAV 32float Export", without a name that it chooses.
_PRESET = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<ExportPreset id="{PRESET}" name="floats">
  <ExportFormat id="20b4ab09-6452-4cb3-bd66-b921cdbd2942"/>
  <ExportFilename>
    <Folder relative="1" path="export"/>
    <Field name="timespan" enabled="1"/>
  </ExportFilename>
</ExportPreset>
"""
TIMEOUT_S = 300


def why_not() -> str | None:
    """What is missing here; None: nothing."""
    if shutil.which(INTERPRETER) is None:
        return "no Ardour 7, which Debian 12 packages: apt-get install ardour (make lv2-test does)"
    return None


def environment(home: Path, plugins: Mapping[str, str]) -> dict[str, str]:
    """``plugins`` with Ardour's settings in ``home``, among them the preset for exports."""
    presets = home / "ardour7" / "export"
    presets.mkdir(parents=True, exist_ok=True)
    (presets / "floats.preset").write_text(_PRESET)
    own = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    return {**plugins, **own}


def make(song: Path, uri: str, values: Mapping[str, float], env: Mapping[str, str]) -> None:
    """Write the session, whose controls have ``values`` by their ports' symbols."""
    told = {"SONG": str(song), "PLUGIN": uri, "RATE": str(RATE)}
    told["CONTROLS"] = " ".join(f"{symbol}={value!r}" for symbol, value in values.items())
    run("ardour_session.lua", {**env, **told})
    assert session_file(song).exists()


def session_file(song: Path) -> Path:
    return song / f"{song.name}.ardour"


def run(script: str, env: Mapping[str, str]) -> None:
    done = subprocess.run(
        [INTERPRETER, str(HERE / script)],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    said = done.stdout + done.stderr
    # A script that fails ends the interpreter as one that does not.
    assert done.returncode == 0 and "Error: " not in said, said


def put(song: Path, source: Path, frames: int) -> None:
    """Put the first ``frames`` of the file (WAV or MIDI) at the beginning of the track."""
    kind = "midi" if source.suffix == ".mid" else "audio"
    file = session_file(song)
    tree = ET.parse(file)
    root = tree.getroot()
    for option in root.iter("Option"):
        if option.get("name") in ("use-region-fades", "use-transport-fades"):
            option.set("value", "0")
    for panner in root.iter("PannerShell"):  # left and right go through as they are
        panner.set("bypassed", "1")
    end = frames * CLOCKS // RATE
    folder = song / "interchange" / song.name / f"{kind}files"
    shutil.copy(source, folder / source.name)
    about = {"id": "9002", "name": source.name, "type": kind, "flags": "", "origin": ""}
    ET.SubElement(found(root, "Sources"), "Source", about, channel="0", gain="1")
    mark, length = ("b", frames * 2 * TICKS // RATE) if kind == "midi" else ("a", end)
    region = {
        "name": "played", "id": "9003", "type": kind, "muted": "0", "opaque": "1", "stretch": "1",
        "shift": "1", "start": f"{mark}0", "length": f"{mark}{length}@{mark}0",
        "sync-position": f"{mark}0", "source-0": "9002", "master-source-0": "9002",
        "first-edit": "nothing", "layering-index": "0", "whole-file": "0", "position-locked": "0",
    }  # fmt: skip
    if kind == "audio":
        region |= {"channels": "1", "envelope-active": "0", "scale-amplitude": "1"}
        region |= {"fade-in-active": "0", "fade-out-active": "0"}
    playlist = root.find("Playlists/Playlist[@name='played']")
    assert playlist is not None
    ET.SubElement(playlist, "Region", region)
    tree.write(file, encoding="UTF-8", xml_declaration=True)


def found(root: ET.Element, name: str) -> ET.Element:
    element = root.find(name)
    assert element is not None, f"the session has no {name}"
    return element


def export(song: Path, out: Path, frames: int, env: Mapping[str, str]) -> Path:
    """The WAV file, in the folder ``out``."""
    told = {"SONG": str(song), "OUT": str(out), "FRAMES": str(frames), "PRESET": PRESET}
    told |= {"RATE": str(RATE), "PERIOD": str(PERIOD)}
    run("ardour_export.lua", {**env, **told})
    return out / "exported.wav"
