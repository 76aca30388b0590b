"""Work on a Ray cluster, or on Ray on this machine: the connection, and jobs spread over it."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ddsp_edge.errors import UserError

ANSWER_S = 10.0  #: within which a cluster answers
MOST_LOST = 8  #: times that a run may lose its worker
#: What a program calls itself with the words of a command line; it returns the exit code.
Command = Callable[[list[str]], int]


def spread(
    command: Command,
    jobs: Mapping[str, list[str]],
    logs: Path,
    address: str,
    device: str = "auto",
    say: Callable[[str], None] = print,
) -> dict[str, int]:
    """Call ``command`` once for each job's words, on the machines of a Ray cluster.

    A job takes one core, or one GPU where the cluster counts any and ``device`` is not "cpu", in a
    process of its own on whatever machine is free, and prints into ``logs/NAME.log``: every machine
    sees these paths. A job whose worker or machine is lost is called again with the same words, up
    to :data:`MOST_LOST` times. Returns each job's exit code; ``say`` is told as they end. Raises
    UserError: no Ray, no cluster there, no GPU where one is asked for.
    """
    try:
        import ray
    except ImportError:
        raise UserError(
            "a cluster needs Ray; install it with: pip install 'ddsp-edge[sweep]'"
        ) from None
    logs.mkdir(parents=True, exist_ok=True)
    codes: dict[str, int] = {}
    with connected(address):
        gpu = device_kind(device, True, ray.cluster_resources()) == "cuda"
        task = ray.remote(num_cpus=1, num_gpus=1 if gpu else 0, max_calls=1, max_retries=MOST_LOST)(
            _job
        )
        names = {
            task.options(name=name).remote(command, words, str(logs / f"{name}.log")): name
            for name, words in jobs.items()
        }
        left = list(names)
        while left:
            (ended,), left = ray.wait(left, num_returns=1)
            name = names[ended]
            try:
                codes[name] = ray.get(ended)
            except ray.exceptions.RayError as error:
                say(f"{name}: {str(error).strip().splitlines()[-1][:200]}")
                codes[name] = 1
            say(f"{name}: {'done' if codes[name] == 0 else f'failed ({codes[name]})'}")
    return codes


def _job(command: Command, words: list[str], log: str) -> int:
    """Run in a process of Ray's: what is printed, by libraries too, goes to the end of ``log``."""
    with open(log, "ab") as stream:
        for told in (sys.stdout, sys.stderr):
            told.flush()
            os.dup2(stream.fileno(), told.fileno())
        code = command(words)
        sys.stdout.flush()
        sys.stderr.flush()
    return code


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Ray on this machine for as long as it is needed, or the cluster at ``address``. UserError."""
    import ray

    if address is not None:
        try:
            _connect(address)
            ray.init(address=address, log_to_driver=False)
        except (OSError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise UserError(
                f"--ray {address}: no Ray cluster answers there ({reason}); start one with: "
                "ray start --head"
            ) from None
        try:
            yield
        finally:
            ray.shutdown()
        return
    # Ray leaves its logs and sockets of every session where it keeps them; nobody needs them after.
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as session:
        ray.init(
            include_dashboard=False,
            log_to_driver=False,
            ignore_reinit_error=True,
            _temp_dir=session,
        )
        try:
            yield
        finally:
            ray.shutdown()


def _connect(address: str) -> None:
    """Raise OSError or ValueError where nobody listens at HOST:PORT: Ray would try for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and "/" not in address:
        socket.create_connection((host, int(port)), ANSWER_S).close()


def device_kind(device: str, cluster: bool, resources: dict[str, float]) -> str:
    """Return "cuda" or "cpu": what a run asks for. A cluster's GPUs are those that Ray counts."""
    from ddsp_edge.training.fit.devices import choose

    if not cluster:
        return choose(device).type
    if device == "cuda" and not resources.get("GPU"):
        raise UserError("--device cuda: the Ray cluster has no GPU; use --device cpu")
    return "cuda" if device != "cpu" and resources.get("GPU") else "cpu"
