"""The man pages and completion scripts that a package installs."""

import gzip
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ddsp_edge.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def share(tmp_path_factory):
    pytest.importorskip("argparse_manpage")
    pytest.importorskip("shtab")
    root = tmp_path_factory.mktemp("usr")
    subprocess.run([sys.executable, ROOT / "deploy" / "shell_files.py", root], check=True)
    return root / "share"


def test_each_command_has_a_page_that_man_takes_without_a_warning(share):
    pages = {path.name: path for path in (share / "man" / "man1").iterdir()}
    assert pages.keys() == {"ddsp-edge.1.gz"} | {f"ddsp-edge-{name}.1.gz" for name in COMMANDS}
    text = gzip.decompress(pages["ddsp-edge-render.1.gz"].read_bytes()).decode()
    assert text.startswith('.TH DDSP\\-EDGE\\-RENDER "1"')
    assert "ddsp\\-edge\\-render \\- play a recording" in text and "vibrato_rate" in text
    if shutil.which("groff") is None:
        pytest.skip("no groff: the pages were not formatted")
    for path in pages.values():
        page = gzip.decompress(path.read_bytes())
        done = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", "-K", "utf8"], input=page, capture_output=True
        )
        assert done.returncode == 0 and done.stderr == b"", (path.name, done.stderr)


def test_the_scripts_lie_where_shells_look(share):
    assert "ddsp" in (share / "bash-completion/completions/ddsp-edge").read_text()
    assert (share / "zsh/vendor-completions/_ddsp-edge").read_text().startswith("#compdef")
