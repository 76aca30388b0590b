"""What the box tells of itself, from a file system made for it; what is not there is null."""

import time

import pytest

from ddsp_edge.system.host import KEPT_S
from firmware_py.panel.system import System

FILES = {
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "proc/uptime": "1234.5 99.0",
    "proc/loadavg": "0.50 0.4 0.3 1/100 1234",
    "proc/meminfo": "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   400 kB\n",
    "sys/class/thermal/thermal_zone0/temp": "61234",
    "sys/class/thermal/thermal_zone1/temp": "45000",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1500000",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance",
}


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_pi(root):
    (root / "proc/stat").write_text("cpu 100 0 100 800 0 0 0 0 0 0\ncpu0 1\n")
    system = System(root / "var" / "models", root)
    (root / "proc/stat").write_text("cpu 160 0 120 920 0 0 0 0 0 0\n")
    told = system.as_json()
    assert told["board"] == "Raspberry Pi 4 Model B Rev 1.4" and told["uptime_s"] == 1234.5
    assert told["temperature_c"] == 61.234
    assert told["throttling"] == {
        "now": ["undervoltage", "throttled"],
        "since_start": ["undervoltage", "throttled"],
    }
    assert told["memory"] == {"total_bytes": 1024000, "available_bytes": 409600}
    cpu = told["cpu"]
    assert (cpu["busy"], cpu["load_1min"], cpu["frequency_mhz"]) == (0.4, 0.5, 1500.0)
    assert cpu["governor"] == "performance" and told["disk"]["free_bytes"] > 0


def test_it_is_not_looked_at_for_every_phone_that_asks(root, monkeypatch):
    system = System(root, root)
    assert system.as_json()["uptime_s"] == 1234.5
    (root / "proc/uptime").write_text("1236.5 99.0")
    assert system.as_json()["uptime_s"] == 1234.5
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + KEPT_S)
    assert system.as_json()["uptime_s"] == 1236.5


def test_a_machine_that_tells_nothing(tmp_path):
    told = System(tmp_path / "models", tmp_path / "empty").as_json()
    assert told["temperature_c"] is told["throttling"] is told["memory"] is told["uptime_s"] is None
    assert told["cpu"]["busy"] is None and told["version"]


@pytest.mark.parametrize("text", ["", "x", "1 2 3", "cpu\n", "MemTotal:\n"])
def test_nonsense_is_not_known(tmp_path, text):
    for name in (*FILES, "proc/stat"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert System(tmp_path, tmp_path).as_json()["memory"] is None


def test_through_the_browser(box):
    answer = box.ask("GET", "/api/system")
    assert answer.status_code == 200 and answer.json()["cpu"]["cores"] >= 1


@pytest.mark.parametrize(
    "query",
    [
        *("lines=0", "lines=1001", "lines=x", "lines=9" + "9" * 5000, "lines=-1", "lines=²"),
        *("unit=ssh", "unit=--file=/etc/shadow"),
    ],
)
def test_the_log_takes_a_number_and_a_known_unit(box, query):
    assert box.ask("GET", f"/api/logs?{query}").status_code == 400


def test_without_a_journal_there_is_a_clear_answer(box, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = box.ask("GET", "/api/logs?lines=5")
    assert answer.status_code == 404 and "systemd's journal" in answer.json()["remedy"]


def test_the_journals_lines_come_as_they_are(box, monkeypatch, tmp_path):
    program = tmp_path / "bin" / "journalctl"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\necho played\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    answer = box.ask("GET", "/api/logs?lines=5&unit=panel").json()
    assert answer["lines"][1] == "played" and answer["lines"][0].endswith(
        "-n 5 -u ddsp-edge-panel.service"
    )
