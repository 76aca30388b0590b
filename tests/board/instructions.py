"""How many arm64 instructions a second of sound takes, and which share of a board's core that is.

``python tests/board/instructions.py [--json]``: the kernel is compiled as on the board
(aarch64-linux-gnu-gcc -O3), run by QEMU's user mode, and every executed instruction is counted by
the plugin beside this file. The counts repeat to 0.1 %; the shares are as good as the two
assumptions below.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COMPILER, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64"
PARTS = {
    "voice": "one voice: 100 harmonics, 65 noise bands",
    "output": "gain and stereo reverb",
    "convolver": "a response of one second",
    "analyser": "pitch and loudness, every 5 ms",
    "decoder": "one voice's decoder, every 5 ms",
}


@dataclass(frozen=True)
class Core:
    """A processor core; ``ipc``: instructions a cycle, on the low side for such code."""

    name: str
    clock_hz: float
    ipc: float

    def share(self, instructions: float) -> float:
        """Of one core, for so many instructions a second."""
        return instructions / (self.clock_hz * self.ipc)


CORES = (Core("Cortex-A53, 1 GHz", 1e9, 0.7), Core("Cortex-A72, 1.5 GHz", 1.5e9, 1.2))
#: What a band may take of the core that the audio thread has to itself, by the core's name; the
#: rest is for the card and what comes late.
BAND_BUDGET = {"Cortex-A53, 1 GHz": 0.4, "Cortex-A72, 1.5 GHz": 0.2}


def missing() -> str:
    """What has to be installed first; "" when all is there."""
    absent = [name for name in (COMPILER, EMULATOR, "cc") if shutil.which(name) is None]
    return f"not found: {', '.join(absent)}; install gcc-aarch64-linux-gnu, qemu-user" * bool(
        absent
    )


@contextlib.contextmanager
def counted(program: str) -> Iterator[Callable[..., int]]:
    """Compile ``count/PROGRAM.c`` with the kernel; a function of its arguments that runs it and
    returns the instructions that it executed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = folder / program
        sources = [HERE / f"count/{program}.c", *sorted((ROOT / "native/src").rglob("*.c"))]
        includes = [f"-I{ROOT / 'native/include'}", f"-I{ROOT / 'native/src'}"]
        flags = ["-std=c11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"]
        libraries = ["-static", "-pthread", "-lm"]
        _run(COMPILER, *flags, *includes, *map(str, sources), *libraries, "-o", str(load))
        plugin = _plugin(folder, load)

        def executed(*arguments: str) -> int:
            told = _run(EMULATOR, "-plugin", str(plugin), str(load), *arguments)
            return int(re.findall(r"^instructions (\d+)$", told, re.MULTILINE)[0])

        yield executed


def count_band(parts: int, voices: int) -> float:
    """Instructions that the audio thread takes for a second of a band, every voice held."""
    with counted("band") as executed:
        told = [executed(str(parts), str(voices), seconds) for seconds in ("1", "0.5")]
    return 2.0 * (told[0] - told[1])


def count() -> dict[str, float]:
    """Instructions a second of sound at 48 kHz, of every part."""
    with counted("load") as executed:
        # The second that lies between one and two: neither setting up nor settling.
        return {
            part: float(executed(part, "2") - executed(part, "1") - idle)
            for idle in [executed("nothing", "2") - executed("nothing", "1")]
            for part in PARTS
        }


def _plugin(folder: Path, program: Path) -> Path:
    """The plugin in the version of the interface that this QEMU takes."""
    for version in range(1, 7):
        library = folder / f"plugin{version}.so"
        _run("cc", "-O2", "-shared", "-fPIC", f"-DPLUGIN_VERSION={version}",
             str(HERE / "count/plugin.c"), "-o", str(library))  # fmt: skip
        tried = subprocess.run(
            [EMULATOR, "-plugin", str(library), str(program)], capture_output=True, text=True
        )
        if tried.returncode == 0 and "instructions" in tried.stderr:
            return library
    raise RuntimeError(f"{EMULATOR} takes no plugin: {tried.stderr.strip()}")


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stderr


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    arguments = parser.parse_args()
    if lacking := missing():
        parser.exit(2, f"{lacking}\n")
    counts = count()
    counts["together"] = sum(counts.values())
    if arguments.json:
        shares = {core.name: {k: core.share(n) for k, n in counts.items()} for core in CORES}
        facts = {"instructions_per_s": counts, "cores": [asdict(c) for c in CORES]}
        print(json.dumps({**facts, "shares": shares}, indent=2))
        return
    print(f"{'a second of sound at 48 kHz takes':<46} {'million':>8}", end="")
    print("".join(f"  {core.name + f', IPC {core.ipc:g}':>29}" for core in CORES))
    for part, instructions in counts.items():
        shares = "".join(f"  {100 * core.share(instructions):>27.1f} %" for core in CORES)
        print(f"{PARTS.get(part, part):<46} {instructions / 1e6:>8.1f}{shares}")


if __name__ == "__main__":
    main()
