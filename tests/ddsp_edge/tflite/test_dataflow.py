"""No shape, index or loop depends on what is played."""

from pathlib import Path

import pytest

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.tflite.dataflow import (
    CHOOSING_INPUTS,
    OF_SHAPES,
    DataflowError,
    Step,
    Subgraph,
    check_dataflow,
)
from ddsp_edge.tflite.schema import OPERATORS

CASES = Path(__file__).parents[1] / "bundles" / "cases"
PLAYED, CONSTANT = 0, 9  # tensor 0 is the input


@pytest.mark.parametrize("name", ["dyn100000", "dyn200000000", "loopbomb"])
def test_cases_are_refused_by_their_file(name):
    with pytest.raises(UserError, match=r"from what is played|as what is played says"):
        read_bundle(CASES / f"{name}.zip")


def test_the_table_names_operators_that_may_be_used():
    names = {name for name, _, _ in OPERATORS.values()}
    assert set(CHOOSING_INPUTS) <= names and names >= OF_SHAPES


def graph(*steps, inputs=(PLAYED,), outputs=()):
    return Subgraph(inputs, outputs, list(steps))


@pytest.mark.parametrize(
    ("name", "place"),
    [(name, place) for name, places in CHOOSING_INPUTS.items() for place in places],
)
def test_each_choosing_input_is_watched_and_no_other(name, place):
    count = max(place, 2) + 1
    reads = [CONSTANT] * count
    reads[place] = 1
    through = Step("CAST", (PLAYED,), (1,))
    with pytest.raises(DataflowError, match=name):
        check_dataflow([graph(through, Step(name, tuple(reads), (2,)))])
    others = [1 if i not in CHOOSING_INPUTS[name] else CONSTANT for i in range(count)]
    check_dataflow([graph(through, Step(name, tuple(others), (2,)))])


def test_the_shape_of_what_is_played_is_no_secret():
    check_dataflow([graph(Step("SHAPE", (PLAYED,), (1,)), Step("FILL", (1, PLAYED), (2,)))])


def loop(condition, body):
    """Loop variables: 0 a counter from a constant, 1 what is played."""
    step = Step("WHILE", (CONSTANT, PLAYED), (1, 2), condition=1, body=2)
    return [graph(step), condition, body]


COUNT = graph(Step("LESS", (0, CONSTANT), (2,)), inputs=(0, 1), outputs=(2,))
STEPS = (Step("ADD", (0, CONSTANT), (3,)), Step("TANH", (1,), (4,)))


def test_a_loop_that_counts_may_change_what_is_played():
    gather = Step("GATHER", (1, 0), (5,))
    check_dataflow(loop(COUNT, graph(*STEPS, gather, inputs=(0, 1), outputs=(3, 4))))


def test_a_loop_may_not_turn_as_often_as_what_is_played_says():
    asks = graph(Step("LESS", (1, CONSTANT), (2,)), inputs=(0, 1), outputs=(2,))
    with pytest.raises(DataflowError, match="WHILE turns"):
        check_dataflow(loop(asks, graph(*STEPS, inputs=(0, 1), outputs=(3, 4))))


def test_nor_by_a_counter_that_takes_it_up_in_its_second_turn():
    # The counter becomes what is played after one turn: only the second look sees it.
    with pytest.raises(DataflowError, match="WHILE turns"):
        check_dataflow(loop(COUNT, graph(*STEPS, inputs=(0, 1), outputs=(4, 3))))


def test_what_a_loop_gives_back_is_followed():
    graphs = loop(COUNT, graph(*STEPS, inputs=(0, 1), outputs=(3, 4)))
    graphs[0].steps.append(Step("RESHAPE", (CONSTANT, 1), (7,)))
    check_dataflow(graphs)  # by the counter
    graphs[0].steps.append(Step("RESHAPE", (CONSTANT, 2), (8,)))
    with pytest.raises(DataflowError, match="RESHAPE"):
        check_dataflow(graphs)
