"""What a PCM takes, and which card is chosen; with cards: tests/alsa/test_cards.py."""

from __future__ import annotations

import sys

import pytest

from ddsp_edge.cards.capabilities import (
    Card,
    Pcm,
    choose,
    chosen_by_people,
    list_cards,
    probe,
)
from ddsp_edge.cards.identity import CardIdentity
from ddsp_edge.cards.mixer_levels import parse_level
from ddsp_edge.errors import UserError

GOOD = {"rates": (48000,), "formats": ("S16_LE",), "channels": (2,), "period": (32, 4096)}


def _card(alsa_id: str, kind: str, index: int, directions: str = "pc", problem: str = "") -> Card:
    identity = CardIdentity(index, alsa_id, "driver", alsa_id, alsa_id, kind)
    pcms = []
    for letter in directions:
        direction = {"p": "playback", "c": "capture"}[letter]
        name = f"hw:CARD={alsa_id},DEV=0"
        facts = {} if problem else GOOD
        pcms.append(Pcm(name, direction, problem=problem, **facts))  # type: ignore[arg-type]
    return Card(identity, tuple(pcms))


HDMI, PHONES = _card("vc4hdmi0", "hdmi", 0, "p"), _card("Headphones", "onboard", 1, "p")
HAT, USB = _card("Codec", "hat", 2), _card("USB", "usb", 3)


def test_what_is_plugged_in_comes_before_what_is_built_in() -> None:
    cards = [HDMI, PHONES, HAT, USB]
    for effect in (False, True):
        assert choose(cards, effect).card is USB
        assert choose(cards[:3], effect).card is HAT
    assert choose([HDMI, PHONES], False).card is PHONES
    assert choose(cards, False).reason == (
        "USB interface that plays; comes before Codec (sound board (HAT)), Headphones "
        "(headphone socket of the board), vc4hdmi0 (HDMI)"
    )


def test_the_pedal_needs_an_input() -> None:
    chosen = choose([HDMI, PHONES], True)
    assert chosen.card is None
    assert chosen.reason == "Headphones has no input; vc4hdmi0 has no input"
    output_only = _card("Speaker", "usb", 4, "p")
    assert choose([output_only, HAT], True).card is HAT
    assert choose([output_only, HAT], False).card is output_only
    assert "Speaker has no input" in choose([output_only, HAT], True).reason


def test_in_use_can_be_chosen_and_broken_can_not() -> None:
    assert choose([_card("USB", "usb", 0, problem="in use by ddsp-edge"), HAT], True).card
    broken = _card("USB", "usb", 0, problem="Invalid argument")
    chosen = choose([broken, HAT], True)
    assert chosen.card is HAT
    assert "USB has output: Invalid argument and input: Invalid argument" in chosen.reason
    assert choose([], True).reason == "there is no sound card"


def test_a_pcm_of_alsas_own() -> None:
    pytest.importorskip("alsaaudio", reason="sound cards need the extra `live`")
    pcm = probe("null", "playback")
    assert pcm.problem == ""
    assert pcm.usable
    assert {44100, 48000, 96000} <= set(pcm.rates)
    assert {"FLOAT_LE", "S32_LE", "S24_3LE", "S24_LE", "S16_LE"} <= set(pcm.formats)
    missing = probe("hw:CARD=NoSuchCard", "playback")
    assert missing.problem
    assert not missing.usable


def test_without_pyalsaaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "alsaaudio", None)
    with pytest.raises(UserError, match=r"apt-get install -y libasound2-dev && pip install"):
        list_cards()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("60%", (60, "%")), (" 0 % ", (0, "%")), ("-6dB", (-6, "dB")), ("+1.5 db", (1.5, "dB"))],
)
def test_levels(text: str, expected: tuple[float, str]) -> None:
    assert parse_level(text) == expected


@pytest.mark.parametrize("text", ["", "60", "101%", "-1%", "loud", "nan%", "1e9dB", "6 d B"])
def test_levels_that_are_none(text: str) -> None:
    with pytest.raises(UserError, match="level"):
        parse_level(text)


def test_only_what_a_person_would_choose_is_offered() -> None:
    names = ["null", "lavrate", "samplerate", "speexrate", "jack", "oss", "pulse", "speex"]
    names += ["upmix", "vdownmix", "default", "sysdefault:CARD=USB", "hw:CARD=USB,DEV=0", "mine"]
    assert chosen_by_people([*names, "jack"]) == ["jack", "pulse", "default", "mine"]
