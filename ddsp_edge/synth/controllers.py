"""What wheels, pedals and pressure say, beside the keys: of one channel or MPE zone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ddsp_edge.settings import Settings
from ddsp_edge.synth.midi_map import (
    LONGEST_GLIDE_S,
    LOWER,
    MAX_BEND_RANGE,
    MEMBER_BEND_RANGE,
    MEMBERS,
    NO_RPN,
    RPNS,
    UPPER,
)
from native import player as native_player

CENTRE = 64  #: of controllers that have a middle
OFF_DB = -200.0  #: of a level controller at 0


@dataclass(slots=True)
class ChannelTouch:
    """How notes are bent and pressed: of a channel, and in MPE of the zone's manager too."""

    wheel: float = 0.0  #: -1..1
    pressure: float = 0.0  #: 0..1
    brightness: float = 0.0  #: -1..1


_AT_REST = ChannelTouch()


class Controllers:
    """The state of one channel, 0..15: each ``action`` of the table that takes a value, 0..127.

    Where channel 1 or 16 manages an MPE zone, its object is the whole zone's, and each member
    channel has a :class:`ChannelTouch` of its own beside it.
    """

    def __init__(self, settings: Settings, channel: int = 0) -> None:
        self.channel = channel
        self.level = {"volume": 1.0, "expression": 1.0, "breath": 1.0}
        self.player_pan = 0.0  #: -1..1
        self.members = 0  #: MPE channels from the manager's inward; 0: no zone
        self._tuning = {(0, 1): 0.0, (0, 2): 0.0}  # semitones
        self.glide_s: float | None = None  #: None: as the setting says
        self._data = {(0, 0): [0, 0], (0, 1): [CENTRE, 0], (0, 2): [CENTRE, 0]}
        self.set_bend_range(settings.bend_range)
        self.member_bend_range = MEMBER_BEND_RANGE
        self.touch = ChannelTouch()
        self._touches = [ChannelTouch() for _ in range(16)]
        self.reset()

    def reset(self) -> None:
        """Reset the controllers, as controller 121 asks."""
        self.hands_off()
        self.level.update(expression=1.0, breath=1.0)
        self._blown = False  # a breath above 0 came: a breath controller is there
        self.gliding = False
        self.glide_from: int | None = None  #: key, for the next note only
        self._rpn = NO_RPN

    def hands_off(self) -> None:
        """What springs back when nobody touches it: wheels and pressure."""
        for touch in (self.touch, *self._touches):
            touch.wheel = touch.pressure = 0.0
        self.vibrato = 0.0  #: 0..1

    def set_bend_range(self, semitones: float) -> None:
        self._data[0, 0] = [int(semitones), round(semitones % 1.0 * 100)]
        self.bend_range_semitones = semitones

    def set_zone(self, members: int) -> None:
        """Manage so many MPE member channels, 0 to 15; 0 is no zone."""
        self.members = min(members, MEMBERS)
        self._touches = [ChannelTouch() for _ in range(16)]
        self.member_bend_range = MEMBER_BEND_RANGE

    def is_member(self, channel: int) -> bool:
        """Whether a channel speaks for its own notes in this one's MPE zone."""
        inward = channel - self.channel if self.channel == LOWER else self.channel - channel
        return 0 < inward <= self.members

    def member(self, channel: int) -> ChannelTouch | None:
        """The touch of an MPE member channel; None for others."""
        return self._touches[channel] if self.is_member(channel) else None

    def touch_of(self, channel: int) -> ChannelTouch:
        """What bends and pressure of a channel go to."""
        return self.member(channel) or self.touch

    @property
    def level_db(self) -> float:
        """What volume, expression and breath add to the loudness."""
        gain = self.level["volume"] * self.level["expression"] * self.level["breath"]
        return 40.0 * math.log10(gain) if gain > 0.0 else OFF_DB

    @property
    def muted_by(self) -> str | None:
        """The controller that stands at 0 and silences every note; None where none does."""
        numbers = {"volume": 7, "expression": 11, "breath": 2}
        return next((f"{n} (CC {numbers[n]})" for n, gain in self.level.items() if not gain), None)

    @property
    def tuning(self) -> float:
        """The tuning by RPN 1 and 2 together, in semitones."""
        return self._tuning[0, 1] + self._tuning[0, 2]

    def bend(self, member: ChannelTouch | None = None) -> float:
        """Semitones by which a note is bent, tuning included; ``member`` is that of its channel."""
        bend = self.touch.wheel * self.bend_range_semitones + self.tuning
        return bend + member.wheel * self.member_bend_range if member else bend

    def note_touch(self, member: ChannelTouch | None, key_pressure: float) -> native_player.Touch:
        """What the synth player is told of a note: its channel's controllers, in MPE those of the
        zone and of its ``member`` channel, and the pressure of the key itself, 0..1."""
        own = member or _AT_REST
        return native_player.Touch(
            bend=self.bend(member),
            pressure=max(self.touch.pressure, own.pressure, key_pressure),
            brightness=max(-1.0, min(1.0, self.touch.brightness + own.brightness)),
            level_db=self.level_db,
            vibrato=self.vibrato,
        )

    # The actions of the table.

    def modulation(self, value: int, channel: int) -> None:
        self.vibrato = value / 127

    def breath(self, value: int, channel: int) -> None:
        # A breath of 0 that was never more is a controller at rest, not a player out of breath.
        self._blown = self._blown or value > 0
        if self._blown:
            self.level["breath"] = value / 127

    def volume(self, value: int, channel: int) -> None:
        self.level["volume"] = value / 127

    def expression(self, value: int, channel: int) -> None:
        self.level["expression"] = value / 127

    def pan(self, value: int, channel: int) -> None:
        self.player_pan = _from_centre(value)

    def brightness(self, value: int, channel: int) -> None:
        self.touch_of(channel).brightness = _from_centre(value)

    def pressure(self, value: int, channel: int) -> None:
        self.touch_of(channel).pressure = value / 127

    def portamento_time(self, value: int, channel: int) -> None:
        self.glide_s = LONGEST_GLIDE_S * (value / 127) ** 3

    def portamento(self, value: int, channel: int) -> None:
        self.gliding = value >= CENTRE

    def portamento_from(self, value: int, channel: int) -> None:
        self.glide_from = value

    def no_rpn(self, value: int, channel: int) -> None:
        self._rpn = NO_RPN

    def rpn_high(self, value: int, channel: int) -> None:
        self._rpn = (value, self._rpn[1])

    def rpn_low(self, value: int, channel: int) -> None:
        self._rpn = (self._rpn[0], value)

    def data_entry(self, value: int, channel: int, fine: bool) -> str | None:
        """Set the chosen RPN; the name of its action where there is something left to do."""
        rpn = self._rpn
        if rpn not in RPNS or (rpn == (0, 6) and (fine or channel not in (LOWER, UPPER))):
            return None
        action = RPNS[rpn].action
        if rpn == (0, 6):
            return action
        data = self._data[rpn]
        if rpn == (0, 0) and self.is_member(channel):
            data = [int(self.member_bend_range), round(self.member_bend_range % 1.0 * 100)]
        data[fine] = value
        RPN_ACTIONS[action](self, data[0], data[1], self.is_member(channel))
        return None

    def _bend_range(self, semitones: int, cents: int, member: bool) -> None:
        new = min(semitones + min(cents, 99) / 100, MAX_BEND_RANGE)
        if member:
            self.member_bend_range = new
        else:
            self.bend_range_semitones = new

    def _fine_tuning(self, high: int, low: int, member: bool) -> None:
        self._tuning[0, 1] = (128 * high + low - 8192) / 8192

    def _coarse_tuning(self, high: int, low: int, member: bool) -> None:
        self._tuning[0, 2] = float(high - CENTRE)


#: ``action`` of a controller's row in the table to what takes its value and channel.
VALUE_ACTIONS: dict[str, Callable[[Controllers, int, int], None]] = {
    "modulation": Controllers.modulation,
    "breath": Controllers.breath,
    "portamento_time": Controllers.portamento_time,
    "volume": Controllers.volume,
    "pan": Controllers.pan,
    "expression": Controllers.expression,
    "portamento": Controllers.portamento,
    "brightness": Controllers.brightness,
    "portamento_from": Controllers.portamento_from,
    "no_rpn": Controllers.no_rpn,
    "rpn_low": Controllers.rpn_low,
    "rpn_high": Controllers.rpn_high,
}
#: ``action`` of an RPN's row to what takes both halves of its value; "mpe_zone" is the receiver's.
RPN_ACTIONS: dict[str, Callable[[Controllers, int, int, bool], None]] = {
    "bend_range": Controllers._bend_range,
    "fine_tuning": Controllers._fine_tuning,
    "coarse_tuning": Controllers._coarse_tuning,
}


def _from_centre(value: int) -> float:
    """Map a controller's 0..127 to -1..1, where 64 is 0."""
    return max(-1.0, (value - CENTRE) / 63)
