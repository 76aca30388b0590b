"""Sdist and wheel as PyPI would get them: built, checked, and played from an environment that has
nothing else. Run by `make extras-test`."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import soundfile

pytest.importorskip("build", reason="the extra `publish` is not installed: make extras-test")
pytest.importorskip("twine", reason="the extra `publish` is not installed: make extras-test")

ROOT = Path(__file__).resolve().parents[2]
#: Built in place or left over by this working tree; nothing that is published has it.
LEFT_OVER = (".so", ".o", ".pyc", "_kernel.c", "_stream.c", "_training.c")


def run(*words: object, cwd: Path = ROOT, **more: str) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env={**os.environ, **more},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean checkout: what git has, with what has not been committed yet."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


@pytest.fixture(scope="module")
def dist(sources: Path) -> Path:
    """The sdist, and the wheel that is built from it alone, in environments of their own."""
    run(sys.executable, "-m", "build", "--outdir", sources / "dist", sources)
    return sources / "dist"


def test_twine_finds_no_fault(dist: Path) -> None:
    files = sorted(dist.iterdir())
    assert [path.suffix for path in files] == [".whl", ".gz"]
    said = run(sys.executable, "-m", "twine", "check", "--strict", *files)
    assert said.count("PASSED") == 2, said


def test_the_sdist_has_all_that_a_build_needs_and_nothing_built(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert not [name for name in names if name.endswith(LEFT_OVER)]
    for source in (ROOT / "native").rglob("*.[ch]"):
        name = str(source.relative_to(ROOT))
        assert name in names or name.endswith(LEFT_OVER), name
    assert {"LICENSE", "NOTICE", "CHANGELOG.md", "ddsp_edge/models/violin.zip"} <= names


def test_the_wheel_serves_every_python_from_3_11(dist: Path) -> None:
    wheel = next(dist.glob("*.whl"))
    assert "-cp311-abi3-" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert "native/_kernel.abi3.so" in names and "ddsp_edge/models/violin.zip" in names
    assert not [name for name in names if name.endswith((".c", ".h", ".o"))]
    assert not [name for name in names if name.startswith(("tests/", "deploy/", "docs/"))]


def test_the_wheel_plays_from_a_clean_environment(dist: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    # Nothing of this checkout or environment is on the path.
    clean = {"PYTHONPATH": "", "cwd": tmp_path}
    run(python, "-m", "pip", "install", "-q", next(dist.glob("*.whl")), **clean)
    where = run(python, "-c", "import ddsp_edge; print(ddsp_edge.__file__)", **clean)
    assert where.startswith(str(tmp_path))
    tune = Path(where.strip()).parent / "demo/tune.mid"
    run(
        tmp_path / "venv/bin/ddsp-edge",
        "render",
        tune,
        "--model",
        "cello",
        "--out",
        "t.wav",
        **clean,
    )
    sound, rate = soundfile.read(tmp_path / "t.wav")
    assert rate == 48000 and abs(sound).max() > 0.05
