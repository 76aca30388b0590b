"""The rules by which the box's users may restart and shut it down, judged by a real polkitd."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from units import DEPLOY, needs_root

RULES = DEPLOY / "polkit"
DAEMON = Path("/usr/lib/polkit-1/polkitd")
PROGRAMS = ("busctl", "dbus-daemon", "pkcheck", "setpriv", "unshare")
LOGIN = "org.freedesktop.login1."
ALLOWED = {
    f"{LOGIN}{what}{more}"
    for what in ("reboot", "power-off")
    for more in ("", "-multiple-sessions")
}
MANAGER = "org.freedesktop.NetworkManager."
NETWORK = {
    f"{MANAGER}{what}"
    for what in ("network-control", "settings.modify.system", "wifi.scan", "wifi.share.protected")
}
REFUSED = {
    f"{LOGIN}reboot-ignore-inhibit",
    f"{LOGIN}power-off-ignore-inhibit",
    f"{LOGIN}halt",
    f"{LOGIN}suspend",
    "org.freedesktop.systemd1.manage-units",
    f"{MANAGER}settings.modify.hostname",
    f"{MANAGER}enable-disable-network",
    f"{MANAGER}wifi.share.open",
}


@needs_root
def test_the_boxs_users_may_restart_and_shut_down_and_nothing_else(tmp_path: Path) -> None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing or not DAEMON.exists() or not Path("/etc/polkit-1/rules.d").is_dir():
        pytest.skip(f"no polkit to ask (apt-get install polkitd dbus): {missing or DAEMON}")
    script = Path(__file__).with_name("polkit_rules.sh")
    folder = tmp_path / "bus"
    folder.mkdir()
    for parent in (*folder.parents, folder):  # its user must get there
        if tmp_path.parents[1] in parent.parents or parent == tmp_path.parents[1]:
            parent.chmod(0o755)
    done = subprocess.run(
        ["unshare", "--mount", "sh", script, folder, RULES, *sorted(ALLOWED | NETWORK | REFUSED)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if "unshare failed" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    rows = {tuple(line.split()) for line in done.stdout.splitlines()}
    may = {"ddsp-edge-panel": ALLOWED, "ddsp-edge": ALLOWED, "somebody": set()}
    may["ddsp-edge-network"] = NETWORK
    assert rows == {
        (user, action, "yes" if action in allowed else "no")
        for user, allowed in may.items()
        for action in ALLOWED | NETWORK | REFUSED
    }
