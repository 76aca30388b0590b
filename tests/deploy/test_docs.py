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

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.library.catalog import find_model
from ddsp_edge.remote.provision import SOURCES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "deploy.md").read_text()
#: Seconds that one command may take; building on the device takes minutes.
LONGEST_S = 600.0
FIRST, FLEET = TEXT.split("## Fleets: Ansible")
NOT_HERE = {
    "ssh pi@pedal.local sudo reboot": "an overlay of a running machine has nothing to start again",
    "make deb ARCH=arm64": "tests/board/test_package.py makes it",
    "scp out/": "tests/board/test_package.py puts it on the board",
    "ssh pi@pedal.local 'sudo apt-get": "tests/board/test_package.py installs it with apt",
    "ddsp-edge train": "takes an hour; docs/training.md. A shipped model stands for the new one",
    "ddsp-edge remote logs": "no journal without systemd; tests/board/test_ssh.py reads it",
    "ddsp-edge deploy cello.zip root@": "tests/ddsp_edge/remote/test_lv2_boxes.py sends it",
    "pip install ansible-core": "make deploy-test has installed it",
}


def commands(text: str) -> list[str]:
    """The lines of all ``sh`` blocks, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
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
        for name in (*SOURCES, "MANIFEST.in", "CHANGELOG.md", "Makefile"):
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, self.clone / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, self.clone)
        self.newer(1)

    def newer(self, day: int) -> None:
        """cello.zip as it was made on that day, not signed yet."""
        (self.clone / "cello.zip.sig").unlink(missing_ok=True)
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
            entries.append(device.entry(names, "", secret))
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


@pytest.fixture(scope="module")
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


def play(stage: Stage, text: str, before: dict[str, Callable[[], object]]) -> dict[str, str]:
    """Run the commands of a text, each after what is to be done before it; what they said last."""
    said: dict[str, str] = {}
    for line in commands(text):
        if reason := next((why for start, why in NOT_HERE.items() if line.startswith(start)), ""):
            print(f"not here: {line}: {reason}", flush=True)
            continue
        if line not in said:
            before.get(line, lambda: None)()
        begun = time.monotonic()
        said[line] = stage.run(line)
        print(f"{time.monotonic() - begun:5.1f} s  {line}", flush=True)
    return said


def test_from_a_blank_card_to_the_stage(stage: Stage, jack_card) -> None:
    def another() -> None:
        stage.newer(2)
        assert "cello plays now" in stage.run("ddsp-edge deploy cello.zip pedal.local")

    def second_again() -> None:
        stage.second.ssh("umount /var/lib/ddsp-edge && rm -r /var/lib/ddsp-edge")
        stage.second.ssh("test ! -e /etc/overlayroot.local.conf && test ! -e /opt/ddsp-edge")
        stage.run("ddsp-edge provision pi@pedal-2.local --wheelhouse out/wheels")

    read_only = "ddsp-edge provision pi@pedal-2.local --wheelhouse out/wheels --read-only-root"
    said = play(
        stage,
        FIRST,
        {
            "ssh pi@pedal.local ddsp-edge doctor": lambda: stage.start_engine(jack_card.env),
            read_only: lambda: stage.second.ssh("mount -t tmpfs none /var/lib/ddsp-edge"),
            "ddsp-edge remote rollback cello pedal.local": another,
            "ddsp-edge deploy cello.zip pedal-1.local pedal-2.local": second_again,
        },
    )
    for line, says in {
        "ddsp-edge provision pi@pedal.local --hat hifiberry": "done: ",
        read_only: "read-only root from the next start on",
        "ddsp-edge provision pi@pedal-2.local --uninstall": "ddsp-edge is removed",
        "ddsp-edge remote rollback cello pedal.local": "cello is back; cello plays now",
        # The last time that it stands there: with a policy that wants a signature.
        "ddsp-edge deploy cello.zip pedal.local": "signed by luthier@workshop; cello plays now",
    }.items():
        assert says in said[line], f"{line}: {said[line]}"
    # The key that may only deploy may do nothing else.
    asked = "ssh -i deploy_key -o IdentitiesOnly=yes pi@pedal.local id"
    assert "uid=" in stage.run("ssh pi@pedal.local id") and "uid=" not in stage.run(asked)


def test_a_fleet(stage: Stage, wheels: Path) -> None:
    def boards() -> None:
        """The user's own inventory: the example with what is there."""
        path = stage.clone / "deploy/ansible/inventory.yml"
        text = path.read_text()
        text = text[: text.index("    modules:")]
        path.write_text(
            text.replace("  vars:\n", f"  vars:\n    ddsp_edge_wheelhouse: {wheels}\n", 1)
        )

    check = "cd deploy/ansible && ansible-playbook site.yml --check"
    stage.newer(3)
    said = play(stage, FLEET, {check: boards})
    recaps = [[int(n) for n in re.findall(r"changed=(\d+)", text)] for text in said.values()]
    checked, again, models, removed = recaps[-4:]
    assert len(checked) == 2 and min(checked) > 0
    assert again == [0, 0], said["cd deploy/ansible && ansible-playbook site.yml"][-6000:]
    assert models == [1, 1] and min(removed) > 0
    for device in (stage.pedal, stage.second):
        device.ssh("test ! -e /opt/ddsp-edge && ! getent passwd ddsp-edge")


def test_every_command_in_the_text_is_run_or_excused() -> None:
    """No ``ddsp-edge VERB ARGUMENT`` stands in a sentence only."""
    prose = re.sub(r"^```.*?^```", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`]*)`", prose)
    assert [s for s in spans if re.match(r"ddsp-edge \S+ \S", s) and s not in commands(TEXT)] == []
    for start in NOT_HERE:
        assert any(line.startswith(start) for line in commands(TEXT)), f"{start}: not in the text"
