"""What an instance of the LV2 plug-in costs, beside the live engine and other plug-ins.

A small host (``tests/bench/lv2_cost.c``, with lilv) plays each plug-in in blocks of 128 at 48 kHz
and counts its thread's time in ``run()``. All take turns in one run; the best of each counts.
"""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ddsp_edge.bench import engine
from ddsp_edge.bench.checkout import PROGRAMS, ROOT, compiler
from ddsp_edge.bench.result import Result, against
from ddsp_edge.library.catalog import find_model
from ddsp_edge.lv2.folder import export

RATE, BLOCK, SECONDS, ROUNDS = 48_000, 128, 1.0, 7
KEYS = (1, 4, 8)
LOWEST_KEY, TONE_HZ = 55, 220.0  #: as the host plays them
VIOLIN_PROGRAM = 40  #: of General MIDI
FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
LIVE, FAT1, FLUID = "the live engine", "fat1.lv2", "FluidSynth's LV2"
#: Where hosts look, besides the folder that is built here.
SYSTEM = "/usr/local/lib/lv2:/usr/lib/lv2"
LONGEST_S = 120
_SILENT = 1e-3
#: The exit codes of the host that say why a plug-in cannot be measured.
_NOT_THERE = 4

_FONT_STATE = """\
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix pset: <http://lv2plug.in/ns/ext/presets#> .
@prefix state: <http://lv2plug.in/ns/ext/state#> .
<> a pset:Preset ;
    lv2:appliesTo <{uri}> ;
    state:state [ <urn:calf:soundfont> "{font}" ] .
"""


class NotMeasured(RuntimeError):
    """A plug-in cannot be measured here; the text says why, and the remedy."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One plug-in as it is played: ``keys`` held, or a tone for 0."""

    name: str
    uri: str
    keys: int
    package: str = ""  #: Debian's, for one that is not built here
    options: tuple[str, ...] = ()


def results() -> list[Result]:
    """Times real time of an instance of either plug-in; nothing outside a source checkout."""
    return _measured()[0]


def left_out() -> list[str]:
    """Return what could not be measured here, each with the remedy."""
    return _measured()[1]


