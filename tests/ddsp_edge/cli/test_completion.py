"""Completion by a real bash: commands, options, choices and the names of models."""

import shutil
import subprocess
import sys

import pytest

from ddsp_edge import cli
from ddsp_edge.cli import completion

TRY = """
. "$1"
PATH="$2:$PATH"
shift 2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
_shtab_ddsp_edge ddsp-edge "${@: -1}" "${@: -2:1}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory):
    pytest.importorskip("shtab")
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    folder = tmp_path_factory.mktemp("completion")
    (folder / "script").write_text(completion.script("bash"))
    command = folder / "ddsp-edge"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m ddsp_edge "$@"\n')
    command.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["re"], {"render", "remote", "receive"}),
        (["render", "--mod"], {"--model"}),
        (["render", "a.wav", "--model", "viol"], {"violin"}),
        (["models", "che"], {"check"}),
        (["train", "--profile", "v"], {"vst"}),
    ],
)
def test_bash(bash_script, words, found):
    done = subprocess.run(
        ["bash", "-c", TRY, "-", bash_script / "script", bash_script, "ddsp-edge", *words],
        capture_output=True,
        text=True,
        cwd=bash_script,
    )
    assert set(done.stdout.split()) == found, done


def test_every_shell_has_a_script_of_every_command(capsys):
    pytest.importorskip("shtab")
    for shell in completion.SHELLS:
        assert cli.main(["completion", shell]) == 0
        said = capsys.readouterr().out
        assert all(name in said for name in cli.COMMANDS)


def test_without_shtab_it_names_the_remedy(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert cli.main(["completion", "bash"]) == 2
    assert "pip install shtab" in capsys.readouterr().err
