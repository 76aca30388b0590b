"""The bench of latency: it measures what it says, without a card at a card's pace."""

from __future__ import annotations

import json

import pytest
import tiny_decoder

from ddsp_edge.cli import main
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model
from ddsp_edge.live.latency import measure, spread


def test_both_paths_are_measured():
    results = {result.name: result for result in measure(find_model("cello"), count=3)}
    note = results["synth: message to first sample"]
    assert note.count == 3 and 0 < note.p50 <= note.p95 <= note.most
    tone = results["effect: onset to first sample"]
    # Nothing can be known of a tone before the first period has been heard.
    assert tone.count == 3 and tone.p50 > 128 / 48
    whole = results["synth: all that with the card's buffers"]
    assert whole.p50 == pytest.approx(note.p50 + 2 * 128 / 48)


def test_a_spread_is_of_the_times_it_is_given():
    found = spread("x", [1.0, 2.0, 3.0, 10.0])
    assert (found.count, found.p50, found.most) == (4, 2.5, 10.0) and 3.0 < found.p95 < 10.0


def test_a_silent_model_is_an_error():
    silent = tiny_decoder.weights()
    silent.head[:] = 0.0
    silent.head_bias[:] = -50.0
    with pytest.raises(UserError, match="nothing was heard"):
        measure(tiny_decoder.tiny_bundle(silent), count=1)


def test_the_command(capsys):
    assert main(["bench", "--latency", "--count", "0"]) == 2
    assert "--count 0" in capsys.readouterr().err
    assert main(["bench", "--latency", "--count", "1", "--model", "cello", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["unit"] == "ms" and len(found["results"]) >= 9
