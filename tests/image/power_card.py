"""Cards for power cuts: the image's own initramfs and partitions, small systems in the slots.

A *check system* is a squashfs whose systemd is tests/image/guest/check: it says what the initramfs
has started and what lies on the data partition, and stops. The kernel is User-Mode Linux, a
process at native speed: two seconds of a processor a start, with KVM or without.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from board.store import digest, made

GUEST = Path(__file__).resolve().parent / "guest"
ROOT = Path(__file__).resolve().parents[2]
BOOT_STATE = ROOT / "deploy/image/boot-state"
SECTOR, MIB = 512, 1 << 20
START = 8192  #: of p1, in sectors, as on every card
SIGNATURE = 0x0DD5ED9E
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
UML = shutil.which("linux.uml")
MODULES = sorted(Path("/usr/lib/uml/modules").glob("[0-9]*"))
BUSYBOX = shutil.which("busybox") or "busybox"
#: Where the data partition keeps /var/lib/ddsp-edge (deploy/image/init).
KEPT = "keep/var/lib/ddsp-edge"
#: MiB of p1, slot A, slot B and the data.
SIZES_MB = (1, 448, 48, 128)
#: For a start that takes two seconds of an idle machine.
CHECK_S = 120.0


def first_sector(partition: int, sizes_mb: Sequence[int] = SIZES_MB) -> int:
    """Where p1 to p4 begin."""
    return START + sum(sizes_mb[: partition - 1]) * MIB // SECTOR


def need_tools() -> None:
    """Skip where no such kernel can be started, with the packages that are missing."""
    if not UML or not MODULES:
        pytest.skip("no User-Mode Linux (Debian: user-mode-linux)")
    tools = {
        "busybox": "busybox-static", "dmsetup": "dmsetup", "mksquashfs": "squashfs-tools",
        "cpio": "cpio", "mke2fs": "e2fsprogs", "depmod": "kmod",
    }  # fmt: skip
    missing = [package for tool, package in tools.items() if not shutil.which(tool, path=PATH)]
    if missing:
        pytest.skip(f"missing here: {', '.join(missing)}")


def release() -> str:
    """What `uname -r` says in that kernel."""
    return MODULES[-1].name


def initramfs() -> Path:
    """The image's own init and boot-state, with that kernel's modules."""
    init = ROOT / "deploy/image/init"

    def build(folder: Path) -> None:
        root = folder / "root"
        for each in ("bin", "modules", "proc", "sys", "dev", "run", "new"):
            (root / each).mkdir(parents=True)
        shutil.copy(BUSYBOX, root / "bin/busybox")
        for source, name in ((init, "init"), (BOOT_STATE, "boot-state")):
            shutil.copy(source, root / name)
            (root / name).chmod(0o755)
        for name in ("squashfs/squashfs", "overlayfs/overlay"):
            shutil.copy(MODULES[-1] / f"kernel/fs/{name}.ko", root / "modules")
        listed = "\n".join(str(p.relative_to(root)) for p in sorted(root.rglob("*")))
        with (folder / "initramfs").open("wb") as out:
            command = ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"]
            subprocess.run(command, cwd=root, check=True, input=listed.encode(), stdout=out)
        shutil.rmtree(root)

    key = digest(init, BOOT_STATE, release())
    return made("image-power-initramfs", key, build) / "initramfs"


def check_system(name: str, filler: int = 0) -> Path:
    """A check system of that name with ``filler`` bytes that do not compress."""
    key = digest(GUEST / "check", BOOT_STATE, name, filler, 2)

    def build(folder: Path) -> None:
        root = folder / "root"
        for each in ("bin", "usr/lib/systemd", "usr/lib/ddsp-edge", "etc"):
            (root / each).mkdir(parents=True)
        for each in ("proc", "sys", "dev", "run", "data", "lower"):
            (root / each).mkdir()
        shutil.copy(BUSYBOX, root / "bin/busybox")
        _program(root, "e2fsck")  # init repairs the data partition with it
        shutil.copy(GUEST / "check", root / "usr/lib/systemd/systemd")
        (root / "usr/lib/systemd/systemd").chmod(0o755)
        shutil.copy(BOOT_STATE, root / "usr/lib/ddsp-edge/boot-state")
        (root / "system-name").write_text(name + "\n")
        (root / "filler").write_bytes(random.Random(name).randbytes(filler))
        subprocess.run(
            ["mksquashfs", root, folder / "system.squashfs", "-noappend", "-quiet", "-no-progress",
             "-all-root", "-noD", "-noF"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        shutil.rmtree(root)

    return made(f"image-check-{name}", key, build) / "system.squashfs"


def _program(root: Path, name: str) -> None:
    """Copy a program of this machine and its libraries to where they are looked for."""
    program = shutil.which(name, path=PATH)
    assert program is not None
    listed = subprocess.check_output(["ldd", program], text=True).split()
    for library in {word for word in listed if word.startswith("/")}:
        target = root / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    (root / "usr/sbin").mkdir(parents=True, exist_ok=True)
    shutil.copy(program, root / "usr/sbin" / name)


def make_card(
    path: Path, slot_a: Path, slot_b: Path | None, data: Path, sizes_mb: Sequence[int] = SIZES_MB
) -> None:
    """A card with those systems; the data partition begins with the files of folder ``data``."""
    record = bytearray(SECTOR)
    struct.pack_into("<I", record, 440, SIGNATURE)
    for index in range(4):
        size = sizes_mb[index] * MIB // SECTOR
        struct.pack_into("<4sB3sII", record, 446 + 16 * index, b"\0\xfe\xff\xff",
                         0x0C if index == 0 else 0x83, b"\xfe\xff\xff",
                         first_sector(index + 1, sizes_mb), size)  # fmt: skip
    record[510:] = b"\x55\xaa"
    ext4 = path.with_suffix(".ext4")
    ext4.unlink(missing_ok=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-L", "ddsp-data", "-E",
                    "root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0", "-d", data,
                    ext4, f"{sizes_mb[3]}M"], check=True)  # fmt: skip
    with path.open("wb") as card:
        card.truncate(first_sector(4, sizes_mb) * SECTOR + sizes_mb[3] * MIB)
        card.write(record)
        for number, part in ((2, slot_a), (3, slot_b), (4, ext4)):
            if part is None:
                continue
            if part.stat().st_size > sizes_mb[number - 1] * MIB:
                raise RuntimeError(f"{part} does not fit into p{number}")
            copy_sparse(part, card.fileno(), first_sector(number, sizes_mb) * SECTOR)
    ext4.unlink()


def copy_sparse(source: Path, target: int, offset: int) -> None:
    """Copy a file into an open one; what is zero stays as it is."""
    with source.open("rb") as stream:
        while block := stream.read(MIB):
            if block.strip(b"\0"):
                os.pwrite(target, block, offset)
            offset += MIB


def uml(
    drives: Mapping[str, Path | str],
    folder: Path,
    *words: str,
    memory_mb: int = 128,
    program: Path | str | None = UML,
) -> list[str]:
    """The command of a kernel with those drives, whose console is the standard output. It ends with
    this process. ``folder`` is for its own files, ``program`` another kernel than Debian's."""
    # On one core: its processes wait for each other (tests/uml.py).
    core = str(random.choice(sorted(os.sched_getaffinity(0))))
    return [
        "setpriv", "--pdeathsig", "KILL", "taskset", "--cpu-list", core, str(program),
        f"mem={memory_mb}M", *(f"{name}={path}" for name, path in drives.items()), *words,
        "con=null", "con0=null,fd:1", "ssl=null", "quiet", "panic=-1", f"uml_dir={folder}",
    ]  # fmt: skip


