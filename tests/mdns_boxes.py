"""Boxes in one network, each a network namespace with a D-Bus and an avahi-daemon of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow receive_type="method_call"/><allow send_type="signal"/><allow receive_type="signal"/>
<allow send_requested_reply="true"/><allow receive_requested_reply="true"/></policy></busconfig>
"""
AVAHI = """[server]
host-name={host}
use-ipv4=yes
use-ipv6=no
allow-interfaces=eth0
[publish]
publish-workstation=no
"""
START = """
mount -t tmpfs run /run && mkdir -p /run/avahi-daemon
mount --bind {services} /etc/avahi/services
dbus-daemon --config-file={folder}/bus.conf --nofork --nopidfile &
until [ -S {folder}/bus ]; do sleep 0.05; done
avahi-daemon -f {folder}/avahi.conf --no-drop-root --no-chroot --no-rlimits &
wait
"""


def missing() -> str:
    """Why there can be none here; "" where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root here"
    for program, package in (
        *(("avahi-daemon", "avahi-daemon"), ("avahi-resolve", "avahi-utils"), ("ip", "iproute2")),
        *(("dbus-daemon", "dbus"), ("busctl", "systemd"), ("unshare", "util-linux")),
    ):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            return f"{program} is missing: apt-get install {package}"
    probe = ["ip", "link", "add", "ddspprobe0", "type", "veth", "peer", "name", "ddspprobe1"]
    if subprocess.run(["unshare", "--net", *probe], capture_output=True).returncode != 0:
        return "this kernel has no pairs of network devices (veth)"
    return ""


class MdnsBox:
    """A box with a host name and an address; a context manager that ends it."""

    def __init__(self, folder: Path, host: str, address: str) -> None:
        self.folder, self.address = folder, address
        self.env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/bus"}
        self.space = f"ddsp-{os.getpid()}-{folder.name}"
        self._process: subprocess.Popen[bytes] | None = None
        #: What avahi announces of itself, as files: /etc/avahi/services.
        self.services = folder / "services"
        self.services.mkdir(parents=True)
        (folder / "bus.conf").write_text(BUS.format(folder=folder))
        (folder / "avahi.conf").write_text(AVAHI.format(host=host))
        subprocess.run(["ip", "netns", "add", self.space], check=True)
        self._ip("link", "set", "lo", "up")

    def plug(self, other: MdnsBox) -> None:
        """A cable between the two."""
        words = ["ip", "link", "add", "eth0", "netns", self.space, "type", "veth"]
        subprocess.run([*words, "peer", "name", "eth0", "netns", other.space], check=True)
        for box in (self, other):
            box._ip("addr", "add", f"{box.address}/24", "dev", "eth0")
            box._ip("link", "set", "eth0", "up")

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", "-n", self.space, *words], check=True)

    def start(self) -> None:
        """D-Bus and avahi-daemon begin."""
        script = START.format(folder=self.folder, services=self.services)
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", self.space, "unshare", "--mount", "--pid", "--fork",
                 "--kill-child", "sh", "-ec", script],
                env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def run(self, *words: str) -> str:
        """What a program prints that runs in this box; "" where it fails."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.space, *words],
            env=self.env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.stdout if done.returncode == 0 else ""

    def leave_running(self, *words: str) -> subprocess.Popen[bytes]:
        """A program in this box that the caller ends."""
        return subprocess.Popen(["ip", "netns", "exec", self.space, *words], env=self.env)

    def plugged(self, now: bool) -> None:
        """Whether its cable is in."""
        self._ip("link", "set", "eth0", "up" if now else "down")

    def until_running(self) -> None:
        """Wait until avahi has a name for the box."""
        ends_s = time.monotonic() + 60
        while time.monotonic() < ends_s:
            if "2" in self.run(
                *("busctl", "--system", "--timeout=5", "call", "org.freedesktop.Avahi", "/"),
                *("org.freedesktop.Avahi.Server", "GetState"),
            ):
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text(errors="replace"))

    def __enter__(self) -> MdnsBox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        subprocess.run(["ip", "netns", "del", self.space], check=False)
