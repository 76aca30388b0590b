"""The decoder search ends with one line where it cannot do what it was asked."""

import pytest

pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.study import network_search, network_search_plot


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--instruments", "kazoo"], "--instruments kazoo: one of "),
        (["--instruments", "violin", "--candidates", "huge"], "--candidates huge: one of "),
        (["--instruments", "violin"], "no such folder"),
    ],
)
def test_what_is_not_there_is_named(words, said, tmp_path, capsys):
    words += ["--work", str(tmp_path / "work"), "--results", str(tmp_path / "results.json")]
    assert network_search.main([str(tmp_path / "none"), *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ddsp-edge: error: ") and said in error and error.count("\n") == 1


@pytest.mark.parametrize("text", [None, "{", '{"a": 1}', "[1]", "\udcff"])
def test_results_that_are_none_are_one_line(text, tmp_path, capsys):
    path = tmp_path / "results.json"
    if text is not None:
        path.write_bytes(text.encode(errors="surrogateescape"))
    out = tmp_path / "search.png"
    assert network_search_plot.main(["--results", str(path), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert str(path) in error and error.count("\n") == 1 and not out.exists()
