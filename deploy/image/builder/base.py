"""The base layer: Debian's packages configured once, in a virtual machine, as a tar with owners.

Their scripts run as root of a machine that has nothing but these files, on its own architecture's
kernel; dpkg's own order holds. Nothing of ours is in it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from board.store import digest, made

from builder import boot
from builder.debs import packages
from builder.machine import acceleration, machine
from builder.tree import TreeWriter, debian_files, unpacked

HERE = Path(__file__).resolve().parent
GUEST = HERE / "guest"
MODULES = ("virtio_pci", "virtio_blk", "squashfs", "overlay")
#: One more where what is made here of the same packages is to be different.
LAYOUT = 2
#: What comes back: the configured system, at most this large.
OUT_MB = 1200
#: On emulated arm64 it takes half an hour of two cores.
LIMIT_S = 3600


def base(arch: str) -> Path:
    """The configured system, a tar file; made where it is not there yet (minutes)."""
    debs, kernel = packages(arch), boot.kernel(arch)
    key = digest(debs.name, *sorted(GUEST.iterdir()), LAYOUT)

    def build(folder: Path) -> None:
        files = folder / "files.tar"
        with TreeWriter(files) as tree:
            _first(tree, debs)
            unpacked((debs / "root").glob("*.deb"), tree)
        squash(files, folder / "files.squashfs", "zstd", "3")
        files.unlink()
        busybox = busybox_of(debs, folder)
        init = (GUEST / "init").read_text()
        boot.initramfs(kernel, busybox, init, MODULES, folder / "initramfs", {})
        _configure(arch, kernel, folder)
        for name in ("files.squashfs", "initramfs", "busybox.d"):
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return made(f"image-base-{arch}", key, build) / "base.tar"


def _first(tree: TreeWriter, debs: Path) -> None:
    """What the scripts take for granted, before the packages' own files."""
    for name in ("proc", "sys", "dev", "run", "boot", "mnt", "srv"):
        tree.folder(name)
    tree.folder("tmp", 0o1777)
    tree.folder("root", 0o700)
    deb = next((debs / "root").glob("base-passwd_*.deb"))
    with debian_files(deb, "--fsys-tarfile") as files:
        for info in files:
            for name in ("passwd", "group"):
                if info.name == f"./usr/share/base-passwd/{name}.master":
                    data = files.extractfile(info)
                    assert data is not None
                    tree.file(f"etc/{name}", data.read())
    # No service starts while packages are configured.
    tree.file("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
    tree.file("etc/hostname", "ddsp-edge\n")
    tree.file("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 ddsp-edge\n::1 localhost\n")
    tree.file("stage", (GUEST / "stage").read_text(), 0o755)


def busybox_of(debs: Path, folder: Path) -> Path:
    """The static busybox of the image's own machine, unpacked under ``folder``."""
    deb = next((debs / "root").glob("busybox-static_*.deb"))
    subprocess.run(["dpkg-deb", "-x", str(deb), str(folder / "busybox.d")], check=True)
    return folder / "busybox.d/usr/bin/busybox"


def squash(tar: Path, out: Path, compression: str, level: str) -> None:
    """A squashfs of a tar file, owners and all. The same tar makes the same bytes."""
    with tar.open("rb") as data:
        subprocess.run(
            ["mksquashfs", "-", str(out), "-tar", "-noappend", "-quiet", "-no-progress", "-comp",
             compression, "-Xcompression-level", level, "-b", "256K", "-mkfs-time", "0",
             "-root-mode", "755"],
            stdin=data, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _configure(arch: str, kernel: Path, folder: Path) -> None:
    """Run dpkg in the machine; base.tar is what it left."""
    out = folder / "base.tar"
    with out.open("wb") as empty:
        empty.truncate(OUT_MB << 20)
    console = folder / "console.log"
    vmlinuz = next((kernel / "boot").glob("vmlinuz-*"))
    command = [
        *machine(arch, memory_mb=2048),
        "-kernel", str(vmlinuz), "-initrd", str(folder / "initramfs"),
        "-append", "console=ttyAMA0 console=ttyS0 panic=-1 loglevel=4 mitigations=off kpti=0",
        "-serial", f"file:{console}",
        "-drive", f"if=virtio,file={folder / 'files.squashfs'},format=raw,readonly=on",
        "-drive", f"if=virtio,file={out},format=raw,cache=unsafe",
    ]  # fmt: skip
    print(f"image: configuring Debian's packages for {arch} ({acceleration(arch)})", flush=True)
    subprocess.run(command, check=True, timeout=LIMIT_S, stdin=subprocess.DEVNULL)
    said = console.read_text(errors="replace")
    if "stage: done" not in said:
        raise RuntimeError(f"the packages could not be configured:\n{said[-4000:]}")
