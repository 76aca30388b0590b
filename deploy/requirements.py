"""Which of our Python packages the distribution brings, and which pip must.

Run by the Python that they are for, which prints one a line:

    python requirements.py debs SOURCE EXTRAS   Debian packages that bring what PyPI has no wheel of
    python requirements.py rest SOURCE EXTRAS   Debian packages for everything else that is missing
    python requirements.py must SOURCE EXTRAS   what pip has to install: without it nothing works
    python requirements.py may SOURCE EXTRAS    hardware packages still missing that pip may try
    python requirements.py left SOURCE EXTRAS   what the device does without, a sentence a line

SOURCE is a folder with our pyproject.toml, or a folder of wheels with ours among them; EXTRAS are
its extras, with commas. Debian packages are named only where apt's candidate is new enough; a
list of packages (`apt-get update`) is the caller's business. Nothing is installed or changed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.tags import sys_tags
from pip._vendor.packaging.utils import canonicalize_name, parse_wheel_filename

#: Made for a device's hardware; PyPI has wheels of these for few Pythons, or none. Each is
#: optional: Debian's package, and what is missing without it.
HARDWARE = {
    "python-rtmidi": ("python3-rtmidi", "no MIDI ports (network MIDI works)"),
    "pyalsaaudio": ("python3-alsaaudio", "sound cards cannot be listed nor their levels set"),
    "evdev": ("python3-evdev", "no USB pedals that are keyboards"),
    "lgpio": ("python3-lgpio", "no pins: no footswitches, expression pedals or lights there"),
    "adafruit-lgpio": ("", ""),
}
#: Two names of one module.
TWINS = {"lgpio": "adafruit-lgpio", "adafruit-lgpio": "lgpio"}
#: Everything else has wheels on 64-bit machines; elsewhere Debian may have it.
OTHERS = {
    "numpy": "python3-numpy",
    "cffi": "python3-cffi",
    "mido": "python3-mido",
    "soundfile": "python3-soundfile",
    "soxr": "python3-soxr",
    "tomli-w": "python3-tomli-w",
    "gpiozero": "python3-gpiozero",
    "luma-oled": "python3-luma.oled",
    "luma-lcd": "python3-luma.lcd",
    "pillow": "python3-pil",
    "starlette": "python3-starlette",
    "uvicorn": "python3-uvicorn",
    "websockets": "python3-websockets",
    "python-multipart": "python3-python-multipart",
    "segno": "python3-segno",
}


def _texts(source: Path, extras: list[str]) -> list[tuple[str, str]]:
    """(requirement, extra) of the project; extra is "" for what is always needed."""
    wheels = sorted(source.glob("ddsp_edge-*.whl"))
    if wheels:
        with zipfile.ZipFile(wheels[-1]) as archive:
            name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            lines = HeaderParser().parsestr(archive.read(name).decode()).get_all("Requires-Dist")
        found = []
        for line in lines or []:
            extra = re.search(r"""extra\s*==\s*["']([^"']+)["']""", line)
            found.append((line, extra[1] if extra else ""))
        return [each for each in found if each[1] in ("", *extras)]
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    found = [(text, "") for text in project["dependencies"]]
    for extra in extras:
        if extra not in project["optional-dependencies"]:
            sys.exit(f"requirements: no extra is called {extra!r}")
        found += [(text, extra) for text in project["optional-dependencies"][extra]]
    return found


def requirements(source: Path, extras: list[str]) -> dict[str, tuple[Requirement, bool]]:
    """By name; False where the project's marker leaves it out for this Python."""
    found: dict[str, tuple[Requirement, bool]] = {}
    for text, extra in _texts(source, extras):
        requirement = Requirement(text)
        marker = requirement.marker
        wanted = marker is None or bool(marker.evaluate({"extra": extra}))
        requirement.marker = None
        name = canonicalize_name(requirement.name)
        if wanted or (name in HARDWARE and name not in found):
            found[name] = (requirement, wanted)
    return found


def _here(requirement: Requirement) -> bool:
    """This Python sees a version that will do."""
    for name in filter(None, (requirement.name, TWINS.get(requirement.name))):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        if requirement.specifier.contains(version, prereleases=True):
            return True
    return False


def _wheel(source: Path, name: str, specifier: SpecifierSet) -> bool:
    """A folder of wheels has one that this Python takes."""
    tags = set(sys_tags())
    for path in source.glob("*.whl"):
        found, version, _, fits = parse_wheel_filename(path.name)
        if found == name and specifier.contains(version, prereleases=True) and fits & tags:
            return True
    return False


def _candidate(package: str) -> str:
    """The version that apt would install, without epoch and Debian's revision; "" for none."""
    try:
        said = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True)
    except OSError:  # no apt here
        return ""
    found = re.search(r"Candidate: (?:\d+:)?([0-9][0-9.]*)", said.stdout)
    return found[1].rstrip(".") if found else ""


def _debs(table: dict[str, str], source: Path, extras: list[str]) -> list[str]:
    packages = []
    for name, (requirement, _) in requirements(source, extras).items():
        package = table.get(name)
        if not package or _here(requirement) or _wheel(source, name, requirement.specifier):
            continue
        version = _candidate(package)
        if version and requirement.specifier.contains(version, prereleases=True):
            packages.append(package)
    return packages


def main(what: str, source: Path, extras: list[str]) -> list[str]:
    """The lines to print."""
    if what == "debs":
        return _debs({name: deb for name, (deb, _) in HARDWARE.items()}, source, extras)
    if what == "rest":
        return _debs(OTHERS, source, extras)
    wanted = requirements(source, extras)
    if what == "must":
        return [str(r) for name, (r, now) in wanted.items() if now and name not in HARDWARE]
    missing = {n: w for n, w in wanted.items() if n in HARDWARE and not _here(w[0])}
    if what == "may":
        return [str(requirement) for requirement, now in missing.values() if now]
    if what == "left":
        return [
            f"{HARDWARE[name][1]}: {name} is not to be had here"
            for name in missing
            if HARDWARE[name][1]
        ]
    sys.exit(f"requirements: {what}: debs, rest, must, may or left")


if __name__ == "__main__":
    for line in main(sys.argv[1], Path(sys.argv[2]), [e for e in sys.argv[3].split(",") if e]):
        print(line)
