"""How an instrument is played: what recordings teach of a note, checked quantity by quantity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from native.expression import QUANTITIES, value_at

VERSION = 1
#: Seconds of a note, and stroke (0..1), at which every quantity has its mean.
USUAL_LENGTH_S, USUAL_VELOCITY = 0.7, 0.7
MOST_NOTES = 1_000_000


class ExpressionError(ValueError):
    """What is wrong with the ``expression`` of a metadata.json."""


@dataclass(frozen=True, slots=True)
class Tendency:
    """The values of one quantity: a mean that leans on what is played, and a normal spread."""

    mean: float
    deviation: float = 0.0  #: standard, about the mean
    pitch: float = 0.0  #: added for each octave above the middle of the instrument's range
    velocity: float = 0.0  #: added from the softest stroke to the loudest
    length: float = 0.0  #: added for each doubling of the note's length

    def at(self, octaves: float, velocity: float, length_s: float, chance: float) -> float:
        """The value for a note; ``chance`` is normally distributed with a deviation of 1."""
        return value_at(self, octaves, velocity, length_s, chance)


#: Fields of a Tendency in a file; whoever leaves one out means 0, but the mean must be there.
TENDENCY_KEYS = ("mean", "deviation", "pitch", "velocity", "length")


@dataclass(frozen=True, slots=True)
class Expression:
    """What is known of how an instrument is played. A quantity that is not there is its family's.

    ``notes`` is how many notes taught it; ``phrases`` whether these were played in phrases, so
    that transitions and arcs are known too.
    """

    tendencies: Mapping[str, Tendency] = field(hash=False)
    family: str = ""  #: of families.py; "": by the model's name
    notes: int = 0
    phrases: bool = False

    def __post_init__(self) -> None:
        for name, tendency in self.tendencies.items():
            if name not in QUANTITIES:
                raise ExpressionError(f"expression knows no {name[:40]!r}")
            _check(name, tendency)

    def as_json(self) -> dict[str, Any]:
        """Return what stands in metadata.json under ``expression``."""
        quantities = {
            name: {key: value for key, value in asdict(tendency).items() if value or key == "mean"}
            for name, tendency in self.tendencies.items()
        }
        return {
            "version": VERSION,
            "family": self.family,
            "notes": self.notes,
            "phrases": self.phrases,
            "quantities": quantities,
        }


def _check(name: str, tendency: Tendency) -> None:
    quantity = QUANTITIES[name]
    if not quantity.minimum <= tendency.mean <= quantity.maximum:  # also refuses NaN
        raise ExpressionError(
            f"expression.{name}.mean is outside {quantity.minimum:g} to {quantity.maximum:g}"
        )
    largest = quantity.largest
    for key in TENDENCY_KEYS[1:]:
        if not (0.0 if key == "deviation" else -largest) <= getattr(tendency, key) <= largest:
            raise ExpressionError(f"expression.{name}.{key} is not within {largest:g}")


def parse_expression(said: Any) -> Expression | None:
    """Check what a metadata.json says under ``expression``.

    None where it says nothing, or says it in a later version: the instrument is then played as
    its family. Quantities that this version does not know are refused. Raises ExpressionError.
    """
    if said is None:
        return None
    if not isinstance(said, dict):
        raise ExpressionError("expression is not an object")
    version = said.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ExpressionError("expression.version is not a whole number from 1 up")
    if version > VERSION:
        return None
    family, notes, phrases = (
        said.get("family", ""),
        said.get("notes", 0),
        said.get("phrases", False),
    )
    if not isinstance(family, str) or len(family) > 32 or not family.isprintable():
        raise ExpressionError("expression.family is not a short text")
    if isinstance(notes, bool) or not isinstance(notes, int) or not 0 <= notes <= MOST_NOTES:
        raise ExpressionError(f"expression.notes is not a whole number up to {MOST_NOTES}")
    if not isinstance(phrases, bool):
        raise ExpressionError("expression.phrases is not true or false")
    quantities = said.get("quantities", {})
    if not isinstance(quantities, dict):
        raise ExpressionError("expression.quantities is not an object")
    tendencies = {name: _tendency(name, value) for name, value in quantities.items()}
    return Expression(tendencies, family, notes, phrases)


def _tendency(name: str, said: Any) -> Tendency:
    name = name[:40]
    if not isinstance(said, dict) or not set(said) <= set(TENDENCY_KEYS) or "mean" not in said:
        raise ExpressionError(
            f"expression.{name} is not an object of {', '.join(TENDENCY_KEYS)} with a mean"
        )
    for key, value in said.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ExpressionError(f"expression.{name}.{key} is not a number")
        if abs(value) > 1e6:  # before it becomes a float: an int may be too large for one
            raise ExpressionError(f"expression.{name}.{key} is too large")
    return Tendency(**{key: float(value) for key, value in said.items()})
