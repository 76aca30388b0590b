"""Two boxes of one host name in one network: what avahi does, and what we then show."""

from __future__ import annotations

import shutil
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mdns_boxes
import pytest
from mdns_boxes import MdnsBox

from ddsp_edge.network import local_name as names
from ddsp_edge.network.local_name import LocalName, local_name

IMAGE_SERVICES = Path(__file__).resolve().parents[3] / "deploy/image/files/etc/avahi/services"
ANNOUNCE = """
import time
from ddsp_edge.midi.announcement import Announcement
from ddsp_edge.remote.discovery import SERVICE
kept = Announcement("ddsp-edge", 8765, SERVICE), Announcement("ddsp-edge", 5004)
time.sleep(100)
"""
FIND = """
from ddsp_edge.remote.discovery import find_boxes
print([box.host for box in find_boxes()])
"""
ASK = "from ddsp_edge.network.local_name import local_name; print(local_name())"


@pytest.fixture
def boxes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[MdnsBox, MdnsBox]]:
    if reason := mdns_boxes.missing():
        pytest.skip(reason)
    host = getattr(request, "param", "pedal")
    with (
        MdnsBox(tmp_path / "a", host, "10.9.8.1") as one,
        MdnsBox(tmp_path / "b", host, "10.9.8.2") as other,
    ):
        one.plug(other)
        yield one, other


def asked(boxes: tuple[MdnsBox, MdnsBox]) -> list[str]:
    """What each box shows."""
    return [box.run(sys.executable, "-c", ASK).strip() for box in boxes]


def test_the_card_image_announces_panel_and_midi(boxes: tuple[MdnsBox, MdnsBox]) -> None:
    """Without avahi-utils, by a file that avahi reads."""
    shutil.copytree(IMAGE_SERVICES, boxes[1].services, dirs_exist_ok=True)
    for box in boxes:
        box.start()
        box.until_running()
    ends_s = time.monotonic() + 60
    found: set[tuple[str, ...]] = set()
    while len(found) < 2 and time.monotonic() < ends_s:
        told = boxes[0].run("avahi-browse", "--parsable", "--resolve", "-t", "-a")
        rows = [row.split(";") for row in told.splitlines() if row.startswith("=;")]
        found = {(row[4], row[6], row[7], row[8]) for row in rows}
    at = ("pedal-2.local", boxes[1].address)
    assert found == {("_ddsp-edge._tcp", *at, "8765"), ("_apple-midi._udp", *at, "5004")}


@pytest.mark.parametrize("boxes", ["pedal", "ddsp-1234"], indirect=True)
def test_the_second_gets_the_next_name_and_knows_it(boxes: tuple[MdnsBox, MdnsBox]) -> None:
    one, other = boxes
    for box in boxes:
        box.start()
        box.until_running()
    name, following = asked(boxes)
    assert (name, following) in {("pedal", "pedal-2"), ("ddsp-1234", "ddsp-1235")}
    # Both are found, by each other, under the names that they show.
    assert one.run("avahi-resolve", "-4n", f"{following}.local").split()[1] == other.address
    assert other.run("avahi-resolve", "-4n", f"{name}.local").split()[1] == one.address


def test_a_computer_finds_both_panels_and_both_midi_ports(boxes: tuple[MdnsBox, MdnsBox]) -> None:
    """What both announce by one name, too, avahi tells apart."""
    for box in boxes:
        box.start()
        box.until_running()
    announcing = [box.leave_running(sys.executable, "-c", ANNOUNCE) for box in boxes]
    try:
        ends_s = time.monotonic() + 60
        found = ""
        while found != "['pedal-2.local', 'pedal.local']" and time.monotonic() < ends_s:
            found = boxes[0].run(sys.executable, "-c", FIND).strip()
        assert found == "['pedal-2.local', 'pedal.local']"
        told = boxes[0].run("avahi-browse", "--parsable", "--resolve", "-t", "_apple-midi._udp")
        rows = [row.split(";") for row in told.splitlines() if row.startswith("=;")]
        assert {(row[6], row[8]) for row in rows} == {
            ("pedal.local", "5004"), ("pedal-2.local", "5004")
        }  # fmt: skip
        assert len({row[3] for row in rows}) == 2
    finally:
        for process in announcing:
            process.kill()
            process.wait()


def test_a_cable_that_is_plugged_in_later_leaves_two_names(boxes: tuple[MdnsBox, MdnsBox]) -> None:
    boxes[0].plugged(False)
    for box in boxes:
        box.start()
        box.until_running()
    assert asked(boxes) == ["pedal", "pedal"]
    boxes[0].plugged(True)
    ends_s = time.monotonic() + 60
    while len(set(asked(boxes))) < 2 and time.monotonic() < ends_s:
        time.sleep(0.1)
    assert sorted(asked(boxes)) == ["pedal", "pedal-2"]


def test_without_avahi_it_is_the_host_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    assert local_name() == socket.gethostname().split(".")[0]
    monkeypatch.setattr(names, "COMMAND", ("no-such-program",))
    assert local_name() == socket.gethostname().split(".")[0]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('s "pedal-2"', "pedal-2"),
        ('s "ddsp-1a2b"\n', "ddsp-1a2b"),
        *((said, "") for said in ('s ""', 's "a b"', 's "<b>"', 's "-x"', "u 2", 's "x"; rm', "")),
        (f's "{"a" * 64}"', ""),
    ],
)
def test_only_a_name_is_taken_for_one(
    monkeypatch: pytest.MonkeyPatch, said: str, name: str
) -> None:
    monkeypatch.setattr(names, "COMMAND", ("printf", "%s", said))
    assert local_name() == (name or socket.gethostname().split(".")[0])


def test_it_is_asked_for_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    name = LocalName()
    monkeypatch.setattr(names, "COMMAND", ("printf", 's "one"'))
    assert name.now() == "one"
    monkeypatch.setattr(names, "COMMAND", ("printf", 's "two"'))
    assert name.now() == "one"
    monkeypatch.setattr(names, "LASTS_S", 0.0)
    assert name.now() == "two"
