"""The card: partition table, boot partition, slots, data partition; as a file, compressed, with a
block map, checksums and the manifest that Raspberry Pi Imager reads."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

from builder import boot
from builder.base import busybox_of
from builder.debs import packages
from builder.firmware import CMDLINE, boot_files

HERE = Path(__file__).resolve().parent.parent
SECTOR = 512
MIB = 1 << 20
#: docs/image.md; boot-state keeps its two sectors before the first partition.
START = 8192
BOOT_MB, SLOT_MB, DATA_MB = 192, 512, 128
#: The compressed image may have so many MB (10^6 bytes): it is fetched over slow connections.
LARGEST_MB = 300
#: Kinds in the table: FAT32 with LBA, Linux.
FAT, LINUX = 0x0C, 0x83
#: In the initramfs: what may hold the card, on a Raspberry Pi and on QEMU's machines.
COMMON = (
    "squashfs",
    "overlay",
    "ext4",
    "vfat",
    "nls_cp437",
    "nls_ascii",
    "virtio_pci",
    "virtio_blk",
)
#: The kernel must know sound before systemd reads the instrument's unit, which allows it
#: "char-alsa": what is not known then is not allowed (DeviceAllow=). And a USB sound card that is
#: found while the system still starts need not be waited for later.
SOUND = ("snd_pcm", "snd_seq", "snd_seq_midi", "snd_usb_audio")
#: USB sockets: of a Pi 4 and of QEMU's machines, of a Pi 3 and Zero 2 W.
USB = ("reset_raspberrypi", "xhci_pci", "phy_generic", "dwc2")
WATCHDOGS = ("bcm2835_wdt", "i6300esb")
PI = (
    "bcm2835",
    "sdhci_iproc",
    "mmc_block",
    "gpio_raspberrypi_exp",
    "clk_raspberrypi",
)


@dataclass(frozen=True)
class Partition:
    """One line of the table, in sectors."""

    kind: int
    start: int
    size: int


def partitions() -> list[Partition]:
    """The four of them, one after the other from :data:`START`."""
    found, start = [], START
    for kind, size_mb in ((FAT, BOOT_MB), (LINUX, SLOT_MB), (LINUX, SLOT_MB), (LINUX, DATA_MB)):
        found.append(Partition(kind, start, size_mb * MIB // SECTOR))
        start += found[-1].size
    return found


def table(signature: int) -> bytes:
    """The master boot record: no code, the card's number, four partitions."""
    record = bytearray(SECTOR)
    struct.pack_into("<I", record, 440, signature)
    for index, each in enumerate(partitions()):
        active = 0x80 if index == 0 else 0
        # Heads and cylinders at their largest: everybody reads the sectors.
        struct.pack_into("<B3sB3sII", record, 446 + 16 * index, active, b"\xfe\xff\xff", each.kind,
                         b"\xfe\xff\xff", each.start, each.size)  # fmt: skip
    record[510:] = b"\x55\xaa"
    return bytes(record)


def signature_of(text: str) -> int:
    """The card's number, by which the initramfs knows it: of the version, never zero."""
    return zlib.crc32(text.encode()) or 1


def initramfs(arch: str, out: Path, realtime: bool = False) -> None:
    """The card's own initramfs: it finds the card and the slot (deploy/image/init)."""
    kernel, debs = boot.kernel(arch, realtime), packages(arch)
    busybox = busybox_of(debs, out.parent)
    known = [
        name
        for name in COMMON + (PI if arch == "arm64" else ()) + SOUND + USB + WATCHDOGS
        if _there(kernel, name)
    ]
    boot.initramfs(kernel, busybox, (HERE / "init").read_text(), known, out,
                   {"boot-state": (HERE / "boot-state").read_text()})  # fmt: skip
    shutil.rmtree(out.parent / "busybox.d")


def _there(kernel: Path, name: str) -> bool:
    try:
        boot.with_dependencies(kernel, [name])
    except ValueError:
        return False
    return True


def assemble(arch: str, squashfs: Path, version: str, folder: Path, realtime: bool = False) -> Path:
    """Make FOLDER/ddsp-edge-VERSION-ARCH.img and beside it, in a folder of that name with -boot,
    what QEMU starts: kernel, initramfs, cmdline and device trees. The image's path."""
    name = f"ddsp-edge-{version}-{arch}{'-rt' if realtime else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    side = folder / f"{name}-boot"
    shutil.rmtree(side, ignore_errors=True)
    side.mkdir()
    signature = signature_of(name)
    initramfs(arch, side / "initramfs", realtime)
    cmdline = f"{CMDLINE[arch]} ddsp.disk={signature:08x}"
    boot_files(arch, side, cmdline, realtime)
    if squashfs.stat().st_size > SLOT_MB * MIB:
        raise RuntimeError(f"the system has {squashfs.stat().st_size // MIB} MiB, a slot {SLOT_MB}")
    image = folder / f"{name}.img"
    p1, slot_a, _, data = partitions()
    fat = _fat(side, folder / f".{name}.vfat", signature)
    ext4 = _data(folder / f".{name}.ext4", signature)
    with image.open("wb") as out:
        out.truncate((data.start + data.size) * SECTOR + MIB)
        out.write(table(signature))
        for partition, part in ((p1, fat), (slot_a, squashfs), (data, ext4)):
            _lay(out, partition.start * SECTOR, part)
    for part in (fat, ext4):
        part.unlink()
    return image


