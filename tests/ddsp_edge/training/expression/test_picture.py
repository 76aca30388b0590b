"""The picture of docs/expression.md ends with one line where there are no recordings."""

import pytest

pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.expression import picture


def test_a_folder_that_is_not_there_is_one_line(tmp_path, capsys):
    out = tmp_path / "out.png"
    assert picture.main([str(tmp_path / "none"), str(out)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ddsp-edge: error: ") and "none" in error and error.count("\n") == 1
    assert not out.exists()
    assert picture.main([]) == 2
