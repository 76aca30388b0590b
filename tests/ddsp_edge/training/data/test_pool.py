import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ddsp_edge.training.data.pool import WorkerPool


@pytest.fixture
def pool():
    with WorkerPool() as pool:
        yield pool


def test_results_are_in_the_order_of_the_jobs(pool):
    jobs = [(f"__import__('time').sleep({0.1 * (i == 0)}) or {i}",) for i in range(6)]
    assert pool.run_all(eval, jobs, "counting") == [0, 1, 2, 3, 4, 5]
    assert pool.run_all(eval, [], "nothing") == []


def test_a_job_that_kills_its_process_costs_that_job_only(pool):
    jobs = [(str(i),) for i in range(5)]
    jobs[1] = jobs[3] = ("__import__('os')._exit(3)",)
    assert pool.run_all(eval, jobs, "counting") == [0, None, 2, None, 4]
    assert pool.run_all(eval, [("6",)], "counting") == [6]


def test_its_processes_stay_for_the_next_jobs(pool):
    jobs = [("__import__('os').getpid()",)] * 20
    first, second = (set(pool.run_all(eval, jobs, "asking")) for _ in range(2))
    assert first & second


def test_what_a_job_raises_is_raised(pool):
    with pytest.raises(ZeroDivisionError):
        pool.run_all(eval, [("1",), ("1 / 0",), ("2",)], "dividing")


#: Two jobs that say which process they are in and then take long.
LONG = """
from ddsp_edge.training.data.pool import WorkerPool

if __name__ == "__main__":
    job = "print(__import__('os').getpid(), flush=True) or __import__('time').sleep(600)"
    WorkerPool().run_all(eval, [(job,)] * 2, "waiting")
"""


@pytest.mark.parametrize("kill", ["terminate", "kill"])
def test_workers_end_with_a_parent_that_is_killed(kill: str, tmp_path: Path) -> None:
    script = tmp_path / "long.py"
    script.write_text(LONG)
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    getattr(parent, kill)()
    parent.wait(60)
    until = time.monotonic() + 60
    while _runs(worker) and time.monotonic() < until:
        time.sleep(0.05)
    left = _runs(worker)
    parent.stdout.close()
    if left:
        os.kill(worker, 9)
    assert not left


def _runs(pid: int) -> bool:
    """Whether there is such a process; one that has ended and waits for init has not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
