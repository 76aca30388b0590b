import pytest

from ddsp_edge.training.data.pool import run_all


def test_results_are_in_the_order_of_the_jobs():
    jobs = [(f"__import__('time').sleep({0.1 * (i == 0)}) or {i}",) for i in range(6)]
    assert run_all(eval, jobs, "counting") == [0, 1, 2, 3, 4, 5]
    assert run_all(eval, [], "nothing") == []


def test_a_job_that_kills_its_process_costs_that_job_only():
    jobs = [(str(i),) for i in range(5)]
    jobs[1] = jobs[3] = ("__import__('os')._exit(3)",)
    assert run_all(eval, jobs, "counting") == [0, None, 2, None, 4]


def test_what_a_job_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        run_all(eval, [("1",), ("1 / 0",), ("2",)], "dividing")
