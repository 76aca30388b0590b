"""A part of a band: one model, the keys that play it, and its place in the mix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any

from ddsp_edge.errors import UserError
from ddsp_edge.settings import Settings
from ddsp_edge.system.toml_config import Range, did_you_mean, from_dict
from ddsp_edge.units import db_to_gain, pan_gains

MOST_PARTS = 16
#: The ``model`` of a part, or of a General MIDI program, that is left out.
NO_MODEL = "none"


@dataclass(frozen=True, slots=True)
class BandPart:
    """One part. A key plays every part whose channel and ranges it is in: parts whose ranges
    overlap are a layer, parts side by side a split. Raises UserError.

    Key ranges are of the keys as they are pressed, before ``transpose``.
    """

    #: Name or path; "": the preset's own model, of a MIDI file the program's; "none": nothing.
    model: Annotated[str, Range(0, 256, "characters")] = ""
    channel: Annotated[int, Range(0, 16)] = 0  #: MIDI channel; 0: as the setting ``channel``
    level: Annotated[float, Range(-60, 12, "dB")] = 0.0
    pan: Annotated[float, Range(-1, 1)] = 0.0  #: -1 is left, 1 is right
    transpose: Annotated[int, Range(-48, 48, "semitones")] = 0
    key_low: Annotated[int, Range(0, 127)] = 0
    key_high: Annotated[int, Range(0, 127)] = 127
    velocity_low: Annotated[int, Range(1, 127)] = 1
    velocity_high: Annotated[int, Range(1, 127)] = 127
    voices: Annotated[int, Range(0, 16)] = 0  #: 0: as the setting, in a file as its notes need
    mute: bool = False

    def __post_init__(self) -> None:
        for name in ("key", "velocity"):
            low, high = getattr(self, f"{name}_low"), getattr(self, f"{name}_high")
            if low > high:
                raise UserError(f"{name}_low {low} is above {name}_high {high}; exchange them")

    def takes(self, key: int, velocity: int) -> bool:
        """Whether a note-on is for this part."""
        in_keys = self.key_low <= key <= self.key_high
        return in_keys and self.velocity_low <= velocity <= self.velocity_high

    def applied_to(self, settings: Settings) -> Settings:
        """The settings with which this part is played."""
        channel, mpe = settings.channel, settings.mpe
        if self.channel:
            channel, mpe = self.channel, "off"  # an MPE zone is more than one channel
        return replace(settings, channel=channel, mpe=mpe, voices=self.voices or settings.voices)

    def gains(self, pan: float = 0.0) -> tuple[float, float]:
        """Linear gains of left and right; ``pan`` is the player's own (CC 10)."""
        level = 0.0 if self.mute else db_to_gain(self.level)
        left, right = pan_gains(self.pan + pan)
        return level * left, level * right

    def changed(self, values: Mapping[str, Any], where: str) -> BandPart:
        """A copy with some values replaced. Raises UserError, which begins with ``where``."""
        return from_dict(BandPart, {**asdict(self), **values}, where)

    def as_dict(self) -> dict[str, Any]:
        """The keys that differ from their defaults, as TOML stores them."""
        return {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if getattr(self, item.name) != item.default
        }


#: A part that hears everything, in the middle at its own level: an instrument alone.
WHOLE = BandPart()


def check_parts(parts: Sequence[BandPart], where: str) -> None:
    """Raise UserError where there are too many."""
    if len(parts) > MOST_PARTS:
        raise UserError(f"{where}: has {len(parts)} parts, at most {MOST_PARTS} play together")


def split_assignments(
    assignments: Iterable[str],
) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Part ``["voices=2", "3.level=-6", …]`` into settings and what is said of a channel, 1..16.

    Raises UserError.
    """
    settings, of_channels = [], []
    for text in assignments:
        name, equals, value = text.partition("=")
        number, dot, key = name.strip().partition(".")
        if not (dot and equals and number.isascii() and number.isdecimal()):
            settings.append(text)
            continue
        if not 1 <= int(number[:9]) <= MOST_PARTS:
            raise UserError(f"--set {text!r}: channels are 1 to 16, for instance 3.level=-6")
        names = [item.name for item in fields(BandPart) if item.name != "channel"]
        if key not in names:
            raise UserError(f"--set {text!r}: no key {key!r}; {did_you_mean(key, names)}")
        of_channels.append((int(number), {key: value.strip()}))
    return settings, of_channels


def parsed(values: Mapping[str, str], where: str) -> dict[str, Any]:
    """Values of a part's keys from their texts. Raises UserError."""
    found: dict[str, Any] = {}
    for key, text in values.items():
        default = getattr(WHOLE, key)
        try:
            if isinstance(default, bool):
                found[key] = {"true": True, "false": False}[text.lower()]
            else:
                found[key] = type(default)(text)
        except (ValueError, KeyError):
            kind = {bool: "true or false", int: "a whole number", float: "a number"}
            raise UserError(f"{where}: {key}={text} is not {kind[type(default)]}") from None
    return found
