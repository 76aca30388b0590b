"""Sound cards of a real kernel: what they can do, who uses them, their levels, and pulling one."""

from __future__ import annotations

import json
from pathlib import Path

import alsaaudio
import pytest

from alsa import cards_to_pull
from ddsp_edge import cli
from ddsp_edge.cards import mixer_levels
from ddsp_edge.cards.capabilities import choose, list_cards
from ddsp_edge.cards.identity import CardIdentity, find, read_cards, resolve
from ddsp_edge.errors import UserError


def _card(name: str) -> CardIdentity:
    card = find(name, read_cards())
    assert card is not None
    return card


def test_the_kernels_files_say_what_alsa_says() -> None:
    cards = read_cards()
    assert [card.index for card in cards] == alsaaudio.card_indexes()
    for card in cards:
        assert (card.name, card.longname) == alsaaudio.card_name(card.index)
        assert card.kind == "virtual"
    assert [card.alsa_id for card in cards] == ["Dummy", "Loopback", "VirMIDI"]


def test_what_each_can_do() -> None:
    cards = {card.identity.alsa_id: card for card in list_cards()}
    assert cards["VirMIDI"].pcms == ()
    names = [pcm.name for pcm in cards["Loopback"].pcms if pcm.direction == "capture"]
    assert names == ["hw:CARD=Loopback,DEV=0", "hw:CARD=Loopback,DEV=1"]
    for direction in ("playback", "capture"):
        dummy = cards["Dummy"].pcm(direction)
        assert dummy is not None
        assert (dummy.name, dummy.problem) == ("hw:CARD=Dummy,DEV=0", "")
        assert dummy.rates == (32000, 44100, 48000)
        assert set(dummy.formats) == {"U8", "S16_LE"}
        assert dummy.channels == (1, 2)
        shortest, longest = dummy.period
        assert shortest <= 128 <= longest
        assert dummy.period_rate == 48000
        loopback = cards["Loopback"].pcm(direction)
        assert loopback is not None
        assert {"S16_LE", "S32_LE", "FLOAT_LE"} <= set(loopback.formats)
        assert {44100, 48000, 96000} <= set(loopback.rates)
        assert 2 in loopback.channels
    for effect in (False, True):
        assert choose(list(cards.values()), effect).card is cards["Dummy"]


def test_a_card_in_use_says_by_whom_and_can_still_be_chosen() -> None:
    busy = [
        alsaaudio.PCM(
            alsaaudio.PCM_PLAYBACK,
            alsaaudio.PCM_NONBLOCK,
            device=f"hw:CARD=Dummy,DEV=0,SUBDEV={number}",
            rate=48000,
            periodsize=128,
            periods=3,
        )
        for number in range(8)
    ]
    cards = list_cards()
    pcm = cards[0].pcm("playback")
    assert pcm is not None
    name = Path("/proc/self/comm").read_text().strip()
    assert pcm.problem == f"in use by {name}, 48000 Hz S16_LE, period 128"
    assert choose(cards, effect=True).card is cards[0]
    for each in busy:
        each.close()


def test_a_card_that_comes_back_under_another_number_is_found() -> None:
    before = {card.alsa_id: card for card in read_cards()}
    ids = {name: card.stable_id for name, card in before.items()}
    cards_to_pull.pull("Dummy")
    cards_to_pull.pull("Loopback")
    try:
        assert resolve(ids["Dummy"]) is None
        assert [card.alsa_id for card in read_cards()] == ["VirMIDI"]
    finally:
        cards_to_pull.put_back("Loopback")
        cards_to_pull.put_back("Dummy")
    try:
        after = {card.alsa_id: card for card in read_cards()}
        assert after["Loopback"].index == 0 != before["Loopback"].index
        for name in ("Dummy", "Loopback"):
            for direction in ("playback", "capture"):
                assert resolve(ids[name], direction) == f"hw:CARD={name},DEV=0"
            pcm = alsaaudio.PCM(alsaaudio.PCM_PLAYBACK, device=resolve(ids[name]))
            assert pcm.info()["card_no"] == after[name].index
            pcm.close()
        assert resolve(ids["VirMIDI"]) is None  # it is there, but plays nothing
    finally:
        for each in ("Dummy", "Loopback"):
            cards_to_pull.pull(each)
        for each in ("Dummy", "Loopback"):
            cards_to_pull.put_back(each)
    assert [card.alsa_id for card in read_cards()] == ["Dummy", "Loopback", "VirMIDI"]


def test_levels_in_percent_and_db() -> None:
    dummy = _card("Dummy")
    level = mixer_levels.set_level(dummy, "playback", "80%")
    assert (level.control, level.percent, level.db, level.db_range) == ("Master", 80, -9, (-45, 0))
    level = mixer_levels.set_level(dummy, "capture", "-12dB")
    assert (level.control, level.db) == ("Mic", -12)
    assert alsaaudio.Mixer("Mic", cardindex=dummy.index).getrec() == [1, 1]  # switched on
    assert mixer_levels.set_level(dummy, "capture", "0%", control="CD").percent == 0
    read = {(each.control, each.direction): each for each in mixer_levels.levels(dummy)}
    assert read["Master", "playback"].percent == 80
    assert read["CD", "capture"].percent == 0


@pytest.mark.parametrize(
    ("card", "level", "control", "words"),
    [
        ("Dummy", "-60dB", None, "Mic goes from -45 to \\+0 dB"),
        ("Dummy", "50%", "Gain", "no capture control 'Gain'; it has: Master, Synth, Line"),
        ("VirMIDI", "50%", None, "VirMIDI has no capture gain that a program can set"),
    ],
)
def test_levels_that_cannot_be(card: str, level: str, control: str | None, words: str) -> None:
    with pytest.raises(UserError, match=words):
        mixer_levels.set_level(_card(card), "capture", level, control)


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["devices", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [card["stable_id"] for card in said["cards"]] == [
        *("id=Dummy", "id=Loopback", "id=VirMIDI")
    ]
    assert said["chosen"]["effect"]["capture"] == "hw:CARD=Dummy,DEV=0"
    assert said["problems"] == {}
    assert cli.main(["devices"]) == 0
    text = capsys.readouterr().out
    assert "For the pedal (audio in): Dummy (no real card that plays and records" in text
    assert "VirMIDI has no output and no input" in text
    words = ["devices", "set", "--card", "id=Dummy", "--capture-gain", "60%"]
    assert cli.main([*words, "--playback-volume=-3dB"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Dummy: capture Mic 60% (-18 dB of -45 to +0)",
        "Dummy: playback Master 93% (-3 dB of -45 to +0)",
    ]
    assert cli.main(["devices", "set", "--card", "Nix", "--capture-gain", "60%"]) == 2
    assert "no card 'Nix' now; cards: Dummy, Loopback, VirMIDI" in capsys.readouterr().err
