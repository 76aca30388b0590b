"""Every command of docs/deploy.md, in its order and as it is written there, on bare devices.

``pedal.local`` and ``pedal-1.local`` are one, ``pedal-2.local`` another; both are reached by
what a user's ssh_config says. The first one's engine plays through jackd's dummy driver. What
cannot be run here is listed with the reason, and where it is run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from overlay_device import OverlayDevice, Unavailable

from ddsp_edge.bundle import write_bundle
from ddsp_edge.library import find_model
from ddsp_edge.remote.provision import SOURCES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "deploy.md").read_text()
#: Seconds that one command may take; building on the device takes minutes.
LONGEST_S = 600.0
NOT_HERE = {
    "ssh pi@pedal.local sudo reboot": "an overlay of a running machine has nothing to start again",
    "make deb ARCH=arm64": "tests/board/test_package.py makes it",
    "scp out/": "tests/board/test_package.py puts it on the board",
    "ssh pi@pedal.local 'sudo apt-get": "tests/board/test_package.py installs it with apt",
    "ddsp-edge train": "takes an hour; docs/training.md. A shipped model stands for the new one",
    "ddsp-edge remote logs": "no journal without systemd; tests/board/test_ssh.py reads it",
    "pip install ansible-core": "make deploy-test has installed it",
}


def commands() -> list[str]:
    """The lines of all ``sh`` blocks, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [re.sub(r"\s+#.*$", "", line) for line in lines]


