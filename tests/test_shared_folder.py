"""What the tests share is made once, whoever asks, and compiled anew where a source changed."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import c_programs
import pytest
import shared_folder

ASK = """
import sys, time, shared_folder
def make(path):
    with open(sys.argv[1], "a") as made:
        made.write("made\\n")
    time.sleep(0.2)
    path.mkdir()
    (path / "whole").touch()
assert (shared_folder.made_once("it", make) / "whole").exists()
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(shared_folder.VARIABLE, str(tmp_path))


def test_processes_that_ask_at_once_get_the_same(tmp_path: Path) -> None:
    told = tmp_path / "told"
    ask = [sys.executable, "-c", ASK, str(told)]
    with ThreadPoolExecutor(4) as pool:
        here = Path(__file__).parent
        list(pool.map(lambda _: subprocess.run(ask, cwd=here, check=True), range(4)))
    assert told.read_text() == "made\n"


def test_what_fails_leaves_nothing_and_is_tried_again(tmp_path: Path) -> None:
    def fails(path: Path) -> None:
        path.write_text("half")
        raise RuntimeError("no room")

    with pytest.raises(RuntimeError, match="no room"):
        shared_folder.made_once("it", fails)
    assert not list(tmp_path.glob("partial*"))
    assert shared_folder.made_once("it", lambda path: path.write_text("it")).read_text() == "it"


@pytest.mark.skipif(c_programs.COMPILER is None, reason="no C compiler")
def test_only_a_changed_source_is_compiled_anew(tmp_path: Path) -> None:
    main, part = tmp_path / "main.c", tmp_path / "part.c"
    main.write_text("int part(void);\nint main(void) { return part(); }\n")

    def built(answer: int, *flags: str) -> int:
        part.write_text(f"int part(void) {{ return {answer}; }}\n")
        return subprocess.run([c_programs.program(tmp_path / "it", [main, part], flags)]).returncode

    def objects() -> int:
        return len(list((tmp_path / "objects").glob("*.o")))

    assert built(3) == 3 and objects() == 2
    assert built(4) == 4 and objects() == 3
    assert built(3) == 3 and objects() == 3
    assert built(3, "-O1") == 3 and objects() == 5
    part.write_text("int part(void) { return nothing; }\n")
    with pytest.raises(c_programs.Failed, match="nothing"):
        c_programs.program(tmp_path / "it", [main, part], ())


@pytest.mark.skipif(c_programs.COMPILER is None, reason="no C compiler")
def test_a_compiler_without_its_library_is_told_by_trying(tmp_path: Path) -> None:
    compiler = str(c_programs.COMPILER)
    assert c_programs.why_it_cannot_build(compiler) == ""
    # As a cross compiler without the C library's headers: none is where it looks.
    assert "math.h" in c_programs.why_it_cannot_build(compiler, "-nostdinc")
    assert "-lnowhere" in c_programs.why_it_cannot_build(compiler, "-lnowhere")
