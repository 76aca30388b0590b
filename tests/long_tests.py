"""How long each test takes, and what ``make test`` therefore leaves to ``make test LONG=1``.

``long_tests.txt`` has the processor time, in seconds, of each test that takes LIMIT_S or more,
with that of its fixtures and of the processes that it starts. ``make test-times`` measures and
writes it. With DDSP_EDGE_SHORT=1, which ``make test`` sets, these tests are left out.

    .venv/bin/python tests/long_tests.py MEASURED
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("long_tests.txt")
LIMIT_S = 1.0
SHORT, MEASURED = "DDSP_EDGE_SHORT", "DDSP_EDGE_MEASURED"


def seconds() -> dict[str, float]:
    """Processor time of each test that takes long, by its node ID: of those left out."""
    rows = (line.split(" ", 1) for line in FILE.read_text().splitlines())
    return {name: float(took) for took, name in rows}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the long ones where that is asked for."""
    if os.environ.get(SHORT) == "1":
        names = seconds()
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in names])
        items[:] = [item for item in items if item.nodeid not in names]


def processor_s() -> float:
    """What this process and all below it have used so far, what has ended among it."""
    used: dict[int, int] = {}
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            number = int(stat.parent.name)
            used[number] = sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime: proc(5)
            below.setdefault(int(fields[1]), []).append(number)
    found = [os.getpid()]
    for number in found:
        found += below.get(number, [])
    return sum(used.get(number, 0) for number in found) / os.sysconf("SC_CLK_TCK")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Where DDSP_EDGE_MEASURED names a file, add a line of JSON to it: node ID, seconds."""
    path = os.environ.get(MEASURED)
    begun_s = processor_s() if path else 0.0
    yield
    if path:
        with Path(path).open("a") as file:
            file.write(json.dumps([item.nodeid, round(processor_s() - begun_s, 1)]) + "\n")


def write(measured: Path) -> int:
    """Write ``long_tests.txt`` from the lines of a whole run; return how many tests it has."""
    took: dict[str, float] = {}
    for line in measured.read_text().splitlines():
        name, took_s = json.loads(line)
        took[name] = max(took_s, took.get(name, 0.0))
    long = sorted(((s, name) for name, s in took.items() if s >= LIMIT_S), reverse=True)
    FILE.write_text("".join(f"{s:.1f} {name}\n" for s, name in long))
    return len(long)


if __name__ == "__main__":
    print(f"{FILE.name}: {write(Path(sys.argv[1]))} tests of {LIMIT_S:g} s or more")