def run(command: list[str], timeout_s: float) -> str:
    """What a machine said until it stopped. Raises AssertionError where it goes on too long."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s
        )
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode(errors="replace")
        raise AssertionError(f"the machine hangs\n{said[-3000:]}") from None
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


@dataclass(slots=True)
class Found:
    """What a check system said."""

    slot: str = ""
    name: str = ""
    boot: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  #: path below KEPT to SHA-256
    notes: set[str] = field(default_factory=set)
    whole: bool = False


def check(card: Path) -> Found:
    """Start a card and read what its check system says. Raises AssertionError if it does not."""
    with tempfile.TemporaryDirectory() as folder:
        words = (f"initrd={initramfs()}", f"ddsp.disk={SIGNATURE:08x}")
        said = run(uml({"ubd0": card}, Path(folder), *words), CHECK_S)
    assert "applet not found" not in said and ": not found" not in said, said[-3000:]
    found = Found()
    for line in said.splitlines():
        _, mark, rest = line.partition("CHECK ")
        words = rest.split()
        if not mark or not words:
            continue
        if words[0] == "slot":
            found.slot, found.name = words[1], words[2]
        elif words[0] == "boot":
            key, _, value = words[1].partition("=")
            found.boot[key] = value
        elif words[0] == "file":
            path = rest.split("  ", 1)[1].strip()
            found.files[path.removeprefix("./")] = words[1]
        elif words[0] == "end":
            found.whole = True
        else:
            found.notes.add(rest.strip())
    assert found.whole, f"{card}: it did not start\n{said[-3000:]}"
    return found


def fsck(card: Path) -> str:
    """What e2fsck has against the data partition of a card that was switched off properly; "" if
    nothing."""
    target = f"{card}?offset={first_sector(4) * SECTOR}"
    done = subprocess.run(["e2fsck", "-fn", target], capture_output=True, text=True,
                          env={**os.environ, "PATH": PATH})  # fmt: skip
    return "" if done.returncode == 0 else done.stdout + done.stderr


def in_parallel(jobs: Iterable[Callable[[], None]], workers: int = 2) -> None:
    """Call every job, so many at a time; the first failure is raised when the others have ended."""
    failures: list[BaseException] = []
    todo = iter(jobs)
    lock = threading.Lock()

    def work() -> None:
        while not failures:
            with lock:
                job = next(todo, None)
            if job is None:
                return
            try:
                job()
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
