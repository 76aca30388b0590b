"""The Ansible role on a bare device: sets it up; again and in check mode changes nothing; away."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ANSIBLE = Path(__file__).resolve().parents[2] / "deploy" / "ansible"
WHERE = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
PLAYBOOK = shutil.which("ansible-playbook", path=WHERE)
VARIABLES = """
all:
  children:
    ddsp_edge:
      hosts:
        board-that-is-off:
          ansible_host: 127.0.0.1
          ansible_port: 1
        device:
          ansible_ssh_common_args: -F {config}
          ansible_become: false  # root already
          ddsp_edge_wheelhouse: {wheels}
          ddsp_edge_board: pi-zero-2w
          ddsp_edge_use: module
          ddsp_edge_panel: all
          ddsp_edge_config: |
            [usb]
            gadget = "midi"
          ddsp_edge_require_signature: true
          ddsp_edge_trusted_keys: ["luthier ssh-ed25519 AAAA"]
          ddsp_edge_deploy_user: courier
          ddsp_edge_deploy_keys: ["ssh-ed25519 BBBB deploy@laptop"]
"""


@pytest.fixture
def play(device, wheels, tmp_path):
    """Runs a playbook on the device, or on other hosts too; what changed on the last one."""
    if PLAYBOOK is None:
        pytest.skip("no ansible-playbook (pip install ansible-core)")
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(VARIABLES.format(config=device.config, wheels=wheels))

    def run(book: str, *words: str, hosts: str = "device", good: bool = True) -> dict[str, int]:
        done = subprocess.run(
            [PLAYBOOK, "-i", str(inventory), "--limit", hosts, book, *words],
            cwd=ANSIBLE,
            env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
                 "ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_NOCOLOR": "1",
                 "ANSIBLE_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=500,
        )  # fmt: skip
        assert (done.returncode == 0) == good, done.stdout[-4000:] + done.stderr[-2000:]
        recap = done.stdout.rsplit("PLAY RECAP", 1)[1]
        counts = dict(word.split("=") for word in recap.split() if "=" in word)
        return {key: int(value) for key, value in counts.items()} | {"log": done.stdout}

    return run


def test_a_board_that_fails_ends_a_rolling_update(device, play):
    before = device.changes()
    said = play("site.yml", hosts="all", good=False)
    assert said["unreachable"] == 1 and "device" not in said["log"].rsplit("PLAY RECAP", 1)[1]
    assert device.changes() == before


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_what_cannot_be_is_said_before_anything_changes(device, play, check):
    before = device.changes()
    with device.debians_kernel():
        said = play("site.yml", *check, "-e", "ddsp_edge_hat=pisound", good=False)
    assert "Debian's kernel has no driver for the pisound" in said["log"]
    for wrong in ("ddsp_edge_board=pi-9", "ddsp_edge_hat=none", "ddsp_edge_use=drum"):
        said = play("site.yml", *check, "-e", wrong, good=False)
        assert "names no file of deploy/boards" in said["log"]
    assert device.changes() == before


def test_check_mode_first_then_set_up_then_nothing_then_away(device, play):
    before = device.changes()
    checked = play("site.yml", "--check")
    assert checked["changed"] > 5, checked["log"][-6000:]
    device.ssh("test ! -e /opt/ddsp-edge && ! getent passwd ddsp-edge")
    made = play("site.yml")
    assert made["changed"] > 5 and made["failed"] == 0
    assert "cello" in device.ssh("ddsp-edge models list")
    assert "require_signature = true" in device.ssh("cat /etc/ddsp-edge/deploy.toml")
    assert "luthier" in device.ssh("cat /etc/ddsp-edge/allowed_signers")
    keys = device.ssh("cat ~courier/.ssh/authorized_keys")
    assert 'restrict,command="ddsp-edge receive" ssh-ed25519 BBBB' in keys
    assert "ddsp-edge" in device.ssh("id -nG courier").split()
    for unit in ("ddsp-edge.service", "ddsp-edge-gadget.path"):
        device.ssh(f"test -L /etc/systemd/system/multi-user.target.wants/{unit}")
    assert 'source = "synth"' in device.ssh("cat /etc/ddsp-edge/use.toml")
    assert 'host = "0.0.0.0"' in device.ssh("cat /etc/ddsp-edge/panel.toml")
    dropped = device.ssh("cat /etc/systemd/system/ddsp-edge.service.d/four-cores.conf")
    assert "CPUAffinity=0-2" in dropped
    assert "no USB device controller" in made["log"]  # said, and the installation went on
    again = play("site.yml")
    assert again["changed"] == 0, again["log"][-6000:]
    checked = play("site.yml", "--check")
    assert checked["changed"] == 0, checked["log"][-6000:]
    assert play("remove.yml", "--check")["changed"] > 0
    assert "cello" in device.ssh("ddsp-edge models list")
    assert play("remove.yml")["changed"] > 0
    assert device.changes() == before
    again = play("remove.yml")
    assert again["changed"] == 0, again["log"][-6000:]


def test_the_example_inventory_and_playbooks_are_well_formed(tmp_path):
    if PLAYBOOK is None:
        pytest.skip("no ansible-playbook (pip install ansible-core)")
    program = Path(PLAYBOOK).with_name("ansible-inventory")
    environment = {**os.environ, "ANSIBLE_HOME": str(tmp_path)}
    done = subprocess.run(
        [str(program), "-i", "inventory.example.yml", "--list"],
        cwd=ANSIBLE, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["pedals"]["hosts"] == ["pedal-1.local", "pedal-2.local"]
    for book in ("site.yml", "models.yml", "remove.yml"):
        done = subprocess.run(
            [PLAYBOOK, "-i", "inventory.example.yml", "--syntax-check", book],
            cwd=ANSIBLE, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
