"""Stable ids of cards, read from files as a board's kernel has them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.cards.identity import KEYS, find, read_cards, resolve
from ddsp_edge.errors import UserError


@dataclass
class Plugged:
    """One card for the tree."""

    alsa_id: str
    driver: str = "USB-Audio"
    name: str = "Scarlett 2i2 USB"
    device: str = ""  # below sys/devices; for USB the interface
    usb: str = ""
    serial: str = ""
    pcms: tuple[str, ...] = ("pcm0p", "pcm0c")


def usb(alsa_id: str, socket: str, serial: str = "", model: str = "1235:8210") -> Plugged:
    device = f"platform/xhci/usb1/{socket}/{socket}:1.0"
    return Plugged(alsa_id, device=device, usb=model, serial=serial)


HDMI = Plugged("vc4hdmi0", "vc4-hdmi", "vc4-hdmi-0", "platform/soc/hdmi", pcms=("pcm0p",))
PHONES = Plugged(
    "Headphones", "bcm2835_headpho", "bcm2835 Headphones", "platform/soc/mbox", pcms=("pcm0p",)
)
HAT = Plugged("IQaudIOCODEC", "IQaudIOCODEC", "IQaudIOCODEC", "platform/soc/sound")


def tree(root: Path, *cards: Plugged) -> Path:
    """proc and sys with these cards, numbered in this order."""
    root.mkdir(parents=True)
    lines = []
    for index, card in enumerate(cards):
        lines += [
            f"{index:2} [{card.alsa_id:<15}]: {card.driver} - {card.name}",
            f"                      {card.name} at somewhere",
        ]
        folder = root / f"proc/asound/card{index}"
        for pcm in card.pcms:
            (folder / pcm).mkdir(parents=True)
        (folder / "id").write_text(f"{card.alsa_id}\n")
        device = root / "sys/devices" / card.device
        device.mkdir(parents=True, exist_ok=True)
        if card.usb:
            (folder / "usbid").write_text(f"{card.usb}\n")
            if card.serial:
                (device.parent / "serial").write_text(f"{card.serial}\n")
        link = root / f"sys/class/sound/card{index}"
        link.mkdir(parents=True)
        (link / "device").symlink_to(device)
    (root / "proc/asound/cards").write_text("\n".join([*lines, ""]))
    return root


def test_kinds_and_names(tmp_path: Path) -> None:
    root = tree(tmp_path / "a", HDMI, PHONES, HAT, usb("USB", "1-1.2", "Y8, 7"))
    cards = read_cards(root)
    assert [card.kind for card in cards] == ["hdmi", "onboard", "hat", "usb"]
    assert cards[2].stable_id == "id=IQaudIOCODEC"
    assert cards[3].stable_id == "usb=1235:8210,serial=Y8%2C%207,port=1-1.2,id=USB"
    assert cards[3].longname == "Scarlett 2i2 USB at somewhere"
    assert find(cards[3].stable_id, cards) is cards[3]
    assert cards[0].pcm("capture") is None
    assert cards[3].pcm("capture") == "hw:CARD=USB,DEV=0"


def test_a_usb_card_that_comes_back_elsewhere_under_another_number(tmp_path: Path) -> None:
    before = tree(tmp_path / "a", usb("USB", "1-1.2", "Y8"), HAT)
    stable = read_cards(before)[0].stable_id
    away = tree(tmp_path / "b", HAT, usb("USB", "1-1.2", "OTHER"))
    assert resolve(stable, root=away) is None
    back = tree(tmp_path / "c", HAT, usb("USB", "1-1.2", "OTHER"), usb("USB_1", "1-1.4", "Y8"))
    assert resolve(stable, root=back) == "hw:CARD=USB_1,DEV=0"


def test_two_alike_without_serial_are_told_apart_by_socket(tmp_path: Path) -> None:
    two = tree(tmp_path / "a", usb("USB", "1-1.2"), usb("USB_1", "1-1.4"))
    left, right = (card.stable_id for card in read_cards(two))
    other_order = tree(tmp_path / "b", usb("USB", "1-1.4"), usb("USB_1", "1-1.2"))
    assert resolve(left, root=other_order) == "hw:CARD=USB_1,DEV=0"
    assert resolve(right, root=other_order) == "hw:CARD=USB,DEV=0"
    moved = tree(tmp_path / "c", HAT, usb("USB", "1-1.3"))
    assert resolve(left, root=moved) == "hw:CARD=USB,DEV=0"
    another_model = tree(tmp_path / "d", usb("USB", "1-1.2", model="0d8c:0014"))
    assert resolve(left, root=another_model) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [("IQaudIOCODEC", 1), ("iqaudiocodec", 1), ("0", 0), ("id=vc4hdmi0", 0), ("nix", None)],
)
def test_short_names_and_numbers(tmp_path: Path, text: str, found: int | None) -> None:
    cards = read_cards(tree(tmp_path / "a", HDMI, HAT))
    assert find(text, cards) is (None if found is None else cards[found])


def test_the_device_that_has_the_direction(tmp_path: Path) -> None:
    card = Plugged("PCH", "HDA-Intel", "HDA Intel PCH", "pci0/sound", pcms=("pcm3p", "pcm10p"))
    root = tree(tmp_path / "a", card)
    assert resolve("PCH", root=root) == "hw:CARD=PCH,DEV=3"
    assert resolve("PCH", "capture", root=root) is None


@pytest.mark.parametrize("text", ["a=b", "usb=", "id=a,id=b", "id=a,,", "=x"])
def test_what_cannot_be_an_id(text: str) -> None:
    with pytest.raises(UserError, match="copy its id from `ddsp-edge devices`"):
        find(text, [])


@given(st.text(max_size=40), st.sampled_from(["", *(f"{key}=" for key in KEYS)]))
def test_any_text_is_a_card_that_is_not_there_or_no_id(text: str, start: str) -> None:
    with contextlib.suppress(UserError):
        assert find(start + text, []) is None


def test_no_files_no_cards(tmp_path: Path) -> None:
    assert read_cards(tmp_path) == []
