"""The system of a slot as one squashfs with owners: the base layer, the kernel's modules, our
package and the image's own files."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

from board.store import digest, made

from builder import boot
from builder.base import base, squash
from builder.bytecode import compile_all
from builder.debs import packages
from builder.tree import TreeWriter, debian_files
from builder.users import LISTS, with_users

HERE = Path(__file__).resolve().parent.parent
FILES, UNITS = HERE / "files", HERE / "units"
SYSUSERS = sorted((HERE.parent / "sysusers.d").glob("*.conf"))
#: Modules of hardware that a box has not got: half of them all. What a Raspberry Pi, a USB device
#: or a test's machine may have stays.
PRUNED_MODULES = re.compile(
    r"kernel/(drivers/(gpu|infiniband|media(?!/mc/)|isdn|scsi/\w+|ata|atm|fpga|staging|iio|hwtracing|accel"
    r"|target|nvme|nfc|comedi|parport|greybus|tee|vfio|net/(ethernet/(?!broadcom/)\w+|can|dsa|wan|fddi"
    r"|wireless/(ath|intel|marvell|mediatek|rsi|ti|microchip|silabs|st|purelifi|realtek)))"
    r"|fs/(xfs|btrfs|ocfs2|gfs2|ceph|nfs|nfsd|smb|afs|jfs|reiserfs|f2fs|ubifs|nilfs2|udf|orangefs"
    r"|bcachefs)"
    r"|net/(sctp|ceph|openvswitch|batman-adv|tipc|rds|dccp|9p|sunrpc|atm|ax25|netrom|rose|x25)"
    r"|sound/soc/(?!bcm|codecs|generic)\w+|arch/x86/kvm|arch/arm64/kvm)/"
)
#: Without these it would be no instrument, or would not start.
WANTED = ("snd_usb_audio", "snd_seq_midi", "snd_rawmidi", "usbhid", "evdev", "xhci_pci",
          "squashfs", "overlay", "ext4", "vfat")  # fmt: skip
#: Sound cards on the board's own bus: Debian's kernel has no drivers for them.
RASPBERRY_PI_OS = re.compile(r"usr/share/ddsp-edge/hats/(hifiberry|pisound)\.")
OTHER_PYTHON = "opt/ddsp-edge/venv/bin/python"
CONFIG = "etc/ddsp-edge/config.toml"
SITE = "usr/lib/ddsp-edge/site"


def system(arch: str, deb: Path, version: str, realtime: bool = False) -> Path:
    """The squashfs of a slot with our package ``deb`` in it; kept until anything of it changes."""
    layer, kernel = base(arch), boot.kernel(arch, realtime)
    own = sorted(p for p in FILES.rglob("*") if p.is_file() or p.is_symlink())
    listed = [(str(p.relative_to(FILES)), p) for p in own]
    parts = [part for name, path in listed for part in (name, path)]
    code = [
        Path(__file__),
        *(HERE / "builder" / name for name in ("bytecode.py", "tree.py", "users.py")),
    ]
    updates = [HERE / "boot-state", *sorted((HERE / "update").iterdir()), update_certificate()]
    content = [layer.parent.name, kernel.name, deb, version, UNITS, *SYSUSERS, *updates, *parts]
    key = digest(*content, *code)

    def build(folder: Path) -> None:
        tar = folder / "system.tar"
        dated = numbers_of(version, time.time())
        (folder / "version").write_text(dated + "\n")
        with TreeWriter(tar) as tree:
            _own(tree)
            _units(tree, layer)
            _package(tree, deb, folder)
            _updates(tree, arch, dated, folder)
            tree.file("etc/ddsp-edge-image", f"{version} {arch} {boot.version_in(kernel)}\n")
            _lists(tree, layer, deb)
            # One end for both: what was written first stays.
            with tarfile.open(layer) as files:
                tree.copy(files, re.compile(r"etc/(hostname|machine-id)$"))
            _modules(tree, kernel)
            if arch == "arm64":
                _radio(tree, arch)
        squash(tar, folder / "system.squashfs", "zstd", "9")
        tar.unlink()

    return made(f"image-system-{arch}", key, build) / "system.squashfs"


def _own(tree: TreeWriter) -> None:
    for path in sorted(FILES.rglob("*")):
        name = str(path.relative_to(FILES))
        if path.is_symlink():
            tree.link(name, str(path.readlink()))
        elif path.is_file():
            tree.file(name, path.read_bytes(), 0o755 if path.stat().st_mode & 0o100 else 0o644)
    for folder in ("data", "boot/firmware"):
        tree.folder(folder)
    tree.file("etc/fstab", "# The initramfs mounts everything (docs/image.md).\n")
    tree.link("etc/mtab", "../proc/self/mounts")


def units(text: str) -> list[tuple[str, str]]:
    """(action, unit) of each line of the list of units. Raises ValueError for what is neither
    enable nor mask, or gives no reason."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(maxsplit=2)
        if not words or line.startswith("#"):
            continue
        if len(words) < 3 or words[0] not in ("enable", "mask"):
            raise ValueError(f"units, line {number}: enable or mask, a unit and the reason")
        found.append((words[0], words[1]))
    return found


