"""ddsp-edge models index, as it is typed."""

import tiny_decoder

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.cli import main
from ddsp_edge.library.collection import parse_index


def test_an_index_is_written_and_told(tmp_path, capsys):
    write_bundle(tmp_path / "tiny.zip", tiny_decoder.tiny_bundle())
    assert main(["models", "index", str(tmp_path), "--name", "Mine"]) == 0
    told = capsys.readouterr().out
    assert "tiny" in told and "'Mine', 1 models" in told
    assert parse_index((tmp_path / "index.json").read_bytes(), "").name == "Mine"


def test_a_folder_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["models", "index", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
