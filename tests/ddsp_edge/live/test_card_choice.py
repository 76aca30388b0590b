"""Which card is opened where nobody names one."""

from __future__ import annotations

import pytest

from ddsp_edge.cards import pcm_names
from ddsp_edge.cards.capabilities import Card, Pcm
from ddsp_edge.cards.identity import CardIdentity
from ddsp_edge.cards.settings import CardSettings
from ddsp_edge.errors import UserError
from ddsp_edge.live.card_supervisor import CardSupervisor


def card(name: str, index: int, *directions: str) -> Card:
    pcms = tuple(
        Pcm(f"hw:CARD={name},DEV=0", each, (48000,), ("S16_LE",), (2,), (64, 4096), 48000)
        for each in directions
    )
    return Card(CardIdentity(index, name, "USB-Audio", name, name, "usb"), pcms)


def chosen(listens: bool, needs_input: bool) -> str:
    supervisor = CardSupervisor(CardSettings(), listens, None, needs_input)  # type: ignore[arg-type]
    return supervisor._best()[0].card


def test_a_card_with_an_input_comes_first_and_one_without_will_do(monkeypatch) -> None:
    speaker, interface = card("Speaker", 0, "playback"), card("Box", 1, "playback", "capture")
    monkeypatch.setattr(pcm_names, "list_cards", lambda: [speaker, interface])
    assert chosen(listens=True, needs_input=False) == "id=Box"
    assert chosen(listens=True, needs_input=True) == "id=Box"
    assert chosen(listens=False, needs_input=False) == "id=Speaker"
    monkeypatch.setattr(pcm_names, "list_cards", lambda: [speaker])
    assert chosen(listens=True, needs_input=False) == "id=Speaker"
    with pytest.raises(UserError, match="Speaker has no input"):
        chosen(listens=True, needs_input=True)
