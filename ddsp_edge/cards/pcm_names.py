"""What a user calls a card, to the PCM's name at this moment."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ddsp_edge.cards.capabilities import choose, list_cards
from ddsp_edge.cards.identity import CardIdentity, find, read_cards
from ddsp_edge.errors import UserError

_HARDWARE = re.compile(r"(hw|plughw):(?:CARD=)?([^,=]+)(?:,(?:DEV=)?(\d+))?$")


@dataclass(frozen=True, slots=True)
class PcmName:
    """A PCM that can be found again when its card's number has changed."""

    text: str  #: as ALSA knows it, or "" where the card says it
    card: str = ""  #: stable id; "" for a PCM that is no card's (jack, default, ...)
    kind: str = "hw"  #: hw or plughw
    device: int | None = None  #: None: the card's first

    def now(self, direction: str) -> str | None:
        """Return the PCM to open for "playback" or "capture"; None where the card is missing."""
        if not self.card:
            return self.text
        card = find(self.card, read_cards())
        if card is None:
            return None
        if self.device is not None:
            return f"{self.kind}:CARD={card.alsa_id},DEV={self.device}"
        name = card.pcm(direction)
        return name and name.replace("hw:", f"{self.kind}:", 1)


def named(text: str) -> PcmName:
    """Parse a stable id, a card's short name or number, or any PCM's name. Raises UserError."""
    if match := _HARDWARE.match(text):
        kind, which, device = match[1], match[2], match[3]
        return _of_card(find(which, read_cards()), which, kind, int(device or 0))
    if ":" in text.partition("=")[0]:  # a PCM with arguments
        return PcmName(text)
    if "=" in text:
        find(text, [])  # refuses what cannot be an id
        return PcmName("", text)
    card = find(text, read_cards())
    return _of_card(card, text, "hw", None) if card else PcmName(text)


def _of_card(card: CardIdentity | None, which: str, kind: str, device: int | None) -> PcmName:
    """Name a card by its stable id, or, where it is not plugged in yet, by the given name."""
    return PcmName("", card.stable_id if card else f"id={which}", kind, device)


def best(effect: bool) -> tuple[PcmName, str]:
    """Return the card to play on by default, and the reason. Raises UserError without one."""
    chosen = choose(list_cards(), effect)
    if chosen.card is None:
        raise UserError(
            f"no sound card that can be used: {chosen.reason}; see `ddsp-edge devices`, or name a "
            "PCM with --card"
        )
    return PcmName("", chosen.card.identity.stable_id), chosen.reason
