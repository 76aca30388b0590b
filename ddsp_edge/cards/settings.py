"""Which sound card is opened, and with which rate, period and input."""

from __future__ import annotations

from dataclasses import dataclass

from ddsp_edge.errors import UserError
from ddsp_edge.units import HIGHEST_RATE, LOWEST_RATE

INPUTS = ("left", "right", "both")
MOST_PERIOD = 4096


@dataclass(frozen=True, slots=True)
class CardSettings:
    """The card and how it is opened. Raises UserError for values that no card supports."""

    #: PCM name (hw:1,0, plughw:..., default), a card's id or part of its name; None: the best.
    playback: str | None = None
    #: The same; None: the playback card where it can record; "none": no input.
    capture: str | None = None
    rate: int = 48_000  #: Hz
    period: int = 128  #: samples between two wakes of the audio thread
    periods: int = 2  #: in the card's buffer
    input: str = "both"  #: which channel is heard: left, right or (the mean of) both
    priority: int = 70  #: SCHED_FIFO of the audio thread, where it is allowed; 1..99, 0: none
    cpu: int | None = None  #: the processor that the audio thread stays on

    def __post_init__(self) -> None:
        _within("rate", self.rate, LOWEST_RATE, HIGHEST_RATE, "Hz")
        _within("period", self.period, 16, MOST_PERIOD, "samples")
        _within("periods", self.periods, 2, 16, "")
        _within("priority", self.priority, 0, 99, "")
        if self.input not in INPUTS:
            raise UserError(f"input {self.input!r}: choose one of {', '.join(INPUTS)}")


def _within(name: str, value: int, least: int, most: int, unit: str) -> None:
    if not least <= value <= most:
        raise UserError(f"{name} {value}: choose {least} to {most} {unit}".rstrip())
