"""What training asks of the machine."""

import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="the train extra is not installed")

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
