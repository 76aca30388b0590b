"""The sixteen MIDI channels of an instrument: each has its own state, MPE zones share one."""

from __future__ import annotations

from collections.abc import Iterator

from ddsp_edge.settings import Settings
from ddsp_edge.synth.controllers import ChannelTouch, Controllers
from ddsp_edge.synth.midi_map import LOWER, MEMBERS, PERCUSSION_CHANNEL, UPPER

#: The setting ``mpe`` to the member channels of the lower and of the upper zone.
ZONES = {"off": (0, 0), "on": (MEMBERS, 0), "upper": (0, MEMBERS), "both": (7, 7)}
#: All but the two managers, where both zones are there.
SHARED_MEMBERS = MEMBERS - 1


class Channels:
    """The controllers of every channel. Channels are counted from 0."""

    def __init__(self, settings: Settings) -> None:
        self._all = [Controllers(settings, channel) for channel in range(MEMBERS + 1)]
        self.set_mpe(settings.mpe)

    def __iter__(self) -> Iterator[Controllers]:
        return iter(self._all)

    def set_mpe(self, mode: str) -> None:
        """Take the zones that a value of the setting ``mpe`` means."""
        for channel, members in zip((LOWER, UPPER), ZONES[mode], strict=True):
            self._all[channel].set_zone(members)

    def set_zone(self, manager: int, members: int) -> None:
        """Take one zone as a configuration message on channel 0 or 15 asks; the other one gives
        up the channels that both want."""
        other = self._all[UPPER if manager == LOWER else LOWER]
        self._all[manager].set_zone(members)
        if members and other.members:
            left = SHARED_MEMBERS - self._all[manager].members
            if left < other.members:
                other.set_zone(max(0, left))

    @property
    def mpe(self) -> bool:
        """Whether there is an MPE zone."""
        return bool(self._all[LOWER].members or self._all[UPPER].members)

    def of(self, channel: int) -> Controllers:
        """What notes of a channel are played with: its own controllers, or its zone's."""
        for manager in (self._all[LOWER], self._all[UPPER]):
            if manager.is_member(channel):
                return manager
        return self._all[channel]

    def member(self, channel: int) -> ChannelTouch | None:
        """The touch of an MPE member channel; None for others."""
        return self.of(channel).member(channel)

    def hears(self, channel: int, setting: int) -> bool:
        """Whether a channel is heard where the setting ``channel`` has this value."""
        if self.mpe:
            managers = (self._all[LOWER], self._all[UPPER])
            return any(
                each.members and (channel == each.channel or each.is_member(channel))
                for each in managers
            )
        return channel == setting - 1 if setting else channel != PERCUSSION_CHANNEL
