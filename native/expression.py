"""How each note is played (``ddsp_quantity_*``, ``ddsp_chooser_*``) as Python objects.

A :class:`Chooser` belongs to one thread. The quantities and tendencies are explained in
``ddsp_expression.h``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from native._kernel import ffi, lib
from native.player import NoteExpression


class Quantity(NamedTuple):
    """One thing that a player does with a note: its unit and the range that is played."""

    unit: str
    minimum: float
    maximum: float
    doc: str
    largest: float  #: no slope and no deviation is larger


class Distribution(Protocol):
    """The fields of a ``ddsp_tendency``."""

    @property
    def mean(self) -> float: ...
    @property
    def deviation(self) -> float: ...
    @property
    def pitch(self) -> float: ...
    @property
    def velocity(self) -> float: ...
    @property
    def length(self) -> float: ...


def _quantities() -> Iterator[tuple[str, Quantity]]:
    for number in range(lib.DDSP_QUANTITIES):
        q = lib.ddsp_quantity_get(number)
        unit, meaning = (ffi.string(text).decode() for text in (q.unit, q.meaning))
        yield ffi.string(q.name).decode(), Quantity(unit, q.minimum, q.maximum, meaning, q.largest)


#: Everything that is drawn for a note, by name. Shares are probabilities or parts, 0..1.
QUANTITIES: dict[str, Quantity] = dict(_quantities())


def _fields(tendency: Distribution) -> tuple[int, float, float, float, float, float]:
    t = tendency
    return 1, t.mean, t.deviation, t.pitch, t.velocity, t.length


def value_at(
    tendency: Distribution, octaves: float, velocity: float, length_s: float, chance: float
) -> float:
    """Return the value of a quantity for a note (``ddsp_tendency_at``).

    ``octaves`` count from the middle of the instrument's range, ``velocity`` is 0..1; ``chance``
    is normally distributed with a deviation of 1.
    """
    struct = ffi.new("ddsp_tendency *", _fields(tendency))
    return float(lib.ddsp_tendency_at(struct, octaves, velocity, length_s, chance))


#: Where swells arrive and end, by the words of the setting ``swell_sync``.
SWELLS = {
    "off": lib.DDSP_SWELLS_FREE,
    "beat": lib.DDSP_SWELLS_ON_BEATS,
    "bar": lib.DDSP_SWELLS_ON_BARS,
}


class Bars(Protocol):
    """Where beats and bar lines are: the fields of a ``ddsp_bars``."""

    @property
    def at_s(self) -> float: ...
    @property
    def beats(self) -> float: ...
    @property
    def hz(self) -> float: ...
    @property
    def bar(self) -> float: ...
    @property
    def bar_from(self) -> float: ...


class Chooser:
    """Draws what is done with each note of an instrument.

    ``middle_note`` is the middle of its range, a MIDI note; a quantity that has no tendency asks
    for nothing. Raises ValueError for numbers outside the ranges of their quantities.
    """

    def __init__(
        self, middle_note: float, tendencies: Mapping[str, Distribution], seed: int
    ) -> None:
        fields = [
            _fields(tendencies[name]) if name in tendencies else (0, 0.0, 0.0, 0.0, 0.0, 0.0)
            for name in QUANTITIES
        ]
        expression = ffi.new("ddsp_expression *", (middle_note, fields))
        made = lib.ddsp_chooser_new(expression, seed)
        if made == ffi.NULL:
            raise ValueError(f"chooser({middle_note}, {dict(tendencies)})")
        self._chooser = ffi.gc(made, lib.ddsp_chooser_free)
        self._struck, self._out = ffi.new("ddsp_struck_note *"), ffi.new("ddsp_note_expression *")

    def choose(
        self,
        channel: int,
        note: int,
        velocity: float,
        time_s: float,
        tied_to: int | None = None,
        length_s: float | None = None,
        in_phrase: float | None = None,
        bars: Bars | None = None,
        swell_sync: str = "off",
    ) -> NoteExpression:
        """Return what is done with a note that starts at ``time_s``.

        ``channel`` counts from 0, ``note`` is the key and ``velocity`` 0..1. ``tied_to`` is the
        key from which a legato note goes on, None for a detached one. The note's length and its
        place in the phrase (0..1) are None where nobody knows them. Where there are ``bars``,
        swells arrive and end on what ``swell_sync``, a word of ``SWELLS``, says.
        """
        struck: Any = self._struck
        struck.channel, struck.note, struck.velocity = channel, note, velocity
        struck.time_s = time_s
        struck.tied_to = -1 if tied_to is None else tied_to
        struck.length_s = -1.0 if length_s is None else length_s
        struck.in_phrase = -1.0 if in_phrase is None else in_phrase
        struck.swells = SWELLS[swell_sync] if bars else lib.DDSP_SWELLS_FREE
        if bars:
            lines, beat = struck.bars, struck.bars.beat
            beat.at_s, beat.beats, beat.hz = bars.at_s, bars.beats, bars.hz
            lines.bar, lines.bar_from = bars.bar, bars.bar_from
        lib.ddsp_chooser_choose(self._chooser, struck, self._out)
        out = self._out
        return NoteExpression(*[getattr(out, name) for name in NoteExpression._fields])
