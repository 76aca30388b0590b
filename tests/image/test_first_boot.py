"""What Raspberry Pi Imager writes is taken over, and nothing else: first_boot.py and identity.

The texts have the fields and the shape that Imager 1.8 and 2 give them.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "deploy/image/files/usr/lib/ddsp-edge/image"
pytest.importorskip("yaml", reason="PyYAML reads what Imager writes")

HASH = "$y$j9T$abcdefghijklmnopqrstu.$0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJustForThisTestJustForThisTestJustFor0 me@here"
USER_DATA = f"""#cloud-config
manage_resolv_conf: false

hostname: stage-left
manage_etc_hosts: true
packages:
- avahi-daemon
apt:
  preserve_sources_list: true
  conf: |
    Acquire {{
      Check-Date "false";
    }};
timezone: Europe/Berlin
keyboard:
  model: pc105
  layout: "de"
user:
  name: anna
  shell: /bin/bash
  lock_passwd: false
  passwd: "{HASH}"
  ssh_authorized_keys:
    - "{KEY}"
  sudo: null
ssh_pwauth: true

runcmd:
  - [ systemctl, enable, --now, ssh ]
  - [ sh, -c, "touch /tmp/ran" ]
"""
NETWORK = """network:
  version: 2
  ethernets:
    eth0:
      dhcp4: true
  wifis:
    wlan0:
      dhcp4: true
      regulatory-domain: "DE"
      access-points:
        "Café; #7":
          hidden: true
          password: "correct \\"horse"
      optional: true
"""
OLD = """#cloud-config
hostname: old
users:
- name: bert
  groups: users,adm,sudo
  shell: /bin/bash
  lock_passwd: false
  passwd: $5$abcdefgh$0123456789012345678901234567890123456789012
"""


@pytest.fixture(scope="module")
def first_boot() -> ModuleType:
    spec = importlib.util.spec_from_file_location("first_boot", FOLDER / "first_boot.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules["first_boot"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As much of a system as both programs touch."""
    for name in ("etc/sudoers.d", "data/identity", "home", "usr/share/zoneinfo/Europe"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "usr/share/zoneinfo/Europe/Berlin").touch()
    (tmp_path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (tmp_path / "etc/shadow").write_text("root:*:19000:0:99999:7:::\n")
    (tmp_path / "etc/group").write_text("sudo:x:27:\naudio:x:29:ddsp-edge\naudio2:x:30:\n")
    (tmp_path / "data/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    return tmp_path


def identity(root: Path) -> None:
    subprocess.run(["sh", str(FOLDER / "identity"), str(root), str(root / "data")], check=True)


def test_what_imager_2_writes_is_taken_over(first_boot: ModuleType, root: Path) -> None:
    wanted, said = first_boot.read(USER_DATA, NETWORK)
    assert said == []
    assert (wanted.hostname, wanted.timezone, wanted.user) == (
        "stage-left",
        "Europe/Berlin",
        "anna",
    )
    assert (wanted.password_hash, wanted.keys, wanted.password_login) == (HASH, [KEY], True)
    assert (wanted.ssid, wanted.psk, wanted.hidden) == ("Café; #7", 'correct "horse', True)
    assert wanted.country == "DE" and not wanted.free_sudo
    first_boot.keep(wanted, root)
    identity(root)
    identity(root)  # at every start: nothing is written twice
    assert (root / "etc/hostname").read_text() == "stage-left\n"
    assert "127.0.1.1 stage-left" in (root / "etc/hosts").read_text()
    assert (root / "etc/localtime").is_symlink()
    assert (root / "etc/passwd").read_text().count("anna:x:1000:1000::/home/anna:/bin/bash\n") == 1
    assert (root / "etc/shadow").read_text().count(f"anna:{HASH}:19000:") == 1
    assert (root / "etc/group").read_text() == (
        "sudo:x:27:anna\naudio:x:29:ddsp-edge,anna\naudio2:x:30:\nanna:x:1000:\n"
    )
    assert (root / "home/anna/.ssh/authorized_keys").read_text() == KEY + "\n"
    assert not list((root / "etc/sudoers.d").iterdir())
    written = root / "etc/NetworkManager/system-connections/imager.nmconnection"
    assert written.stat().st_mode & 0o777 == 0o600
    text = written.read_text()
    assert "ssid=67;97;102;195;169;59;32;35;55;\n" in text  # the name's bytes
    assert 'psk=correct "horse\n' in text and "hidden=true\n" in text


def test_what_imager_1_writes_is_taken_over(first_boot: ModuleType) -> None:
    wanted, said = first_boot.read(OLD, "")
    assert said == [] and (wanted.hostname, wanted.user) == ("old", "bert")
    assert wanted.password_hash.startswith("$5$")


def test_who_has_a_key_only_may_become_root_without_a_password(
    first_boot: ModuleType, root: Path
) -> None:
    text = USER_DATA.replace(f'  passwd: "{HASH}"\n', "")
    first_boot.keep(first_boot.read(text, "")[0], root)
    identity(root)
    assert "anna:*:" in (root / "etc/shadow").read_text()
    rule = root / "etc/sudoers.d/ddsp-edge-user"
    assert rule.read_text() == "anna ALL=(ALL) NOPASSWD: ALL\n"
    assert rule.stat().st_mode & 0o777 == 0o440


def test_a_box_that_was_told_nothing_has_a_name_of_its_own(root: Path) -> None:
    identity(root)
    assert (root / "etc/hostname").read_text() == "ddsp-0123\n"
    assert (root / "etc/passwd").read_text().count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("stage-left", "'a; reboot'", "host name"),
        ("stage-left", "[1, 2]", "host name"),
        ("Europe/Berlin", "../../etc/shadow", "time zone"),
        ("name: anna", "name: 'anna:x:0:0'", "user's name"),
        ("name: anna", "name: root", "the system's own"),
        (HASH, "$6$short", "password"),
        (HASH, "x:0:0\\nroot2", "password"),
        (KEY, 'command=\\"sh\\" ssh-rsa AAAA', "ssh key"),
    ],
)
def test_what_is_not_written_as_it_should_be_is_left_out_and_said(
    first_boot: ModuleType, old: str, new: str, word: str
) -> None:
    assert old in USER_DATA
    wanted, said = first_boot.read(USER_DATA.replace(old, new), "")
    assert len(said) == 1 and word in said[0]
    kept = repr(wanted)
    assert new.strip("'") not in kept or word == "the system's own"


@pytest.mark.parametrize(
    "text", ["", "- a\n- b", "a: [", "\x00", "&a [*a]", "!!python/object:x {}"]
)
def test_a_file_that_is_something_else_asks_for_nothing(first_boot: ModuleType, text: str) -> None:
    wanted, said = first_boot.read(text, text)
    assert wanted == first_boot.Customisation() and len(said) in (0, 2)


def test_no_command_in_it_is_run(first_boot: ModuleType, root: Path) -> None:
    before = set(root.rglob("*"))
    first_boot.keep(first_boot.read(USER_DATA, "")[0], root)
    new = {path.relative_to(root).parts[0] for path in set(root.rglob("*")) - before}
    assert new <= {"data", "home"}
