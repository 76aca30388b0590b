"""The fields of the page's forms: checked before anything is done with them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ddsp_edge.training.run_options import Options
from ddsp_edge.web.answers import ApiError

#: A name that is also a file's name everywhere; no slash, and no dot first.
NAME = r"[^\W_][\w .()+#&'-]{0,38}[\w)]|[^\W_]"
MOST_TEXT = 400
LOWEST_HZ, HIGHEST_HZ = 40.0, 2000.0
MOST_STEPS = 1_000_000


def json_body(body: bytes, kind: str) -> dict[str, Any]:
    """Parse the body of a request. Raises ApiError where it is no JSON object."""
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "the body is not JSON", "send application/json")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ApiError(400, "the body is not a JSON object", "send application/json")
    return data


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MOST_TEXT or not value.isprintable():
        raise ValueError(f"give at most {MOST_TEXT} printable characters")
    return value.strip()


def _name(value: Any) -> str:

    text = _text(value)
    if not re.fullmatch(NAME, text):
        raise ValueError("give 1 to 40 letters, digits or spaces, beginning with a letter or digit")
    return text


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("give true or false")
    return value


def _hz(value: Any) -> float:
    if type(value) not in (int, float) or not LOWEST_HZ <= value <= HIGHEST_HZ:
        raise ValueError(f"give {LOWEST_HZ:g} to {HIGHEST_HZ:g} Hz")
    return float(value)


def _minutes(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 600:
        raise ValueError("give 0 to 600 minutes")
    return float(value)


def _steps(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MOST_STEPS:
        raise ValueError(f"give 0 to {MOST_STEPS} steps")
    return value


def _teacher(value: Any) -> str:
    if value != "none":  # a file's name would be read from the disk
        raise ValueError("give none, or leave it out")
    return "none"


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": _name,
    "licence": _text,
    "attribution": _text,
    "single_notes": _switch,
    "allow_failed_sweep": _switch,
    "lowest": _hz,
    "highest": _hz,
    "least_minutes": _minutes,
    "teacher": _teacher,
    "warm_steps": _steps,
    "steps": _steps,
    "teacher_warm_steps": _steps,
    "teacher_steps": _steps,
    "threads": _steps,
}


def options_of(data: dict[str, Any], before: Options | None = None) -> Options:
    """Return the options of ``train`` that a form says; ``before``: those that it changes.

    Raises ApiError, which names the field.
    """
    found: Options = dict(before or {})
    for key, value in data.items():
        if key not in _CHECKS:
            raise ApiError(400, f"{key[:60]!r} is no field", f"there is {', '.join(_CHECKS)}")
        try:
            found[key] = _CHECKS[key](value)
        except ValueError as error:
            raise ApiError(400, f"{key} is wrong", str(error)) from None
    if "name" not in found and "recipe" not in found:
        raise ApiError(400, "the name is missing", "give the instrument a name")
    low, high = found.get("lowest", LOWEST_HZ), found.get("highest", HIGHEST_HZ)
    if not float(low) < float(high):
        raise ApiError(400, "the lowest pitch is not below the highest", "change one of them")
    return found
