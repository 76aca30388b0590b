"""The bench measures what it says, and keeps and draws it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddsp_edge.bench import Result, allocations, curves, engine, history, startup, table
from ddsp_edge.bench.checkout import ROOT, compiled_kernel, compiler
from ddsp_edge.bench.result import against, best_s
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model

FOUND = {
    "processor": "Abacus",
    "python": "3",
    "date": "2026-11-25T00:00:00+00:00",
    "commit": "abc",
    "peers": {"fluidsynth_x_1": 100.0, "fluidsynth_x_2": 50.0},
    "results": {
        "kernel": [against("noise", 2.0, "us", "goal", 4.0), Result("gain", 3.0, "ns")],
        "paths": [],
        "engine": [
            Result(
                f"{curve} {v} {h}", 1000.0 / v / h, "x",
                at={"curve": curve, "voices": v, "harmonics": h},
            )
            for curve in ("synth", "effect")
            for v in ((1, 2) if curve == "synth" else (1,))
            for h in (16, 32)
        ],
    },
}  # fmt: skip


def test_a_ratio_says_how_many_times_better():
    assert against("a", 2.0, "us", "x", 8.0).ratio == 4.0
    assert against("a", 2.0, "x", "x", 8.0, more=True).ratio == 0.25


def test_the_best_of_several():
    calls = []
    assert 0 <= best_s(lambda: calls.append(1), 7) < 1 and len(calls) == 7


def test_the_table_shows_each_figure_beside_its_peer():
    told = "\n".join(table.lines(FOUND))
    assert "2.00 x better than goal (4)" in told and "Abacus" in told
    assert "paths: needs a source checkout" in told
    assert "| noise | 2 us | goal: 4 | 2 |" in table.markdown(FOUND)


def test_a_page_is_renewed_between_its_marks(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    for _ in range(2):
        table.into(page, FOUND)
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert text.count("| noise |") == 1
    page.write_text("no marks")
    with pytest.raises(UserError, match=r"performance\.md: has no"):
        table.into(page, FOUND)
    with pytest.raises(UserError, match="cannot be read"):
        table.into(tmp_path / "none.md", FOUND)


def test_history_keeps_every_run(tmp_path):
    path = tmp_path / "data" / "history.jsonl"
    assert history.read(path) == []
    history.append(path, FOUND)
    history.append(path, FOUND)
    runs = history.read(path)
    assert len(runs) == 2 and runs[0]["commit"] == "abc" and runs[0]["processor"] == "Abacus"
    # What has a peer is kept as its ratio: another machine's run can be compared.
    assert runs[1]["figures"]["kernel: noise / goal"] == 2.0
    assert runs[1]["figures"]["kernel: gain"] == 3.0
    path.write_text("not JSON\n")
    with pytest.raises(UserError, match="line 1 is not JSON"):
        history.read(path)
    with pytest.raises(UserError, match="cannot be written"):
        history.append(tmp_path, FOUND)


def test_curves_are_drawn(tmp_path):
    path = curves.draw(FOUND, tmp_path / "images")
    assert path.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match="not measured"):
        curves.draw(FOUND | {"results": {"kernel": []}}, tmp_path)


def test_the_engine_that_is_measured_does_the_work():
    """Counted, not timed: sixteen voices are sixteen networks and sixteen frames a hop."""
    bundle = find_model("violin")
    assert engine.once_s(bundle, "effect", 1, 100, 0.1) > 0
    with pytest.raises(ValueError, match="voices="):
        engine.once_s(bundle, "synth", 17, 100, 0.1)


def test_the_audio_path_allocates_nothing():
    if compiler() is None:
        pytest.skip("no C compiler")
    (found,) = allocations.results()
    assert found.value == 0


def test_an_allocation_would_be_counted(tmp_path: Path):
    if compiler() is None:
        pytest.skip("no C compiler")
    told = (ROOT / "tests/bench/hot_path.c").read_text()
    leaky = tmp_path / "hot_path.c"
    leaky.write_text(told.replace("const int n = ddsp_part_read",
                                  "free(malloc(9)); const int n = ddsp_part_read"))  # fmt: skip
    program = compiled_kernel(tmp_path / "hot_path", allocations.WRAP, "-O0", sources=(leaky,))
    blocks = allocations.SECONDS * 48_000 // 128
    assert allocations.count(program) == 2 * blocks


def test_starting_is_measured_in_a_process_of_its_own():
    found = {result.name.strip(): result for result in startup.results(repeats=1)}
    whole = found["engine, process start to the first sample"]
    assert 0 < found["of that, the model: read, checked, warmed"].value < whole.value
    assert found["service, process start until its model plays"].value > 0
    for who in ("engine", "service"):
        assert 20 < found[f"{who}, resident memory, one model playing"].value < 400
