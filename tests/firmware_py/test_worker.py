"""One job at a time, in order; the newest of a kind; an end that waits for nothing."""

import threading
from concurrent.futures import CancelledError

import pytest

from ddsp_edge.errors import UserError
from firmware_py.worker import Worker


@pytest.fixture
def worker():
    made = Worker()
    yield made
    made.stop()


@pytest.fixture
def held(worker):
    """The worker is busy until this is set."""
    go, busy = threading.Event(), threading.Event()

    def job():
        busy.set()
        go.wait(30)

    worker.submit(job)
    busy.wait(30)
    yield go
    go.set()


def test_jobs_keep_their_order_and_give_results(worker):
    done = []
    futures = [worker.submit(done.append, i) for i in range(100)]
    assert [future.result(30) for future in futures] == [None] * 100
    assert done == list(range(100))
    assert worker.submit(max, 3, 5).result(30) == 5


def test_an_error_is_the_futures_and_the_worker_goes_on(worker):
    def fail():
        raise UserError("no")

    with pytest.raises(UserError, match="no"):
        worker.submit(fail).result(30)
    assert worker.submit(abs, -1).result(30) == 1


def test_of_several_of_one_kind_the_newest_is_done(worker, held):
    done = []
    for i in range(1000):
        worker.newest("program", done.append, i)
    worker.newest("other", done.append, "other")
    held.set()
    worker.submit(int).result(30)
    assert done == [999, "other"]
    worker.newest("program", done.append, 1)
    worker.submit(int).result(30)
    assert done[-1] == 1


def test_what_waits_is_cancelled_at_the_end_and_what_runs_is_not_waited_for(worker, held):
    waiting = worker.submit(int)
    worker.stop()
    with pytest.raises(CancelledError):
        waiting.result(30)
    assert worker.submit(int).cancelled()


def test_a_cancelled_job_is_not_done(worker, held):
    done = []
    future = worker.submit(done.append, 1)
    assert future.cancel()
    held.set()
    worker.submit(int).result(30)
    assert done == []
