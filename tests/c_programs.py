"""C programs for the tests, from objects that are compiled once a session.

An object's name is a hash of all that it depends on: its source, every header of the kernel, the
compiler and its flags. A program of a changed source compiles that source only.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import shared_folder

ROOT = Path(__file__).resolve().parents[1]
NATIVE = ROOT / "native"
KERNEL = tuple(sorted((NATIVE / "src").rglob("*.c")))
INCLUDE = (f"-I{NATIVE / 'include'}", f"-I{NATIVE / 'src'}")
COMPILER = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")


class Failed(Exception):
    """What the compiler or the linker said."""


@functools.cache
def _headers() -> bytes:
    found = hashlib.sha256()
    for path in sorted(NATIVE.rglob("*.h")):
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return found.digest()


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(done.stderr.strip() or f"{command[0]} ends with {done.returncode}")


def compiled(source: Path, flags: Iterable[str], compiler: str) -> Path:
    """The object of one source. Raises Failed."""
    command = [compiler, *INCLUDE, *flags, "-c"]
    key = hashlib.sha256("\0".join([str(source.name), *command]).encode())
    key.update(_headers())
    key.update(source.read_bytes())
    name = f"objects/{source.stem}-{key.hexdigest()[:20]}.o"
    return shared_folder.made_once(
        name, lambda partial: _run([*command, str(source), "-o", str(partial)])
    )


def program(
    out: Path,
    sources: Iterable[Path],
    flags: Sequence[str],
    link: Sequence[str] = (),
    compiler: str | None = None,
) -> Path:
    """``sources`` (C files) compiled with ``flags`` and linked with those and ``link``, at ``out``.

    Raises Failed.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        make = functools.partial(compiled, flags=flags, compiler=compiler or str(COMPILER))
        objects = list(pool.map(make, sources))
    libraries = [*link, "-pthread", "-lm"]
    _run([compiler or str(COMPILER), *flags, *map(str, objects), *libraries, "-o", str(out)])
    return out


def why_it_cannot_build(compiler: str, *flags: str) -> str:
    """Why ``compiler`` makes no program that uses the C library and mathematics; "" if it does.

    Really tried, since a cross compiler may be there without its headers, a sanitizer's flag
    without its library.
    """
    with tempfile.TemporaryDirectory() as name:
        source = Path(name, "smallest.c")
        source.write_text(
            "#include <math.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
            'int main(int n, char **v) { return printf("%f", sqrt(atof(v[n - 1]))) < 0; }\n'
        )
        command = [compiler, *flags, str(source), "-lm", "-o", str(Path(name, "smallest"))]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if "error" in line or "cannot" in line]
    return (lines or done.stderr.splitlines() or [f"exit code {done.returncode}"])[0]
