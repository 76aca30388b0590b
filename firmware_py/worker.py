"""One thread for jobs that take long and must keep their order: models, presets, files."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

NICE = 5  #: gives way to the control thread

_Job = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Worker:
    """Runs jobs in their order. Its thread is a daemon: a job that hangs does not delay the end."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._stopped = False
        self._wanted: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {}
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run ``job(*arguments)`` after the jobs before it; returns its Future. Any thread."""
        future: Future[Any] = Future()
        if self._stopped:
            future.cancel()
        else:
            self._queue.put((future, job, arguments))
        return future

    def newest(self, kind: str, job: Callable[..., Any], *arguments: Any) -> None:
        """As submit, but of several waiting jobs of one kind only the newest is run. Any thread."""
        waiting = kind in self._wanted
        self._wanted[kind] = (job, arguments)
        if not waiting:
            self.submit(self._do_newest, kind)

    def _do_newest(self, kind: str) -> None:
        job, arguments = self._wanted.pop(kind)
        job(*arguments)

    def stop(self) -> None:
        """Cancel the jobs that wait; the one that is running is not waited for."""
        self._stopped = True
        with contextlib.suppress(queue.Empty):
            while (item := self._queue.get_nowait()) is not None:
                item[0].cancel()
        self._queue.put(None)

    def _run(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        while (item := self._queue.get()) is not None:
            future, job, arguments = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = job(*arguments)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            del future, job, arguments, item  # a bundle must not live until the next job
