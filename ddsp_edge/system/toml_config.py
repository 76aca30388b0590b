"""TOML files to frozen dataclasses: the one way in which a person's files are read.

A dataclass says what may be there: ``str``, ``int``, ``float``, ``bool``, ``Literal[...]``,
``X | None``, ``tuple[X, ...]`` (a list of tables or values), ``dict[str, X]``, other dataclasses
(a table), and ``Annotated[float, Range(0, 1)]`` for limits. Everything else in the file is an
error that names the place, and for a mistyped key the one that was meant.
"""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited

MAX_BYTES = 64 * 1024
MAX_ITEMS = 512  #: of a list or of a table with free keys
MAX_TEXT = 1024  #: characters of a value

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Range:
    """Limits of a number, inclusive; of a text or list: of its length."""

    minimum: float
    maximum: float
    unit: str = ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for a name that is not among ``known``, else what there is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(names) or 'none'}"


def read_toml(path: Path | str, max_bytes: int = MAX_BYTES) -> dict[str, Any]:
    """Read the tables of a file of at most ``max_bytes``. Raises UserError, one line."""
    return parse_toml(read_limited(path, max_bytes), str(path))


def parse_toml(data: bytes, where: str) -> dict[str, Any]:
    """Parse the tables of a text; errors name ``where``. Raises UserError, one line."""
    try:
        return tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise UserError(f"{where}: is not UTF-8 text; save it as such") from None
    except RecursionError:
        raise UserError(f"{where}: is nested too deep") from None
    except ValueError as error:  # TOMLDecodeError, and numbers too long for Python
        raise UserError(f"{where}: is not TOML ({_line(error)})") from None


def from_dict(cls: type[T], data: Mapping[str, Any], where: str) -> T:
    """``data`` as the frozen dataclass ``cls``; ``where`` (the file) begins every error.

    A UserError that ``cls.__post_init__`` raises gets the place before it. Raises UserError.
    """
    return typing.cast(T, _table(cls, data, where, ""))


def _line(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 120 else text[:117] + "..."


def _wrong(where: str, place: str, says: str) -> UserError:
    return UserError(f"{where}: {place}: {says}" if place else f"{where}: {says}")


def _table(cls: Any, data: Any, where: str, place: str) -> Any:
    if not isinstance(data, Mapping):
        raise _wrong(where, place, f"{_line(repr(data))} is not a table")
    hints = typing.get_type_hints(cls, include_extras=True)
    items = {item.name: item for item in dataclasses.fields(cls) if item.init}
    for key in data:
        if key not in items:
            raise _wrong(
                where, place, f"unknown key {_line(repr(key))}; {did_you_mean(str(key), items)}"
            )
    values = {}
    for name, item in items.items():
        at = f"{place}.{name}" if place else name
        if name in data:
            values[name] = _value(hints[name], data[name], where, at)
        elif item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING:
            raise _wrong(where, at, "is missing")
    try:
        return cls(**values)
    except UserError as error:
        raise _wrong(where, place, str(error)) from None


def _value(hint: Any, value: Any, where: str, place: str) -> Any:
    """Convert one value to the type that its annotation asks for."""
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        inner, *limits = typing.get_args(hint)
        result = _value(inner, value, where, place)
        for limit in limits:
            if isinstance(limit, Range):
                _within(limit, result, where, place)
        return result
    if origin in (typing.Union, types.UnionType):
        return _one_of(typing.get_args(hint), value, where, place)
    if origin is typing.Literal:
        choices = typing.get_args(hint)
        # By type too: 1 == True == 1.0.
        if not any(type(c) is type(value) and c == value for c in choices):
            texts = [str(c) for c in choices]
            raise _wrong(where, place, f"{_line(repr(value))} is not one of {', '.join(texts)}")
        return value
    if origin is tuple:
        return _list(typing.get_args(hint), value, where, place)
    if origin is dict:
        return _free_table(typing.get_args(hint)[1], value, where, place)
    if dataclasses.is_dataclass(hint):
        return _table(hint, value, where, place)
    return _scalar(hint, value, where, place)


def _one_of(hints: tuple[Any, ...], value: Any, where: str, place: str) -> Any:
    """Return the first alternative that fits; None stands for a missing key."""
    problem: UserError | None = None
    for hint in hints:
        if hint is type(None):
            continue
        try:
            return _value(hint, value, where, place)
        except UserError as error:
            problem = problem or error
    assert problem is not None
    raise problem


def _list(hints: tuple[Any, ...], value: Any, where: str, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _wrong(where, place, f"{_line(repr(value))} is not a list")
    if len(value) > MAX_ITEMS:
        raise _wrong(where, place, f"has {len(value)} entries, more than {MAX_ITEMS}")
    if len(hints) == 2 and hints[1] is Ellipsis:
        each = (hints[0],) * len(value)
    else:
        each = hints
        if len(value) != len(each):
            raise _wrong(where, place, f"has {len(value)} entries, not {len(each)}")
    return tuple(
        _value(hint, item, where, f"{place}[{i}]")
        for i, (hint, item) in enumerate(zip(each, value, strict=True))
    )


def _free_table(hint: Any, value: Any, where: str, place: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(where, place, f"{_line(repr(value))} is not a table")
    if len(value) > MAX_ITEMS:
        raise _wrong(where, place, f"has {len(value)} entries, more than {MAX_ITEMS}")
    for key in value:
        if len(key) > MAX_TEXT:
            raise _wrong(where, place, f"a key has {len(key)} characters")
    return {
        str(key): _value(
            hint, item, where, f"{place}.{_line(key if key.isprintable() else repr(key))}"
        )
        for key, item in value.items()
    }


_NAMES = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}


def _scalar(hint: Any, value: Any, where: str, place: str) -> Any:
    if hint is Any:
        return value
    if hint is Path:
        return Path(_scalar(str, value, where, place)).expanduser()
    if hint is float and type(value) in (int, float):
        # Also a whole number that no float can hold, infinity and NaN, which no knob has.
        if not -1e300 < value < 1e300:
            raise _wrong(where, place, f"{_line(repr(value))} is not a number that can be used")
        return float(value)
    if type(value) is not hint:  # strict: true is no number, 1.5 is no whole one
        raise _wrong(where, place, f"{_line(repr(value))} is not {_NAMES[hint]}")
    if hint is str and (len(value) > MAX_TEXT or not value.isprintable()):
        raise _wrong(where, place, f"is not one printable line of {MAX_TEXT} at most")
    return value


def _within(limit: Range, value: Any, where: str, place: str) -> None:
    size = len(value) if isinstance(value, str | tuple | dict) else value
    if size is None or limit.minimum <= size <= limit.maximum:
        return
    bounds = f"{limit.minimum:g} to {limit.maximum:g} {limit.unit}".rstrip()
    if size is value:
        raise _wrong(where, place, f"{_line(repr(value))} is outside {bounds}")
    raise _wrong(where, place, f"its length {size} is outside {bounds}")
