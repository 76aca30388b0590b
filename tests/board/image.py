"""The board's disk and the few files that it boots from."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from board.debian import packages, python_version, unpack
from board.store import digest, made
from board.wheels import dependencies, install

HERE = Path(__file__).resolve().parent
#: mke2fs, depmod and modprobe are root's on Debian, yet work for all.
os.environ["PATH"] += ":/usr/sbin:/sbin"
#: Loaded at boot, with what they need. snd-aloop is the sound card: what is played into one
#: end is captured at the other.
MODULES = [
    *("virtio_pci", "virtio_blk", "virtio_console", "virtio_rng", "9pnet_virtio", "9p"),
    "virtio_net",
    *("ext4", "overlay", "snd-aloop", "snd-seq", "snd-seq-dummy", "snd-hrtimer"),
]
#: Not needed to run; half of the disk.
PRUNED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "boot",
          "usr/share/bug", "usr/share/sounds")  # fmt: skip
#: Of systemd's units, what only delays this board.
MASKED = ("serial-getty@ttyAMA0.service", "systemd-hwdb-update.service", "ldconfig.service",
          "systemd-networkd-wait-online.service", "apt-daily.timer", "apt-daily-upgrade.timer",
          "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer")  # fmt: skip


def disk() -> Path:
    """An ext4 image: Debian's packages and our dependencies, not our own package."""
    debs, wheels = packages(), dependencies()

    def build(folder: Path) -> None:
        root = folder / "root"
        unpack(debs / "root", root)
        for name in PRUNED:
            shutil.rmtree(root / name, ignore_errors=True)
        _configure(root)
        site = root / f"usr/local/lib/python{python_version()}/dist-packages"
        install(sorted(wheels.glob("*.whl")), site)
        size = int(subprocess.check_output(["du", "-sm", str(root)]).split()[0])
        image = folder / "disk.ext4"
        subprocess.run(
            ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-E", "root_owner=0:0", "-d",
             str(root), str(image), f"{size * 5 // 4 + 64}M"],
            check=True,
        )  # fmt: skip
        shutil.rmtree(root)

    return (
        made(
            "disk",
            digest(debs.name, wheels.name, HERE / "guest/board-agent.service", Path(__file__)),
            build,
        )
        / "disk.ext4"
    )


def _configure(root: Path) -> None:
    """What the packages' own scripts would have done, as far as the tests need it."""
    for name in ("passwd", "group"):
        shutil.copy(root / f"usr/share/base-passwd/{name}.master", root / "etc" / name)
    shell = root / "bin/sh"
    if not shell.exists():
        shell.symlink_to("dash")
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "opt", "board", "usr/local/bin"):
        (root / name).mkdir(parents=True, exist_ok=True)
    # Any will do; without one systemd would take every start for the first.
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    (root / "etc/hostname").write_text("pedal\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost pedal\n")
    _users(root)
    units = root / "etc/systemd/system"
    wanted = units / "multi-user.target.wants"
    wanted.mkdir(parents=True, exist_ok=True)
    agent = HERE / "guest/board-agent.service"
    shutil.copy(agent, units)
    (wanted / agent.name).symlink_to(units / agent.name)
    shutil.copy(root / "usr/share/openssh/sshd_config", root / "etc/ssh")
    for name in MASKED:
        (units / name).symlink_to("/dev/null")


def _users(root: Path) -> None:
    """`pi`, as Raspberry Pi Imager makes it: may use sudo, has no password but a key."""

    def append(name: str, *lines: str) -> None:
        with (root / "etc" / name).open("a") as listed:
            listed.writelines(f"{line}\n" for line in lines)

    append("passwd", "pi:x:1000:1000::/home/pi:/bin/bash", "sshd:x:990:65534::/run/sshd:/bin/false")
    append("group", "pi:x:1000:", "systemd-journal:x:991:")
    append("shadow", "root:*:19000:0:99999:7:::", "pi:*:19000:0:99999:7:::")
    groups = (root / "etc/group").read_text()
    for name in ("adm", "sudo", "audio"):
        groups = re.sub(rf"^({name}:.*)$", r"\1pi", groups, flags=re.MULTILINE)
    (root / "etc/group").write_text(groups)
    (root / "etc/sudoers.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/sudoers.d/pi").write_text("pi ALL=(ALL) NOPASSWD: ALL\n")
    for kind in ("auth", "account", "password", "session", "session-noninteractive"):
        word = kind.partition("-")[0]
        (root / f"etc/pam.d/common-{kind}").write_text(f"{word} required pam_unix.so\n")


def boot_files() -> Path:
    """A folder with ``kernel`` and ``initramfs``."""
    debs = packages()
    init = HERE / "guest/init"

    def build(folder: Path) -> None:
        tree = folder / "tree"
        deb = next((debs / "kernel").glob("*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(deb), str(tree)], check=True)
        version = next((tree / "lib/modules").iterdir()).name
        shutil.copy(tree / f"boot/vmlinuz-{version}", folder / "kernel")
        root = folder / "initramfs.d"
        for name in ("bin", "modules", "proc", "sys", "dev", "disk", "over", "new"):
            (root / name).mkdir(parents=True)
        unpack_one = folder / "busybox.d"
        busybox = next((debs / "root").glob("busybox-static_*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(busybox), str(unpack_one)], check=True)
        shutil.copy(unpack_one / "bin/busybox", root / "bin")
        shutil.copy(init, root / "init")
        (root / "init").chmod(0o755)
        order = []
        for number, module in enumerate(_with_dependencies(tree, version)):
            name = f"{number:03}-{module.name}"
            shutil.copy(module, root / "modules" / name)
            order.append(name)
        (root / "modules/order").write_text("\n".join(order) + "\n")
        names = "\n".join(str(p.relative_to(root)) for p in sorted(root.rglob("*")))
        with (folder / "initramfs").open("wb") as out:
            subprocess.run(
                ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"],
                cwd=root, input=names.encode(), stdout=out, check=True,
            )  # fmt: skip
        for name in ("tree", "initramfs.d", "busybox.d"):
            shutil.rmtree(folder / name)

    return made("boot", digest(debs.name, MODULES, init, Path(__file__)), build)


def _with_dependencies(tree: Path, version: str) -> list[Path]:
    """The modules in an order in which they load."""
    subprocess.run(["depmod", "-b", str(tree), version], check=True)
    found: dict[Path, None] = {}
    for name in MODULES:
        told = subprocess.run(
            ["modprobe", "-d", str(tree), "-S", version, "--show-depends", name],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        for path in re.findall(r"^insmod (\S+)", told, re.MULTILINE):
            found[Path(path)] = None
    return list(found)
