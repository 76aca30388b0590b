"""A box with two slots, as files: the real boot state, real bundles, and RAUC to verify them.

Only RAUC's writing into a slot needs a machine of its own (tests/image/test_update.py); here a
script of this module does what RAUC asks of the boot state.
"""

from __future__ import annotations

import platform
import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ddsp_edge.update.box import Box
from ddsp_edge.update.installer import Installer

IMAGE = Path(__file__).resolve().parents[1] / "deploy/image"
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "other")
RUNS = "0.1.0.20261129000000"
NEWER = "0.1.0.20261130000000"
OLDER = "0.1.0.20261128000000"

#: "rauc" of this box: verifies with the real one, and installs as that does, without a slot.
RAUC = """#!/bin/sh
case $1 in
info) exec rauc --conf={folder}/system.conf "$@" ;;
install)
    sh {boot_state} {card} bad b
    echo " 40% Copying image to rootfs.1"
    [ ! -e {folder}/broken ] || {{ echo "Input/output error"; exit 1; }}
    sh {boot_state} {card} try b
    echo "100% Installing done." ;;
esac
"""


@dataclass(frozen=True, slots=True)
class UpdateBox:
    """The box, the folder of its files, and the keys that it accepts."""

    box: Box
    folder: Path
    keys: Path

    @property
    def card(self) -> Path:
        """What stands for the card."""
        return self.folder / "run/card"

    def environment(self) -> dict[str, str]:
        """What leads programs to this box."""
        return {
            "DDSP_EDGE_SYSTEM": str(self.box.run),
            "DDSP_EDGE_UPDATES": str(self.box.folder),
            "DDSP_EDGE_SYSTEM_RELEASE": str(self.box.release),
        }

    def boot_state(self, *words: str) -> str:
        """The real boot-state."""
        command = ["sh", IMAGE / "boot-state", self.card, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def restart(self) -> None:
        """What the initramfs and ddsp-edge-confirm leave at a start."""
        slot = self.boot_state("choose").strip()
        (self.box.run / "slot").write_text(slot + "\n")
        self.box.report.unlink(missing_ok=True)
        self.note()

    def note(self) -> None:
        """What ddsp-edge-confirm tells the other programs."""
        (self.box.run / "boot").write_text(self.boot_state("show"))

    def installer(self, sounds: bool = True) -> Installer:
        """Root's, with a restart that only leaves a mark."""
        return Installer(
            self.box,
            ("sh", str(IMAGE / "boot-state")),
            ("touch", str(self.folder / "restarted")),
            str(self.folder / "rauc"),
            lambda: sounds,
        )

    def bundle(
        self,
        version: str = NEWER,
        kernel: str | None = None,
        machine: str = MACHINE,
        keys: Path | None = None,
    ) -> Path:
        """A signed update with 200 kB of content."""
        content = self.folder / "content"
        if not content.exists():
            content.write_bytes(random.Random(1).randbytes(200_000))
        out = self.folder / f"{version}.raucb"
        out.unlink(missing_ok=True)
        make_bundle(content, machine, version, kernel or platform.release(), out, keys or self.keys)
        return out


def make_bundle(
    content: Path, machine: str, version: str, kernel: str, out: Path, keys: Path
) -> None:
    """Run deploy/image/update/bundle.sh."""
    script = IMAGE / "update/bundle.sh"
    subprocess.run(
        ["sh", script, content, machine, version, kernel, out],
        check=True,
        capture_output=True,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DDSP_EDGE_UPDATE_KEYS": str(keys)},
    )


def need_tools() -> None:
    """Skip where bundles cannot be made."""
    for tool in ("rauc", "mksquashfs", "openssl"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} (Debian: rauc, squashfs-tools, openssl)")


@pytest.fixture(scope="session")
def update_keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The box's key pair, and a stranger's."""
    need_tools()
    made = []
    for name in ("ours", "theirs"):
        folder = tmp_path_factory.mktemp("update-keys") / name
        subprocess.run(["sh", IMAGE / "update/keys.sh", folder], check=True, capture_output=True)
        made.append(folder)
    return made[0], made[1]


@pytest.fixture
def update_box(
    tmp_path: Path, update_keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> UpdateBox:
    """A box that has started version RUNS from slot a."""
    made = make_update_box(tmp_path / "update-box", update_keys[0])
    for name, value in made.environment().items():
        monkeypatch.setenv(name, value)
    return made


def make_update_box(folder: Path, keys: Path) -> UpdateBox:
    """The same in a folder that is yet to be made; programs find it by its ``environment()``."""
    for name in ("run", "update"):
        (folder / name).mkdir(parents=True)
    release = folder / "system-release"
    release.write_text(f'NAME="Debian"\nIMAGE_ID=ddsp-edge\nIMAGE_VERSION={RUNS}\n')
    made = UpdateBox(Box(folder / "run", folder / "update", release), folder, keys)
    made.card.write_bytes(bytes(8192 * 512))
    conf = (
        (IMAGE / "update/system.conf").read_text().replace("@COMPATIBLE@", f"ddsp-edge-{MACHINE}")
    )
    conf = conf.replace("/etc/ddsp-edge/update-cert.pem", str(keys / "update-cert.pem"))
    (folder / "system.conf").write_text(conf)
    (folder / "rauc").write_text(
        RAUC.format(folder=folder, boot_state=IMAGE / "boot-state", card=made.card)
    )
    (folder / "rauc").chmod(0o755)
    made.restart()
    return made
