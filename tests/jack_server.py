"""A JACK server of one's own, with the dummy driver: paced, without a sound card."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


def missing() -> str:
    """Why there cannot be one; "" where there can."""
    lacks = [name for name in ("jackd", "jack_wait") if shutil.which(name) is None]
    return f"no {' and no '.join(lacks)} here: apt-get install jackd2" if lacks else ""


@contextmanager
def jack_server(name: str, rate: int = 48000, period: int = 128) -> Iterator[str]:
    """Runs until the end of the block; JACK_DEFAULT_SERVER is its name meanwhile."""
    name = f"{name}-{os.getpid()}"
    command = ["jackd", "-n", name, "-r", "-d", "dummy", "-r", str(rate), "-p", str(period)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    before = os.environ.get("JACK_DEFAULT_SERVER")
    os.environ["JACK_DEFAULT_SERVER"] = name
    try:
        wait = ["jack_wait", "-s", name, "-w", "-t", "20"]
        subprocess.run(wait, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield name
    finally:
        if before is None:
            del os.environ["JACK_DEFAULT_SERVER"]
        else:
            os.environ["JACK_DEFAULT_SERVER"] = before
        process.terminate()
        process.wait(10)