@functools.cache
def _measured() -> tuple[list[Result], list[str]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            host, path = built_host(folder), built_plugin(folder)
        except NotMeasured as reason:
            return [], [str(reason)]
        work, reasons = _work(host, path, _subjects(folder))
        best: dict[str, float] = {}
        for _ in range(ROUNDS):
            for title, once in list(work.items()):
                try:
                    best[title] = min(best.get(title, float("inf")), once())
                except NotMeasured as reason:
                    reasons.append(f"{title}: {reason}")
                    del work[title]
    return _beside(best), reasons


def _beside(best: dict[str, float]) -> list[Result]:
    """Each of ours beside each peer of the same kind that was measured."""
    found = []
    for ours, peers in {
        "effect": (LIVE, FAT1),
        **{_keyed("instrument", keys): (LIVE, FLUID) for keys in KEYS},
    }.items():
        if ours not in best:
            continue
        factor = SECONDS / best[ours]
        kind, _, rest = ours.partition(", ")
        row = f"LV2 {kind}, an instance{', ' + rest if rest else ''}"
        for peer in peers:
            if (other := best.get(f"{peer}: {ours}")) is not None:
                found.append(against(row, factor, "x", peer, SECONDS / other, more=True))
        if not any(f"{peer}: {ours}" in best for peer in peers):
            found.append(Result(row, factor, "x"))
    return found


def _keyed(name: str, keys: int) -> str:
    return f"{name}, {keys} {'keys' if keys > 1 else 'key'}"


def _subjects(folder: Path) -> dict[str, Subject]:
    """Every plug-in as it is played, by the title under which its time is kept."""
    fluid_uri = "http://calf.sourceforge.net/plugins/Fluidsynth"
    state = folder / "font.ttl"
    state.write_text(_FONT_STATE.format(uri=fluid_uri, font=FONT), encoding="utf-8")
    room = ("reverb_wet=0.3", "enabled=1")
    found = {
        "effect": Subject("effect", "urn:ddsp-edge:effect", 0, options=room),
        f"{FAT1}: effect": Subject(FAT1, "http://gareus.org/oss/lv2/fat1", 0, "x42-plugins"),
    }
    for keys in KEYS:
        title = _keyed("instrument", keys)
        own = (*room, f"voices={keys}")
        found[title] = Subject("instrument", "urn:ddsp-edge:instrument", keys, options=own)
        sampled = (f"state={state}", f"program={VIOLIN_PROGRAM}", "chorus=0")
        found[f"{FLUID}: {title}"] = Subject(FLUID, fluid_uri, keys, "calf-plugins", sampled)
    return found


def _work(
    host: Path, path: Path, subjects: dict[str, Subject]
) -> tuple[dict[str, Callable[[], float]], list[str]]:
    """What is done in each round, by title; and what is left out from the start."""
    bundle = find_model(engine.MODEL)
    width = bundle.info.n_harmonics
    work: dict[str, Callable[[], float]] = {}
    reasons = []
    for title, subject in subjects.items():
        if subject.name == FLUID and not FONT.exists():
            reasons.append(f"{title}: no {FONT}: apt-get install fluid-soundfont-gm")
            continue
        work[title] = functools.partial(seconds_of, host, path, subject)
        if not subject.package:
            voices = max(1, subject.keys)
            source = "synth" if subject.keys else "effect"
            notes = tuple(float(LOWEST_KEY + 2 * i) for i in range(voices))
            work[f"{LIVE}: {title}"] = functools.partial(
                engine.once_s, bundle, source, voices, width, SECONDS, notes, TONE_HZ
            )
    return work, reasons


def built_host(folder: Path) -> Path:
    """Return the host, compiled. Raises NotMeasured."""
    source = PROGRAMS / "lv2_cost.c"
    if (command := compiler()) is None or not source.is_file():
        raise NotMeasured("it needs a source checkout and a C compiler")
    flags = ["-I/usr/include/lilv-0", "-I/usr/include/serd-0", "-I/usr/include/sord-0"]
    flags += ["-I/usr/include/sratom-0"]
    out = folder / "lv2_cost"
    options = ["-std=c11", "-D_GNU_SOURCE", "-O2", *flags, str(source), "-o", str(out)]
    made = subprocess.run([command, *options, "-llilv-0", "-lm"], capture_output=True, text=True)
    if made.returncode != 0:
        raise NotMeasured("no headers of lilv and LV2: apt-get install liblilv-dev lv2-dev")
    return out


def built_plugin(folder: Path) -> Path:
    """Build the plug-in as it ships; return the folder that holds it. Raises NotMeasured."""
    path = folder / "lv2"
    command = ["sh", str(ROOT / "native/lv2/build.sh"), os.uname().machine, str(path)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode != 0:
        raise NotMeasured(made.stderr.strip() or "native/lv2/build.sh fails")
    # Another model would be the one that it begins with.
    export([(engine.MODEL, find_model(engine.MODEL))], path / "ddsp-edge.lv2")
    return path


def seconds_of(host: Path, path: Path, subject: Subject, seconds: float = SECONDS) -> float:
    """Seconds of the host's thread in ``run()`` for ``seconds`` of sound. Raises NotMeasured."""
    took_s, level = played(host, path, subject, seconds)
    if level < _SILENT:
        raise NotMeasured(f"it plays nothing (a level of {level:g})")
    return took_s


def played(host: Path, path: Path, subject: Subject, seconds: float) -> tuple[float, float]:
    """Seconds in ``run()``, and the level of what came out. Raises NotMeasured."""
    command: Sequence[str] = [
        str(host), str(RATE), str(BLOCK), str(seconds), subject.uri, str(subject.keys),
        *subject.options,
    ]  # fmt: skip
    environment = os.environ | {"LV2_PATH": f"{path}:{SYSTEM}", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_S, env=environment
        )
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"it takes longer than {LONGEST_S} s") from None
    if done.returncode == _NOT_THERE:
        remedy = f": apt-get install {subject.package}" if subject.package else ""
        raise NotMeasured(f"it is not installed{remedy}")
    try:
        took_s, level = map(float, done.stdout.strip().split("\n")[-1].split())
    except ValueError:
        raise NotMeasured(f"it does not run here (exit code {done.returncode})") from None
    return took_s, level