class Stage:
    """The user's computer, and the two devices."""

    def __init__(self, folder: Path, pedal: OverlayDevice, second: OverlayDevice) -> None:
        self.folder, self.pedal, self.second = folder, pedal, second
        self.clone = folder / "clone"
        self.home = folder / "home"
        self._engine: subprocess.Popen[bytes] | None = None
        self._copy_sources()
        self._programs()
        self._card()

    def _copy_sources(self) -> None:
        self.clone.mkdir()
        for name in (*SOURCES, "MANIFEST.in", "CHANGELOG.md"):
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, self.clone / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, self.clone)
        self.newer(1)

    def newer(self, day: int) -> None:
        """cello.zip as it was made on that day."""
        cello = find_model("cello")
        info = replace(cello.info, export_time=f"2026-12-{day:02}T00:00:00+00:00")
        write_bundle(self.clone / "cello.zip", replace(cello, info=info))

    def _programs(self) -> None:
        """ssh with this user's configuration, and `ddsp-edge`; both found on PATH."""
        secret = self.home / ".ssh" / "id_ed25519"
        secret.parent.mkdir(parents=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", secret], check=True)
        config = self.home / ".ssh" / "config"
        entries = []
        for device, names in (
            (self.pedal, "pedal.local pedal-1.local"),
            (self.second, "pedal-2.local"),
        ):
            entries.append(device.entry(names, "pi", secret))
            public = secret.with_suffix(".pub").read_text().strip()
            device.ssh(
                "command -v sudo >/dev/null || apt-get install -y -qq sudo >/dev/null; "
                "useradd -m -s /bin/bash -p '*' pi && "
                "echo 'pi ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/pi && mkdir /home/pi/.ssh && "
                f"echo '{public}' >/home/pi/.ssh/authorized_keys && chown -R pi: /home/pi"
            )
        config.write_text("".join(entries))
        programs = self.folder / "bin"
        programs.mkdir()
        ssh = shutil.which("ssh")
        scripts = {
            "ssh": f'exec {ssh} -F {config} "$@"',
            "ddsp-edge": f'PYTHONPATH={self.clone} exec {sys.executable} -m ddsp_edge "$@"',
        }
        for name, line in scripts.items():
            (programs / name).write_text(f"#!/bin/sh\n{line}\n")
            (programs / name).chmod(0o755)
        path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        # No ~/.ansible of the user's; pip, apt and Python are as the machine has them.
        self.environment = {**os.environ, "PATH": path, "HOME": str(self.home)}
        self.environment |= {"ANSIBLE_NOCOLOR": "1"}

    def _card(self) -> None:
        """The owner's configuration, there before: whatever the hat, this card plays here."""
        config = self.pedal.folder / "config.toml"
        config.write_text(
            "[audio]\ncard = 'jk'\n[midi]\napi = 'none'\n[instrument]\nsource = 'synth'\n"
            "model = 'violin'\n[control]\ngroup = 'ddsp-edge'\n"
        )
        self.pedal.ssh(f"mkdir -p /etc/ddsp-edge && cp {config} /etc/ddsp-edge")

    def start_engine(self, card: dict[str, str]) -> None:
        """What systemd does at the device's next start."""
        shutil.copy(card["ALSA_CONFIG_PATH"], self.pedal.folder / "asound.conf")
        given = {**card, "ALSA_CONFIG_PATH": f"{self.pedal.folder}/asound.conf"}
        given |= {"STATE_DIRECTORY": "/var/lib/ddsp-edge", "RUNTIME_DIRECTORY": "/run/ddsp-edge"}
        words = " ".join(f"{key}={value}" for key, value in given.items())
        log = (self.folder / "engine.log").open("wb")
        self._engine = subprocess.Popen(
            ["ssh", "-F", str(self.pedal.config), "device",
             "mkdir -p /run/ddsp-edge && umask 002 && "
             f"exec env {words} /opt/ddsp-edge/venv/bin/python -m firmware_py"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        for _ in range(300):
            asked = subprocess.run(
                ["ssh", "-F", str(self.pedal.config), "device", "ddsp-edge status --json"],
                capture_output=True, text=True,
            )  # fmt: skip
            if '"violin"' in asked.stdout:
                return
            assert self._engine.poll() is None, (self.folder / "engine.log").read_text()
            time.sleep(0.1)
        raise AssertionError(asked.stdout + asked.stderr)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.terminate()
            self._engine.wait()

    def run(self, line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.clone, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=LONGEST_S,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{line}\n{said[-5000:]}"
        return said


@pytest.fixture
def stage(device, tmp_path_factory):
    """Skips, saying why, where no device can be made."""
    if shutil.which("ansible-playbook", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("no ansible-playbook (pip install ansible-core)")
    try:
        second = OverlayDevice(tmp_path_factory.mktemp("second"))
    except Unavailable as error:
        pytest.skip(f"no second device: {error}")
    made = None
    try:
        made = Stage(tmp_path_factory.mktemp("user"), device, second)
        yield made
    finally:
        if made is not None:
            made.close()
        second.close()


def test_every_command_is_right(stage: Stage, jack_card) -> None:
    def partition() -> None:
        stage.second.ssh("mount -t tmpfs none /var/lib/ddsp-edge")

    def boards() -> None:
        """The user's own inventory: the example with what is there."""
        path = stage.clone / "deploy/ansible/inventory.yml"
        text = path.read_text()
        text = text[: text.index("    modules:")]
        wheels = f"    ddsp_edge_wheelhouse: {stage.clone}/wheels\n"
        path.write_text(text.replace("  vars:\n", f"  vars:\n{wheels}", 1))
        stage.newer(3)
        stage.run("ddsp-edge sign cello.zip")

    def another() -> None:
        stage.newer(2)
        stage.run("ddsp-edge deploy cello.zip pedal.local")

    before: dict[str, Callable[[], None]] = {
        "ssh pi@pedal.local ddsp-edge doctor": lambda: stage.start_engine(jack_card.env),
        "ddsp-edge provision pi@pedal-2.local --wheelhouse wheels --read-only-root": partition,
        "ddsp-edge deploy cello.zip pedal-1.local pedal-2.local": lambda: stage.run(
            "ddsp-edge provision pi@pedal-2.local --wheelhouse wheels"
        ),
        "ddsp-edge remote rollback cello pedal.local": another,
        "cd deploy/ansible && ansible-playbook site.yml --check": boards,
    }
    says = {
        "ddsp-edge deploy cello.zip pedal.local": "cello plays now",
        "ddsp-edge remote rollback cello pedal.local": "cello is back; cello plays now",
        "ddsp-edge provision pi@pedal-2.local --uninstall": "ddsp-edge is removed",
        "ddsp-edge deploy cello.zip pedal.local --sign ~/.ssh/id_ed25519": "cello plays now",
        "ddsp-edge provision pi@pedal.local --hat hifiberry": "done: ",
    }
    told: list[str] = []
    for line in commands():
        if reason := next((why for start, why in NOT_HERE.items() if line.startswith(start)), ""):
            print(f"not here: {line}: {reason}", flush=True)
            continue
        if line in before and line not in told:
            before[line]()
        begun = time.monotonic()
        said = stage.run(line)
        print(f"{time.monotonic() - begun:5.1f} s  {line}", flush=True)
        assert says.get(line, "") in said, said
        told.append(line)
        if line == "ddsp-edge provision pi@pedal-2.local --uninstall":
            stage.second.ssh("umount /var/lib/ddsp-edge && rmdir /var/lib/ddsp-edge")
            stage.second.ssh("test ! -e /etc/overlayroot.local.conf && test ! -e /opt/ddsp-edge")
    assert "signed by luthier@workshop" in stage.run("ddsp-edge deploy cello.zip pedal.local")
    again = stage.run("cd deploy/ansible && ansible-playbook site.yml")
    assert re.findall(r"changed=(\d+)", again) == ["0", "0"], again[-4000:]
    # The key that may only deploy may do nothing else.
    asked = "ssh -i deploy_key -o IdentitiesOnly=yes pi@pedal.local id"
    assert "uid=" in stage.run("ssh pi@pedal.local id") and stage.run(asked) == ""


def test_every_command_in_the_text_is_run_or_excused() -> None:
    """No ``ddsp-edge VERB ARGUMENT`` stands in a sentence only."""
    prose = re.sub(r"^```.*?^```", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`]*)`", prose)
    assert [s for s in spans if re.match(r"ddsp-edge \S+ \S", s) and s not in commands()] == []
    for start in NOT_HERE:
        assert any(line.startswith(start) for line in commands()), f"{start}: not in the text"