def _units(tree: TreeWriter, layer: Path) -> None:
    for action, unit in units(UNITS.read_text()):
        if action == "mask":
            tree.link(f"etc/systemd/system/{unit}", "/dev/null")
        else:
            tree.link(
                f"etc/systemd/system/multi-user.target.wants/{unit}",
                f"/usr/lib/systemd/system/{unit}",
            )


def _package(tree: TreeWriter, deb: Path, folder: Path) -> None:
    """Our package's files, its Python compiled; what its script does is done by users.py,
    by systemd (folders) and by the list of units."""
    root = folder / "package"
    subprocess.run(["dpkg-deb", "-x", str(deb), str(root)], check=True)
    compile_all(root / SITE)
    config = root / CONFIG
    config.write_text(reachable(config.read_text()))
    _all_of(tree, root)
    # Units that name the other place where the program may be find it too.
    run = f'#!/bin/sh\nPYTHONPATH=/{SITE} exec /usr/bin/python3 -s -P "$@"\n'
    tree.file(OTHER_PYTHON, run, 0o755)


def _all_of(tree: TreeWriter, root: Path) -> None:
    """A folder's files, root's; the folder is removed."""
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if RASPBERRY_PI_OS.match(name):
            continue
        if path.is_symlink():
            tree.link(name, str(path.readlink()))
        elif path.is_dir():
            tree.folder(name)
        else:
            tree.file(name, path.read_bytes(), path.stat().st_mode & 0o777)
    shutil.rmtree(root)


def _updates(tree: TreeWriter, arch: str, version: str, folder: Path) -> None:
    """What receives updates, and the certificate of those it accepts (docs/update.md)."""
    root = folder / "updates"
    (root / "usr/lib/ddsp-edge").mkdir(parents=True)
    scripts = HERE / "update"
    cert = str(update_certificate())
    words = ["sh", str(scripts / "install.sh"), str(root), arch, version, cert]
    subprocess.run(words, check=True)
    _all_of(tree, root)


def numbers_of(version: str, built_s: float) -> str:
    """The numbers that a version begins with and the time of the build (UTC), by which updates are
    compared: of two builds of one version the later is the newer. Raises ValueError."""
    found = re.match(r"[\d.]*\d", version)
    if found is None:
        raise ValueError(f"the version {version} begins with no number, so it cannot be compared")
    return f"{found[0]}.{time.strftime('%Y%m%d%H%M%S', time.gmtime(built_s))}"


def version_of(squashfs: Path) -> str:
    """The version that was written into a slot's content when it was built."""
    return squashfs.with_name("version").read_text().strip()


