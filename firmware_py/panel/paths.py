"""No browser names a path: the engine takes one as a model, and would read the file."""

from __future__ import annotations

from typing import Any

from ddsp_edge.api.protocol import RequestError
from ddsp_edge.library.references import is_path, models_in

#: Verb to the argument that names a model.
MODEL_IN = {"model": "name", "morph_model": "name", "program_set": "model"}
#: Verbs with an object that may name one, and the argument that is the object.
MODEL_IN_OBJECT = {"part_set": "values", "part_add": "values", "preset_write": "preset"}


def refuse_paths(verb: str, arguments: dict[str, Any]) -> None:
    """Raise RequestError where a request names a path as a model."""
    names = [arguments.get(MODEL_IN.get(verb, ""), "")]
    table = arguments.get(MODEL_IN_OBJECT.get(verb, ""))
    if isinstance(table, dict):
        names += models_in(table)
    if "path" in arguments or any(is_path(str(name)) for name in names):
        raise RequestError(
            "refused", "a browser may not name paths", "give the name of an installed model"
        )
