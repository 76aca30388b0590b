"""How the machine is: processor, temperature, throttling, memory, disk."""

from __future__ import annotations

import os
import platform
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ddsp_edge

KEPT_S = 1.0  #: asked again sooner, the machine is not looked at again
#: Bits of the firmware's word (Raspberry Pi), now; the same 16 higher: since power-on.
THROTTLED = {0: "undervoltage", 1: "frequency capped", 2: "throttled", 3: "too hot"}


class Host:
    """Reads the state of the machine.

    Methods block and may be called by any thread.      ``root`` is the root of the file system
    that is read.
    """

    def __init__(self, models: Path, root: Path = Path("/")) -> None:
        self._models, self._root = models, root
        self._cpu_before = self._cpu_times()
        self._lock = threading.Lock()
        self._kept: dict[str, Any] | None = None
        self._until_s = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the state, at most KEPT_S seconds old. What cannot be known here is null."""
        with self._lock:
            if self._kept is None or time.monotonic() >= self._until_s:
                self._kept, self._until_s = self._look(), time.monotonic() + KEPT_S
            return self._kept

    def _look(self) -> dict[str, Any]:
        return {
            "version": ddsp_edge.__version__,
            "python": platform.python_version(),
            "board": self._text("proc/device-tree/model").rstrip("\0") or platform.machine(),
            "host": platform.node(),
            "uptime_s": self._uptime_s(),
            "cpu": self._cpu(),
            "temperature_c": self._temperature_c(),
            "throttling": self._throttling(),
            "memory": self._memory(),
            "disk": self._disk(),
        }

    def _text(self, name: str) -> str:
        try:
            return (self._root / name).read_text(errors="replace").strip()
        except OSError:
            return ""

    def _uptime_s(self) -> float | None:
        return _number(self._text("proc/uptime").split())

    def _cpu_times(self) -> tuple[float, float]:
        """Return (busy, all) time of all cores since the start, in ticks."""
        lines = self._text("proc/stat").splitlines()
        words = lines[0].split()[1:9] if lines else []
        ticks = [float(word) for word in words if word.isdecimal()]
        idle = sum(ticks[3:5])
        return sum(ticks) - idle, sum(ticks)

    def _cpu(self) -> dict[str, Any]:
        before, self._cpu_before = self._cpu_before, self._cpu_times()
        busy, whole = (now - then for now, then in zip(self._cpu_before, before, strict=True))
        khz = _number(self._text("sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq").split())
        load = _number(self._text("proc/loadavg").split())
        return {
            "cores": os.cpu_count(),
            "busy": round(max(0.0, min(1.0, busy / whole)), 3) if whole > 0.0 else None,
            "load_1min": load,
            "frequency_mhz": khz / 1000.0 if khz else None,
            "governor": self._text("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or None,
        }

    def _temperature_c(self) -> float | None:
        """Return the highest temperature of all sensors in degrees Celsius."""
        zones = (self._root / "sys/class/thermal").glob("thermal_zone*/temp")
        found = [_number([self._text(str(zone.relative_to(self._root)))]) for zone in zones]
        known = [each / 1000.0 for each in found if each is not None]
        return max(known, default=None)

    def _throttling(self) -> dict[str, Any] | None:
        """Return what the Raspberry Pi's firmware says of throttling; None elsewhere."""
        text = self._text("sys/devices/platform/soc/soc:firmware/get_throttled")
        try:
            word = int(text, 16)
        except ValueError:
            return None
        now = [name for bit, name in THROTTLED.items() if word >> bit & 1]
        ever = [name for bit, name in THROTTLED.items() if word >> bit + 16 & 1]
        return {"now": now, "since_start": ever}

    def _memory(self) -> dict[str, Any] | None:
        rows = (line.split() for line in self._text("proc/meminfo").splitlines())
        kib = {row[0].rstrip(":"): int(row[1]) for row in rows if len(row) > 1}
        if "MemTotal" not in kib or "MemAvailable" not in kib:
            return None
        return {
            "total_bytes": kib["MemTotal"] * 1024,
            "available_bytes": kib["MemAvailable"] * 1024,
        }

    def _disk(self) -> dict[str, Any] | None:
        """Return size and free space of the disk that holds the models."""
        for folder in (self._models, *self._models.parents):
            if folder.exists():
                usage = shutil.disk_usage(folder)
                return {"total_bytes": usage.total, "free_bytes": usage.free}
        return None


def _number(words: Iterable[str]) -> float | None:
    for word in words:
        try:
            return float(word)
        except ValueError:
            return None
    return None
