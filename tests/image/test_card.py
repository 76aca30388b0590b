"""The card's table and block map, read back by others: sfdisk, mdir, bmaptool."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from builder import card
from builder.tree import TreeWriter

os.environ["PATH"] += ":/usr/sbin:/sbin"


def need(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A card with some data, mostly holes; its slots are small, so that it is read quickly."""
    monkeypatch.setattr(card, "BOOT_MB", 8)
    monkeypatch.setattr(card, "SLOT_MB", 16)
    monkeypatch.setattr(card, "DATA_MB", 4)
    path = tmp_path / "card.img"
    last = card.partitions()[-1]
    with path.open("wb") as out:
        out.truncate((last.start + last.size) * card.SECTOR)
        out.write(card.table(0x1234ABCD))
        out.seek(card.START * card.SECTOR)
        out.write(os.urandom(3 * 4096))
        out.seek(last.start * card.SECTOR)
        out.write(os.urandom(100_000))
    return path


def test_sfdisk_reads_the_table(image: Path) -> None:
    done = subprocess.run([need("sfdisk"), "--json", str(image)], check=True, capture_output=True,
                          text=True)  # fmt: skip
    told = json.loads(done.stdout)["partitiontable"]
    assert told["label"] == "dos" and told["id"] == "0x1234abcd"
    assert [p["type"] for p in told["partitions"]] == ["c", "83", "83", "83"]
    assert [(p["start"], p["size"]) for p in told["partitions"]] == [
        (p.start, p.size) for p in card.partitions()
    ]


def test_the_boot_state_lies_in_nobodys_sectors() -> None:
    script = (card.HERE / "boot-state").read_text()
    sectors = re.findall(r"^SECTORS=\"([\d ]+)\"$", script, re.M)[0].split()
    assert all(0 < int(sector) < card.START for sector in sectors)
    ends = [p.start + p.size for p in card.partitions()]
    assert [p.start for p in card.partitions()] == [card.START, *ends[:-1]]


def test_a_card_written_by_its_block_map_is_the_card(image: Path, tmp_path: Path) -> None:
    bmap = image.with_suffix(".bmap")
    bmap.write_text(card.block_map(image))
    text = bmap.read_text()
    own = re.search(r"<BmapFileChecksum> (\w+) <", text)
    assert own is not None
    zeroed = text.replace(own[1], "0" * 64)
    assert hashlib.sha256(zeroed.encode()).hexdigest() == own[1]
    mapped = int(re.findall(r"<MappedBlocksCount> (\d+) <", text)[0])
    assert 27 < mapped < 200  # what is a hole is not written
    out = tmp_path / "written.img"
    out.write_bytes(b"")
    command = [need("bmaptool"), "copy", "--bmap", str(bmap), str(image), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    assert out.read_bytes() == image.read_bytes()


def test_a_damaged_image_is_seen(image: Path, tmp_path: Path) -> None:
    image.with_suffix(".bmap").write_text(card.block_map(image))
    with image.open("r+b") as file:
        file.seek(card.START * card.SECTOR + 5)
        file.write(b"damaged")
    out = tmp_path / "written.img"
    out.write_bytes(b"")
    done = subprocess.run(
        [need("bmaptool"), "copy", "--bmap", str(image.with_suffix(".bmap")), str(image), str(out)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode != 0 and "checksum" in done.stderr


def test_packing_makes_all_that_is_handed_on(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = card.pack(image)
    done = subprocess.run([need("xz"), "-dc", str(packed)], check=True, capture_output=True)
    assert done.stdout == image.read_bytes()
    sums = image.with_name("card.img.sha256")
    checked = subprocess.run(["sha256sum", "-c", sums.name], cwd=image.parent, capture_output=True)
    assert checked.returncode == 0 and len(sums.read_text().splitlines()) == 2
    assert image.with_suffix(".bmap").exists()
    listed = json.loads(image.with_suffix(".rpi-imager-manifest").read_text())["os_list"]
    assert listed[0]["image_download_size"] == packed.stat().st_size
    monkeypatch.setattr(card, "LARGEST_MB", 0.1)
    with pytest.raises(RuntimeError, match=r"card\.img\.xz has 0 MB, more than 0\.1"):
        card.pack(image)


def test_imager_finds_what_it_needs(image: Path) -> None:
    packed = image.with_name("card.img.xz")
    packed.write_bytes(b"compressed")
    entry = card.imager_manifest(image, packed)["os_list"][0]
    wanted = {"name", "description", "icon", "url", "extract_size", "extract_sha256"}
    wanted |= {"image_download_size", "release_date", "devices", "init_format"}
    assert wanted <= set(entry)
    assert entry["init_format"] == "cloudinit" and entry["url"].startswith("file:///")
    assert entry["extract_size"] == image.stat().st_size
    assert entry["extract_sha256"] == hashlib.sha256(image.read_bytes()).hexdigest()


def test_a_tree_has_every_folder_before_what_is_in_it_and_each_path_once(tmp_path: Path) -> None:
    import tarfile

    with TreeWriter(tmp_path / "a.tar") as tree:
        tree.file("etc/deep/er/one", "first\n")
        tree.file("etc/deep/er/one", "second\n")
        tree.link("bin", "usr/bin")
    with TreeWriter(tmp_path / "b.tar") as tree, tarfile.open(tmp_path / "a.tar") as first:
        tree.copy(first, re.compile("bin$"))
    with tarfile.open(tmp_path / "b.tar") as both:
        assert both.getnames() == ["etc", "etc/deep", "etc/deep/er", "etc/deep/er/one"]
        data = both.extractfile("etc/deep/er/one")
        assert data is not None and data.read() == b"first\n"
        assert {(m.uid, m.gid) for m in both} == {(0, 0)}