def _lay(out, offset: int, part: Path) -> None:  # type: ignore[no-untyped-def]
    """Copy a file into the image; what is zero stays a hole."""
    with part.open("rb") as source:
        while block := source.read(MIB):
            if block.strip(b"\0"):
                out.seek(offset)
                out.write(block)
            offset += MIB


def _fat(side: Path, out: Path, signature: int) -> Path:
    with out.open("wb") as empty:
        empty.truncate(BOOT_MB * MIB)
    subprocess.run(["mkfs.vfat", "-F", "32", "-n", "BOOT", "-i", f"{signature:08x}", "--invariant",
                    str(out)], check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    subprocess.run(["mcopy", "-s", "-Q", "-i", str(out), *map(str, sorted(side.iterdir())), "::"],
                   check=True)  # fmt: skip
    return out


def _data(out: Path, signature: int) -> Path:
    out.unlink(missing_ok=True)
    number = f"{signature:08x}-0000-4000-8000-000000000000"
    # Inodes for a card of any size come when it grows; a checksum tells of a torn journal.
    extended = "root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "ddsp-data", "-U", number, "-m", "1",
                    "-E", extended, str(out), f"{DATA_MB}M"],
                   check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "E2FSPROGS_FAKE_TIME": "1"})  # fmt: skip
    return out


def pack(image: Path) -> Path:
    """IMAGE.xz, IMAGE.bmap, their SHA-256 sums and the manifest for Raspberry Pi Imager; the
    compressed image's path. Raises RuntimeError where it is larger than :data:`LARGEST_MB`."""
    packed = image.with_name(f"{image.name}.xz")
    subprocess.run(["xz", "-k", "-f", "-T", "0", "-2", str(image)], check=True)
    size_mb = packed.stat().st_size / 1e6
    if size_mb > LARGEST_MB:
        raise RuntimeError(f"{packed} has {size_mb:.0f} MB, more than {LARGEST_MB}")
    image.with_suffix(".bmap").write_text(block_map(image))
    sums = "".join(f"{_sha256(path)}  {path.name}\n" for path in (packed, image))
    image.with_name(f"{image.name}.sha256").write_text(sums)
    manifest = image.with_suffix(".rpi-imager-manifest")
    manifest.write_text(json.dumps(imager_manifest(image, packed), indent=2) + "\n")
    return packed


def _sha256(path: Path, start: int = 0, size: int = -1) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(start)
        while size and (block := file.read(MIB if size < 0 else min(MIB, size))):
            total.update(block)
            size -= len(block) if size > 0 else 0
    return total.hexdigest()


def block_map(image: Path) -> str:
    """What `bmaptool copy` reads: which blocks of 4096 bytes there are, each range with its sum."""
    block, size = 4096, image.stat().st_size
    ranges: list[tuple[int, int]] = []
    with image.open("rb") as file:
        end = 0
        while end < size:
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            ranges.append((start // block, -(-end // block) - 1))
    mapped = sum(last - first + 1 for first, last in ranges)
    lines = [
        '<?xml version="1.0" ?>',
        '<bmap version="2.0">',
        f"  <ImageSize> {size} </ImageSize>",
        f"  <BlockSize> {block} </BlockSize>",
        f"  <BlocksCount> {-(-size // block)} </BlocksCount>",
        f"  <MappedBlocksCount> {mapped} </MappedBlocksCount>",
        "  <ChecksumType> sha256 </ChecksumType>",
        f"  <BmapFileChecksum> {'0' * 64} </BmapFileChecksum>",
        "  <BlockMap>",
    ]
    for first, last in ranges:
        span = f"{first}-{last}" if last > first else str(first)
        total = _sha256(image, first * block, min(size, (last + 1) * block) - first * block)
        lines.append(f'    <Range chksum="{total}"> {span} </Range>')
    text = "\n".join([*lines, "  </BlockMap>", "</bmap>", ""])
    # The file's own sum is of the file with zeros in its place.
    return text.replace("0" * 64, hashlib.sha256(text.encode()).hexdigest(), 1)


def imager_manifest(image: Path, packed: Path) -> dict[str, object]:
    """What Raspberry Pi Imager must know to offer its settings for an image of others: "cloudinit"
    is the format that versions 1.8 and 2 know, and that is no script."""
    return {
        "os_list": [
            {
                "name": "ddsp-edge",
                "description": "A neural instrument: pedal and sound module, with a USB sound card",
                "icon": "",
                "url": packed.resolve().as_uri(),
                "extract_size": image.stat().st_size,
                "extract_sha256": _sha256(image),
                "image_download_size": packed.stat().st_size,
                "image_download_sha256": _sha256(packed),
                "release_date": _date(),
                "init_format": "cloudinit",
                "devices": ["pi3-64bit", "pi4-64bit"],
            }
        ]
    }


def _date() -> str:
    import datetime

    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    when = datetime.datetime.now(datetime.UTC)
    if epoch:
        when = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
    return when.date().isoformat()
