"""sd_notify against a real datagram socket."""

import os
import socket

import pytest

from firmware_py.sd_notify import SystemdNotifier


@pytest.fixture(params=["path", "abstract"])
def inbox(request, tmp_path, monkeypatch):
    name = (
        str(tmp_path / "notify") if request.param == "path" else f"\0ddsp-edge-test-{os.getpid()}"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(name)
        made.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", name.replace("\0", "@"))
        yield made


def test_what_systemd_reads(inbox):
    notifier = SystemdNotifier()
    notifier.ready()
    notifier.alive()
    notifier.status("violin,\n  no card")
    notifier.status("violin, no card")  # the same: not said again
    notifier.stopping()
    said = [inbox.recv(1000).decode() for _ in range(4)]
    assert said == ["READY=1", "WATCHDOG=1", "STATUS=violin, no card", "STOPPING=1"]


def test_a_reload_tells_when_it_began(inbox):
    SystemdNotifier().reloading()
    keys = dict(line.split("=") for line in inbox.recv(1000).decode().splitlines())
    assert keys["RELOADING"] == "1" and int(keys["MONOTONIC_USEC"]) > 0


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [("2000000", "", 2.0), ("2000000", str(os.getpid()), 2.0), ("2000000", "1", 0.0),
     ("", "", 0.0), ("soon", "", 0.0), ("-1", "", 0.0)],
)  # fmt: skip
def test_the_watchdog_is_this_process_own(monkeypatch, usec, pid, seconds):
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    monkeypatch.setenv("WATCHDOG_PID", pid)
    assert SystemdNotifier().watchdog_s == seconds
    assert "WATCHDOG_USEC" not in os.environ


def test_children_do_not_inherit_it_and_a_dead_systemd_is_no_error(inbox, caplog):
    notifier = SystemdNotifier()
    assert "NOTIFY_SOCKET" not in os.environ
    inbox.close()
    notifier.alive()
    assert "WATCHDOG=1" in caplog.text


def test_without_systemd_nothing_happens(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    SystemdNotifier().ready()
