"""Which tensors of a TFLite file depend on what is played, and what must not.

A decoder computes numbers, never shapes: where an operator's result has another size for another
note, the runtime allocates it anew at every step. That moves tensors whose memory the player has
kept, and takes as much memory, or as many turns of a loop, as the file's author likes. So whatever
chooses a shape, an axis, an index or the number of a loop's turns must follow from constants and
shapes alone. TensorFlow's loop around a GRU's step (DDSP-VST's) does, by a counter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: Operator to those of its inputs that choose a shape, an axis or an index.
CHOOSING_INPUTS: dict[str, tuple[int, ...]] = {
    "RESHAPE": (1,),
    "FILL": (0,),
    "TILE": (1,),
    "BROADCAST_TO": (1,),
    "SLICE": (1, 2),
    "STRIDED_SLICE": (1, 2, 3),
    "PAD": (1,),
    "PADV2": (1,),
    "RANGE": (0, 1, 2),
    "EXPAND_DIMS": (1,),
    "TRANSPOSE": (1,),
    "SPLIT": (0,),
    "SPLIT_V": (1, 2),
    "MEAN": (1,),
    "SUM": (1,),
    "REDUCE_PROD": (1,),
    "REDUCE_MAX": (1,),
    "REDUCE_MIN": (1,),
    "REVERSE_V2": (1,),
    "CUMSUM": (1,),
    "ONE_HOT": (1,),
    "GATHER": (1,),
    "GATHER_ND": (1,),
    "SCATTER_ND": (0, 2),
    "DYNAMIC_UPDATE_SLICE": (2,),
}
#: Operators whose result follows from the shape of their input, whatever is in it.
OF_SHAPES = frozenset(("SHAPE", "RANK", "ZEROS_LIKE"))


class Step(NamedTuple):
    """One operator of a graph that was checked."""

    name: str
    reads: tuple[int, ...]  #: tensors; -1 for an input that is left out
    writes: tuple[int, ...]
    condition: int = 0  #: the subgraph of a WHILE
    body: int = 0


class Subgraph(NamedTuple):
    """One subgraph that was checked."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    steps: list[Step]


class DataflowError(ValueError):
    """A file computes from what is played something that must be constant."""


def check_dataflow(graphs: Sequence[Subgraph]) -> None:
    """Raise DataflowError where a shape, an index or a loop depends on what is played."""
    _follow(graphs, 0, [True] * len(graphs[0].inputs))


def _follow(graphs: Sequence[Subgraph], number: int, inputs: Sequence[bool]) -> list[bool]:
    """Which outputs of a graph depend on what is played, given which of its inputs do."""
    graph = graphs[number]
    played = {i for i, depends in zip(graph.inputs, inputs, strict=True) if depends}
    for step in graph.steps:
        for place in CHOOSING_INPUTS.get(step.name, ()):
            if place < len(step.reads) and step.reads[place] in played:
                raise DataflowError(f"{step.name} computes a shape or an index from what is played")
        depends = [i in played for i in step.reads]
        if step.name == "WHILE":
            results = _loop(graphs, step, depends)
            played.update(i for i, each in zip(step.writes, results, strict=True) if each)
        elif any(depends) and step.name not in OF_SHAPES:
            played.update(step.writes)
    return [i in played for i in graph.outputs]


def _loop(graphs: Sequence[Subgraph], step: Step, depends: list[bool]) -> list[bool]:
    while True:
        if any(_follow(graphs, step.condition, depends)):
            raise DataflowError("a WHILE turns as often as what is played says")
        after = _follow(graphs, step.body, depends)
        both = [one or other for one, other in zip(depends, after, strict=True)]
        if both == depends:
            return both
        depends = both
