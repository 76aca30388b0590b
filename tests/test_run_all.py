"""What runs beside the tests at a card's pace, and how it is lifted afterwards."""

import os
import subprocess
import time
from collections.abc import Iterator

import pytest
import run_all

TOKEN = f"test-{os.getpid()}"


@pytest.fixture
def beside() -> Iterator[subprocess.Popen[bytes]]:
    """A shell with two children, started as the other tests are."""
    process = subprocess.Popen(
        ["sh", "-c", "sleep 60 & sleep 60 & wait"],
        env={**os.environ, run_all.VARIABLE: TOKEN},
        start_new_session=True,
        preexec_fn=run_all.least_priority,
    )
    yield process
    os.killpg(process.pid, 9)
    process.wait()


def _policies() -> list[int]:
    return [os.sched_getscheduler(thread) for thread in run_all.beside(TOKEN)]


def test_all_of_it_is_idle_until_it_is_lifted(beside: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 30
    while len(_policies()) < 3 and time.monotonic() < ends:
        time.sleep(0.01)
    assert _policies() == [os.SCHED_IDLE] * 3
    run_all.ordinary_priority(beside.pid, TOKEN)
    assert _policies() == [os.SCHED_OTHER] * 3


def test_what_is_another_s_is_left_alone(beside: subprocess.Popen[bytes]) -> None:
    run_all.ordinary_priority(beside.pid, "another")
    assert set(_policies()) == {os.SCHED_IDLE}
