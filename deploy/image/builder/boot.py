"""The kernel of a machine, its modules, and initramfs archives; none of it is run here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from board.store import digest, made

from builder.debs import packages

#: depmod and modprobe are root's on Debian, yet work for all.
os.environ["PATH"] += ":/usr/sbin:/sbin"


def kernel(arch: str, realtime: bool = False) -> Path:
    """A folder with Debian's kernel unpacked: boot/, usr/lib/modules/VERSION with its indexes,
    and for arm64 usr/lib/linux-image-VERSION with the device trees."""
    debs = packages(arch, realtime)

    def build(folder: Path) -> None:
        deb = next((debs / "kernel").glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(deb), str(folder)], check=True)
        if not (folder / "usr/lib/modules").exists():
            shutil.move(folder / "lib", folder / "usr/lib")
        if not (folder / "lib").exists():
            (folder / "lib").symlink_to("usr/lib")
        subprocess.run(["depmod", "-b", str(folder), version_in(folder)], check=True)

    kind = f"image-kernel-{arch}{'-rt' if realtime else ''}"
    return made(kind, digest(debs.name, 1), build)


def version_in(folder: Path) -> str:
    """The kernel's version, as `uname -r` says it."""
    return next((folder / "usr/lib/modules").iterdir()).name


def with_dependencies(tree: Path, names: Iterable[str]) -> list[Path]:
    """Files of those modules in an order in which they load; what is built in has none. Raises
    ValueError where the kernel has no such module."""
    found: dict[Path, None] = {}
    for name in names:
        done = subprocess.run(
            ["modprobe", "-d", str(tree), "-S", version_in(tree), "--show-depends", name],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise ValueError(f"{version_in(tree)} has no module {name}: {done.stderr.strip()}")
        for path in re.findall(r"^insmod (\S+)", done.stdout, re.MULTILINE):
            found[Path(path)] = None
    return list(found)


def initramfs(
    tree: Path, busybox: Path, init: str, names: Iterable[str], out: Path, files: dict[str, str]
) -> None:
    """Write an initramfs: ``busybox``, the script ``init``, modules by name (unpacked, since an
    initramfs is read whole anyway) and text ``files`` by path, each executable."""
    root = out.parent / f".{out.name}.d"
    for name in ("bin", "modules", "proc", "sys", "dev", "run", "new"):
        (root / name).mkdir(parents=True)
    shutil.copy(busybox, root / "bin/busybox")
    for path, text in {"init": init, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        (root / path).chmod(0o755)
    for number, module in enumerate(with_dependencies(tree, names)):
        target = root / f"modules/{number:03}-{module.name.removesuffix('.xz')}"
        if module.suffix == ".xz":
            target.write_bytes(subprocess.check_output(["xz", "-dc", str(module)]))
        else:
            shutil.copy(module, target)
    for path in sorted(root.rglob("*")):
        os.utime(path, (0, 0), follow_symlinks=False)
    listed = "\n".join(str(p.relative_to(root)) for p in sorted(root.rglob("*")))
    archive = subprocess.run(
        ["cpio", "--quiet", "--reproducible", "-o", "-H", "newc", "-R", "0:0"],
        cwd=root, input=listed.encode(), stdout=subprocess.PIPE, check=True,
    ).stdout  # fmt: skip
    out.write_bytes(
        subprocess.run(["gzip", "-9n"], input=archive, stdout=subprocess.PIPE, check=True).stdout
    )
    shutil.rmtree(root)
