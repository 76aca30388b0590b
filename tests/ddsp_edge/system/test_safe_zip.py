"""Zips that strangers made: each trick is refused with its reason; ours are the same every time."""

from __future__ import annotations

import io
import stat
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.system import safe_zip
from ddsp_edge.system.safe_zip import SafeZip, ZipError, build_zip


def _zip(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def test_round_trip_and_sameness() -> None:
    members = {"a.txt": b"one", "folder/b.bin": bytes(1000)}
    data = build_zip(members)
    assert data == build_zip(members)
    archive = SafeZip(data)
    assert {name: archive.read(name) for name in archive.names()} == members


def test_a_zip_behind_other_bytes_says_where_it_starts() -> None:
    front = b"\x00" * 1001
    archive = SafeZip(build_zip({"a": b"x"}, behind=front))
    assert archive.start == len(front)
    assert archive.read("a") == b"x"


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../up", "a/../../b", "a\\b", "C:evil", "./a", "a\nb", "x" * 300]
)
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(ZipError):
        SafeZip(_zip((name, b"x")))


@pytest.mark.parametrize("name", ["..\\up", "a\\..\\..\\b", "\\etc\\passwd", "C:\\evil"])
def test_backslashes_lead_elsewhere_too(name: str) -> None:
    info = zipfile.ZipInfo(name)
    info.create_system = 0
    with pytest.raises(ZipError):
        SafeZip(_zip((info, b"x")))


def test_name_with_a_nul_inside() -> None:
    data = _zip(("metadataXjson", b"x")).replace(b"metadataXjson", b"metadata\0json")
    with pytest.raises(ZipError):
        SafeZip(data)


def test_links_are_refused() -> None:
    link = zipfile.ZipInfo("model.tflite")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(ZipError, match="link"):
        SafeZip(_zip((link, b"/etc/passwd")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice() -> None:
    with pytest.raises(ZipError, match="twice"):
        SafeZip(_zip(("a", b"1"), ("a", b"2")))


def test_encrypted() -> None:
    data = bytearray(_zip(("a", b"secret")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ZipError, match="encrypted"):
        SafeZip(bytes(data))


def test_strange_compression() -> None:
    with pytest.raises(ZipError, match="not supported"):
        SafeZip(_zip(("a", b"x" * 100), method=zipfile.ZIP_LZMA))


def test_bombs_are_refused_before_they_unpack(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = _zip(("a", bytes(2_000_000)), method=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 10_000
    monkeypatch.setattr(safe_zip, "MAX_MEMBER_BYTES", 1_000_000)
    with pytest.raises(ZipError, match="unpacks to 2000000"):
        SafeZip(bomb)
    several = _zip(*[(str(i), bytes(900_000)) for i in range(3)], method=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(safe_zip, "MAX_TOTAL_BYTES", 2_000_000)
    with pytest.raises(ZipError, match="more than"):
        SafeZip(several)


def test_a_header_that_understates_its_size_does_not_unpack_more() -> None:
    data = bytearray(_zip(("a", bytes(100_000)), method=zipfile.ZIP_DEFLATED))
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    archive = SafeZip(bytes(data))
    with pytest.raises(ZipError):
        archive.read("a")


def test_limit_of_one_member() -> None:
    with pytest.raises(ZipError, match="more than 10"):
        SafeZip(_zip(("a", bytes(11)))).read("a", limit=10)


def test_too_many_members() -> None:
    with pytest.raises(ZipError, match="65 members"):
        SafeZip(_zip(*[(f"m{i}", b"") for i in range(65)]))
    with pytest.raises(ZipError, match="too many"):
        SafeZip(_zip(*[(f"m{i}", b"") for i in range(3000)]))


def test_every_truncation_is_refused() -> None:
    data = build_zip({"a": b"x" * 50, "b": b"y"})
    for size in range(len(data)):
        with pytest.raises(ZipError):
            SafeZip(data[:size])


@given(st.data())
def test_damage_gives_the_content_or_an_error(data: st.DataObject) -> None:
    good = bytearray(build_zip({"a": b"hello " * 20, "b": b"y"}))
    for _ in range(data.draw(st.integers(1, 6))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        archive = SafeZip(bytes(good))
        for name in archive.names():
            archive.read(name)
    except ZipError:
        pass  # the one way to refuse: anything else fails the test
