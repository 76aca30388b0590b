"""What training asks of the machine."""

import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit import devices  # noqa: E402

FAULTS = """
import resource
import torch
from ddsp_edge.training.fit.devices import keep_memory

torch.set_num_threads(1)

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(2**20)  # 4 MB, given back at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = faults()
keep_memory()
faults()  # the memory that is kept
print(first, faults())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's settings")
def test_memory_that_was_given_back_is_not_asked_of_the_kernel_again():
    found = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True
    )
    before, after = map(int, found.stdout.split())
    assert after < before / 20


def test_denormals_are_zero_while_it_trains_and_not_after():
    small = torch.full((8,), 1e-30)
    with devices.denormals_as_zero():
        assert (small * 1e-10 == 0.0).all()
    assert (small * 1e-10 > 0.0).all()
