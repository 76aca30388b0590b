"""Jobs over a pool of processes, with a progress bar; a job that kills its process is survived."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Self

from tqdm import tqdm


class WorkerPool:
    """Processes that stay for several rounds of jobs: each has to import all that a job needs.

    A context manager, for one thread; its end waits for the processes. None is started before the
    first job, and no more than there are cores.
    """

    def __init__(self) -> None:
        self._processes: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._processes is not None:
            self._processes.shutdown(cancel_futures=True)
            self._processes = None

    def run_all(
        self, function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], label: str
    ) -> list[Any]:
        """``function(*job)`` of every job, in order; None where the process died of it.

        Exceptions of a job are raised here; the pool is of no more use then. ``function`` must be
        importable. A decoder that crashes on a hostile file, or a process that the system ends for
        its memory, costs that job only. ``label`` stands before the progress bar.
        """
        results: list[Any] = [None] * len(jobs)
        left = set(range(len(jobs)))
        quiet = not sys.stderr.isatty()
        if self._processes is None:
            self._processes = _processes(_cores())
        with tqdm(total=len(jobs), desc=label, leave=False, disable=quiet) as bar:
            try:
                futures = {self._processes.submit(function, *job): i for i, job in enumerate(jobs)}
                for future in as_completed(futures):
                    results[futures[future]] = future.result()
                    left.discard(futures[future])
                    bar.update()
            except BrokenProcessPool:
                self.__exit__()
            except BaseException:
                self.__exit__()
                raise
            while left:  # a process died, and nobody knows of which job: each alone
                with contextlib.suppress(BrokenProcessPool), _processes(1) as alone:
                    for i in sorted(left):
                        left.discard(i)
                        results[i] = alone.submit(function, *jobs[i]).result()
                        bar.update()
        return results


def _processes(count: int) -> ProcessPoolExecutor:
    # Fresh processes: to fork one that has torch's threads is asking for a deadlock.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, context, initializer=_begin)


def _begin() -> None:
    """Let a worker ignore Ctrl-C, which its parent handles, and end when its parent is gone.

    Otherwise it would wait for jobs for ever: the workers hold each other's pipe open.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1
