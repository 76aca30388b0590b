"""Sound cards and MIDI ports: what there is, what is used, and choosing another.

In the worker's thread. Every method raises UserError, one line.
"""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ddsp_edge.errors import UserError
from firmware_py.device_overrides import AudioChoice, Choices, changed

if TYPE_CHECKING:
    from ddsp_edge.cards.capabilities import Card, Pcm
    from firmware_py.service import Service

#: A card opens within this, or the driver hangs.
SWITCH_S = 15.0
#: The MIDI ports are looked at four times a second.
PORTS_S = 0.6


class Wiring:
    """Lays what is chosen over the config, at once and for good."""

    def __init__(self, service: Service, choices: Choices) -> None:
        self._service, self._choices = service, choices

    # ---- sound

    def audio_devices(self) -> dict[str, Any]:
        """Every card with what it can do."""
        # Imported here: a board that plays never needs it.
        from ddsp_edge.cards.capabilities import list_cards, other_pcms

        using = self._service.engine.status()["card"].get("card", "")
        return {
            "cards": [_card(card, using) for card in list_cards()],
            "others": other_pcms(),
            **self._audio(),
        }

    def _audio(self) -> dict[str, Any]:
        status = self._service.engine.status()["card"]
        choice = self._choices.audio()
        wanted = choice.over(self._service.config.audio)
        given = {name: value for name, value in asdict(choice).items() if value}
        shown = ("card", "capture", "rate", "period", "periods", "input")
        return {
            "used": {**status, "input": wanted.input},
            "wanted": {name: getattr(wanted, name) for name in shown},
            "chosen": given or None,
        }

    def audio_choose(self, forget: bool = False, **wishes: Any) -> dict[str, Any]:
        """Change to another card (or rate, period ...); where it fails the old one plays on."""
        before = self._choices.audio()
        choice = changed(AudioChoice() if forget else before, wishes)
        wanted = choice.over(self._service.config.audio)
        future = self._service.engine.change_card(wanted.card_settings())
        try:
            future.result(SWITCH_S)
        except FutureTimeout:
            raise UserError(
                "audio_choose: the card's driver does not answer; plug it in anew"
            ) from None
        except UserError as error:
            raise UserError(f"{error} (the card before plays on)") from None
        self._choices.keep_audio(choice)
        return self._audio()

    # ---- MIDI

    def midi_devices(self) -> dict[str, Any]:
        """Every port that is there, heard or not."""
        return {"ports": self._service.all_midi_ports(), "problem": self._service.midi_problem()}

    def midi_choose(self, port: str, on: bool) -> dict[str, Any]:
        """Hear a port, or not."""
        rows = {row["port"]: row for row in self._service.all_midi_ports()}
        off = self._choices.midi_off()
        if port not in rows and port not in off:
            there = ", ".join(rows) or "none"
            raise UserError(f"midi_choose: no port is called {port[:60]!r}; there are: {there}")
        row = rows.get(port, {})
        if row.get("ignored_by") == "config":
            raise UserError(f"midi_choose: {port} is ignored by the config; change [midi] ignore")
        if row.get("kind") in ("virtual", "network"):
            raise UserError(f"midi_choose: {port} is the box's own, it is always heard")
        kept = tuple(name for name in off if name != port)
        if not on:
            kept = (*kept, port)
        if kept != off:
            self._choices.keep_midi_off(kept)
            self._service.ignore_midi(kept)
            time.sleep(PORTS_S)
        return self.midi_devices()


def _card(card: Card, using: str) -> dict[str, Any]:
    identity = card.identity
    ends = {direction: card.pcm(direction) for direction in ("playback", "capture")}
    problems = [pcm.problem for pcm in card.pcms if pcm.problem]
    return {
        "stable_id": identity.stable_id,
        "name": identity.name,
        "kind": identity.kind,
        "used": f"CARD={identity.alsa_id}," in using,
        "problem": "" if ends["playback"] else "; ".join(problems) or "it plays nothing",
        **{direction: _pcm(pcm) for direction, pcm in ends.items()},
    }


def _pcm(pcm: Pcm | None) -> dict[str, Any] | None:
    if pcm is None:
        return None
    return {
        "pcm": pcm.name,
        "rates": list(pcm.rates),
        "formats": list(pcm.formats),
        "channels": list(pcm.channels),
        "period": list(pcm.period),
        "problem": pcm.problem,
    }