def update_certificate() -> Path:
    """Whose updates a box accepts; made with its key at first use."""
    words = ["sh", str(HERE / "update/keys.sh")]
    told = subprocess.run(words, check=True, capture_output=True, text=True)
    return Path(told.stdout.strip()) / "update-cert.pem"


#: What the image's configuration has otherwise: a box has no screen of its own. Who is let into the
#: panel is told by the pairing code; who is in the network plays, as with every RTP-MIDI device.
REACHABLE = {
    '#host = "127.0.0.1"': 'host = "0.0.0.0"     ',
    '#rtp = ""             ': 'rtp = "0.0.0.0:5004"  ',
}


def reachable(config: str) -> str:
    """The configuration with panel and RTP-MIDI on every network. Raises ValueError where a line is
    not there."""
    for line, other in REACHABLE.items():
        if config.count(line) != 1:
            raise ValueError(f"{CONFIG} has no line {line}: nobody would reach the image's box")
        config = config.replace(line, other)
    return config


def _lists(tree: TreeWriter, layer: Path, deb: Path) -> None:
    """What the base layer lists, with ours: users and groups, and dpkg's packages, so that who asks
    is told."""
    wanted = {f"./etc/{name}": name for name in LISTS} | {"./var/lib/dpkg/status": "status"}
    found, modes = {}, {}
    with tarfile.open(layer) as files:
        for info in files:
            if info.name in wanted:
                data = files.extractfile(info)
                assert data is not None
                found[wanted[info.name]] = data.read().decode()
                modes[wanted[info.name]] = (info.mode, (info.uid, info.gid))
    for name, text in with_users(found, SYSUSERS).items():
        tree.file(f"etc/{name}", text, *modes[name])
    first, rest = subprocess.check_output(["dpkg-deb", "-f", str(deb)], text=True).split("\n", 1)
    ours = f"{first}\nStatus: install ok installed\n{rest.rstrip()}\n"
    tree.file("var/lib/dpkg/status", f"{found['status'].rstrip()}\n\n{ours}")


def _radio(tree: TreeWriter, arch: str) -> None:
    """The settings of a Raspberry Pi's Wi-Fi, which are in its firmware's package."""
    deb = next((packages(arch) / "firmware").glob("*.deb"))
    with debian_files(deb, "--fsys-tarfile") as files:
        tree.copy(files, re.compile(r"(?!usr/lib/firmware/)"))


def kept_modules(modules_dep: str) -> set[str]:
    """Of the modules in the text of a modules.dep those that the image has: none without all that
    it depends on. Raises ValueError where one of :data:`WANTED` is not among them."""
    depends = {
        name: words.split()
        for name, _, words in (line.partition(":") for line in modules_dep.splitlines())
    }
    kept = {name for name in depends if not PRUNED_MODULES.match(name)}
    while lacking := {name for name in kept if not kept.issuperset(depends[name])}:
        kept -= lacking
    there = {name.rpartition("/")[2].partition(".")[0].replace("-", "_") for name in kept}
    if missing := sorted(set(WANTED) - there):
        raise ValueError(f"the image would lack modules: {', '.join(missing)}")
    return kept


def _modules(tree: TreeWriter, kernel: Path) -> None:
    version = boot.version_in(kernel)
    top = kernel / "usr/lib/modules" / version
    pruned = kernel / ".pruned"
    shutil.rmtree(pruned, ignore_errors=True)
    target = pruned / "lib/modules" / version
    kept = kept_modules((top / "modules.dep").read_text())
    for path in top.rglob("*"):
        name = str(path.relative_to(top))
        module = ".ko" in path.suffixes
        if path.is_file() and not path.is_symlink() and (name in kept or not module):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / name)
    subprocess.run(["depmod", "-b", str(pruned), version], check=True)
    for path in sorted(target.rglob("*")):
        if path.is_file():
            name = f"usr/lib/modules/{version}/{path.relative_to(target)}"
            tree.file(name, path.read_bytes())
    shutil.rmtree(pruned)
