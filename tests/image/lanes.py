"""``make image-test``: the card image's tests in lanes, which run side by side.

    PYTHONPATH=tests .venv/bin/python -m image.lanes [WORDS OF PYTEST ...]

An emulated arm64 board keeps one core busy for minutes; a box that is updated mostly waits. So
each lane is a row of pytest's runs, one after the other, and four lanes fill two cores. What a
run says is printed when it has ended; the last line sums up. With DDSP_EDGE_LONG=1 there is more
(:data:`LONG`), and every test repeats more of what is random. The exit code is that of the first
run that failed, 130 after Ctrl-C.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from extent import extent

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: Words of pytest, the first of which names a file beside this one.
Run = tuple[str, ...]
WAITS = "two_minutes"  #: is in the name of tests of updates that mostly wait
#: One emulated processor; boxes that wait; boxes that are updated; kernels as processes.
LANES: tuple[tuple[Run, ...], ...] = (
    (("test_boot.py",), ("test_pi3.py",)),
    (("test_update.py", "-k", WAITS),),
    (("test_update.py", "-k", f"not {WAITS}"),),
    (
        ("test_radios.py",),
        ("test_gadget.py",),
        ("test_power_cuts.py",),
        ("test_initramfs_words.py",),
    ),
)
#: What takes a quarter of an hour for itself, by the lane that it follows.
LONG: dict[int, tuple[Run, ...]] = {0: (("test_wakeups.py",),)}
#: pytest's exit code where a file has no test that was asked for.
NONE_CHOSEN = 5


class LaneReport:
    """What the runs of all lanes have come to; any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun_s = time.monotonic()
        self.codes: list[int] = []
        self.counts: dict[str, int] = {}

    def say(self, text: str) -> None:
        """Print a line with the minute."""
        with self._lock:
            minutes = (time.monotonic() - self._begun_s) / 60
            print(f"--- minute {minutes:.1f}: {text}", flush=True)

    def ended(self, run: Run, code: int, said: str) -> None:
        """Print what a run has said and count its tests; ``code`` is pytest's exit code."""
        counted = re.findall(r"(\d+) (passed|failed|skipped|error)", said.splitlines()[-1])
        with self._lock:
            self.codes.append(0 if code == NONE_CHOSEN else code)
            for number, kind in counted:
                self.counts[kind] = self.counts.get(kind, 0) + int(number)
            print(said, end="", flush=True)
        self.say(f"{' '.join(run)} has ended")

    def sum(self) -> str:
        """The last line: how many tests passed and did not, and in how many minutes."""
        told = ", ".join(f"{number} {kind}" for kind, number in sorted(self.counts.items()))
        minutes = (time.monotonic() - self._begun_s) / 60
        return f"image-test: {told or 'no test'}, in {minutes:.1f} minutes"


def run_lane(runs: Sequence[Run], words: Sequence[str], report: LaneReport) -> None:
    """Run one after the other, each with ``words`` for pytest; blocks until all have ended."""
    for run in runs:
        report.say(f"{' '.join(run)} begins")
        command = [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", "--durations=0"]
        command += ["--durations-min=5", *words, str(HERE / run[0]), *run[1:]]
        with tempfile.TemporaryFile("w+") as log:
            done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log,
                                  stderr=subprocess.STDOUT)  # fmt: skip
            log.seek(0)
            report.ended(run, done.returncode, log.read() or "said nothing\n")


def chosen() -> list[tuple[Run, ...]]:
    """The lanes, with what DDSP_EDGE_LONG=1 adds."""
    return [(*lane, *extent((), LONG.get(at, ()))) for at, lane in enumerate(LANES)]


def main(words: Sequence[str]) -> int:
    """Run all lanes; the exit code is 0 where every test passed or was skipped."""
    report = LaneReport()
    threads = [
        threading.Thread(target=run_lane, args=(runs, words, report), daemon=True)
        for runs in chosen()
    ]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except KeyboardInterrupt:  # the runs were told, too; machines end with them
        for thread in threads:
            thread.join(30)
        return 130
    print(report.sum(), flush=True)
    return next((code for code in report.codes if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
