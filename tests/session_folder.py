"""The session's own folder for temporary files, and a look at what the tests left behind.

TMPDIR of this process and all that it starts is a new folder, each pytest-xdist worker's a part
of it. Whatever is in it at the end, apart from pytest's own tmp_path folders and what is shared
(:mod:`shared_folder`), was left by a test, as was each process that still runs with it in its
environment: the session fails and says which. Other programs on this machine do not matter.
Then the folder is removed; where a test has failed it stays, and the last lines say where.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shared_folder

#: Short, since the path of a Unix socket has at most 107 bytes.
PREFIX, TMP_PATH, SHARED = "dt-", "t", "s"
#: What has been told to end may take so long.
PATIENCE_S = 10.0

_made = pytest.StashKey[Path]()
_seen = pytest.StashKey[dict[str, str]]()
_left = pytest.StashKey[list[tuple[str, str]]]()
_workers = pytest.StashKey[set[str]]()


def _worker(config: pytest.Config) -> str:
    """The name of this pytest-xdist worker; "" in the process that reports."""
    given: dict[str, str] = getattr(config, "workerinput", {})
    return given.get("workerid", "")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if worker := _worker(config):
        made = Path(os.environ["TMPDIR"]) / worker
        made.mkdir()
    else:
        made = Path(tempfile.mkdtemp(prefix=PREFIX))
        (made / SHARED).mkdir()
        os.environ[shared_folder.VARIABLE] = str(made / SHARED)
        # torch makes it as soon as its compiler is imported.
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(made / SHARED / "torch")
        # PulseAudio's library, which FluidSynth loads, keeps a folder there else, for good.
        os.environ["PULSE_RUNTIME_PATH"] = str(made / SHARED / "pulse")
        if config.option.basetemp is None:
            config.option.basetemp = made / TMP_PATH
    config.stash[_made], config.stash[_workers] = made, set()
    config.stash[_seen], config.stash[_left] = {}, []
    os.environ["TMPDIR"] = tempfile.tempdir = str(made)


def _files(folder: Path) -> set[str]:
    return set(os.listdir(folder)) - {TMP_PATH, SHARED}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    yield
    seen = item.config.stash[_seen]
    for name in _files(item.config.stash[_made]) - seen.keys():
        seen[name] = item.nodeid


def processes(folder: Path) -> dict[int, str]:
    """The processes that have ``folder``, or one in it, as TMPDIR, apart from this one: id to
    command line. One that has ended and was not yet waited for does not count, nor does
    multiprocessing's resource tracker, which ends with the interpreter that started it."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended, or is another user's
            continue
        places = [v[7:].decode(errors="replace") for v in environment if v.startswith(b"TMPDIR=")]
        ours = any(Path(place).is_relative_to(folder) for place in places)
        if ours and words and "multiprocessing.resource_tracker" not in words:
            found[int(entry.name)] = words.strip()[:120]
    found.pop(os.getpid(), None)
    return found


def _still_running(folder: Path) -> list[tuple[str, str]]:
    ends = time.monotonic() + PATIENCE_S
    while (found := processes(folder)) and time.monotonic() < ends:
        time.sleep(0.1)
    return [("a test", f"process {number}: {words}") for number, words in found.items()]


def left_behind(config: pytest.Config) -> list[tuple[str, str]]:
    """What the tests of this process left: the test after which it was first seen, and its path."""
    made, seen = config.stash[_made], config.stash[_seen]
    names = sorted(_files(made) - config.stash[_workers])
    return [(seen.get(name, "a test"), str(made / name)) for name in names]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    left = left_behind(config)
    if _worker(config):
        config.workeroutput["left behind"] = left  # type: ignore[attr-defined]
        return
    config.stash[_left] += left + _still_running(config.stash[_made])
    if config.stash[_left] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A pytest-xdist worker has ended; what it said of files comes with it."""
    stash = node.config.stash
    stash[_workers].add(node.gateway.id)
    stash[_left] += map(tuple, getattr(node, "workeroutput", {}).get("left behind", []))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    stats = terminalreporter.stats
    if config.stash[_left]:
        terminalreporter.section("left behind by the tests", red=True)
    for test, what in config.stash[_left]:
        terminalreporter.line(f"{what}, first seen after {test}")
        text = f"left behind: {Path(what).name if what.startswith('/') else what}"
        where = (test.split("::")[0], None, test)
        report = pytest.TestReport(test, where, {}, "failed", text, "teardown")
        stats.setdefault("error", []).append(report)
    if failed(terminalreporter):
        terminalreporter.line(f"temporary files of what failed stay in {config.stash[_made]}")


def failed(terminalreporter: pytest.TerminalReporter) -> bool:
    """Whether a test, or this check, has failed."""
    return bool(terminalreporter.stats.get("failed") or terminalreporter.stats.get("error"))


def pytest_unconfigure(config: pytest.Config) -> None:
    made = config.stash.get(_made, None)
    if made is None or _worker(config):
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not failed(reporter):
        shutil.rmtree(made, ignore_errors=True)
