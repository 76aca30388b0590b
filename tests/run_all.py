"""``make test``: lint, types and all tests; what plays at a card's pace has the cores to itself.

    .venv/bin/python tests/run_all.py [--workers N] [--reruns N] [--long] [--measure FILE]

Tests at a card's pace take their time whatever the machine, and need little of it: another test on
the same core is an xrun. So they run first, and lint, types and the other tests run beside them on
what they leave: at SCHED_IDLE, in an autogroup of the least weight (sched(7)). As soon as the first
have ended, the others get the ordinary priority; what they had printed is printed then, so the
output ends with pytest's closing line. The exit code is that of whatever failed first, 130 after
Ctrl-C. Without --long (or DDSP_EDGE_LONG=1) the longest tests are left out (long_tests.py).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import extent
import long_tests

ROOT = Path(__file__).resolve().parent.parent
AT_PACE = ["tests/realtime", "tests/ddsp_edge/live/test_round_trip.py"]
#: In the environment of everything that runs on what is left: a number of this run's own.
VARIABLE = "DDSP_EDGE_BESIDE"
PATIENCE_S = 30.0  #: until what was told to end is killed


def least_priority() -> None:
    """What the new process does first; where the system has no autogroups, SCHED_IDLE is enough."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("19")


def beside(token: str) -> Iterator[int]:
    """The threads of all processes that were started with ``token`` in their environment."""
    mark = f"{VARIABLE}={token}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is another user's
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                yield from (int(task.name) for task in (entry / "task").iterdir())


def ordinary_priority(leader: int, token: str) -> None:
    """Lift the other tests, again and again, since those not yet lifted start new processes."""
    with contextlib.suppress(OSError):
        Path(f"/proc/{leader}/autogroup").write_text("0")
    for _ in range(20):
        lifted = 0
        for thread in beside(token):
            with contextlib.suppress(OSError):
                if os.sched_getscheduler(thread) == os.SCHED_IDLE:
                    os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
                    lifted += 1
        if not lifted:
            return
        time.sleep(0.1)


class Beside:
    """A command that runs beside the tests at a card's pace; what it says goes to a file first."""

    def __init__(self, command: list[str], log: Path, token: str) -> None:
        """Start it at the least priority, marked with ``token``."""
        self._log = log
        with log.open("wb") as said:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, VARIABLE: token},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=least_priority,
            )

    def follow(self) -> int:
        """Copy what it says to the standard output until it has ended; return its exit code."""
        with self._log.open("rb") as said:
            while True:
                code = self.process.poll()
                while block := said.read(1 << 16):
                    sys.stdout.buffer.write(block)
                sys.stdout.flush()
                if code is not None:
                    return code
                time.sleep(0.2)

    def end(self) -> None:
        """Stop it as Ctrl-C does, so that tests leave nothing; after half a minute, at once."""
        for number in (signal.SIGINT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE_S)
                return


def main(words: list[str]) -> int:
    """Run everything; the exit code is 0 where all of it passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    # Two more than there are cores, since many tests wait: for a card, a browser, a process.
    parser.add_argument(
        "--workers",
        type=int,
        default=(os.cpu_count() or 1) + 2,
        metavar="N",
        help="processes for the other tests",
    )
    parser.add_argument(
        "--reruns",
        type=int,
        default=0,
        metavar="N",
        help="run what fails again, so many times, and list it",
    )
    parser.add_argument(
        "--long",
        action="store_true",
        default=extent.LONG,
        help="leave no test out, and repeat what is random more often",
    )
    parser.add_argument(
        "--measure",
        type=Path,
        metavar="FILE",
        help="add the processor time of each test to FILE",
    )
    args = parser.parse_args(words)
    os.environ[extent.VARIABLE if args.long else long_tests.SHORT] = "1"
    if args.measure is not None:
        os.environ[long_tests.MEASURED] = str(args.measure.absolute())
    if not args.long:
        print(
            f"{len(long_tests.seconds())} tests of {long_tests.LIMIT_S:g} s of a processor or more"
            " each are left out (tests/long_tests.txt): LONG=1 runs them, as CI does",
            flush=True,
        )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    tools = Path(sys.executable).parent
    pytest = [sys.executable, "-m", "pytest", "--reruns", str(args.reruns), "-r", "fER"]
    others = [*pytest, "-n", str(args.workers), "--dist", "loadscope", "--no-loadscope-reorder"]
    others += ["--durations=25", *(f"--ignore={path}" for path in AT_PACE)]
    lint = ["sh", "-c", '"$0/ruff" check . && "$0/mypy"', str(tools)]
    token = str(os.getpid())
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dt-run-")))
        runs = [Beside(words, folder / f"{i}.log", token) for i, words in enumerate((lint, others))]
        first = subprocess.Popen([*pytest, "-q", *AT_PACE], cwd=ROOT)
        try:
            codes = [first.wait()]
            if codes[0]:
                print("the tests at a card's pace have failed (above)", flush=True)
            for run in runs:
                ordinary_priority(run.process.pid, token)
            codes += [run.follow() for run in runs]
            return next((code for code in codes if code), 0)
        except KeyboardInterrupt:
            for run in runs:
                run.end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                first.wait(PATIENCE_S)  # Ctrl-C has reached it, too
            first.kill()
            return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
