"""Both programs on the dummy sound card, and browsers before them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jack_server
import panel_box
import pytest

pytest.importorskip("selenium", reason="selenium is not installed (pip install selenium)")
import browser_page

from ddsp_edge.api.client import ControlClient

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="session")
def _chromium() -> None:
    for program in (browser_page.CHROMIUM, browser_page.DRIVER):
        if not program.exists():
            pytest.skip(f"{program} is missing (apt-get install chromium chromium-driver)")


@pytest.fixture(scope="module")
def box(
    _chromium: None,
    request: pytest.FixtureRequest,
    _jack_server: jack_server.JackServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[panel_box.Programs]:
    """Engine (played by MIDI) and panel; for all tests of a module, which may say MIDI."""
    midi = getattr(request.module, "MIDI", "none")
    # What stands in the place of the machine's own programs: a journal that has something.
    env = {**_jack_server.env, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    with panel_box.running(tmp_path_factory.mktemp("box"), env, midi) as programs:
        yield programs


@pytest.fixture(scope="module")
def token(box: panel_box.Programs) -> str:
    """Of a browser that was paired before."""
    ends = time.monotonic() + panel_box.START_S
    while not box.code.exists():  # its address is there a moment earlier
        assert time.monotonic() < ends, box.logs()
        time.sleep(0.05)
    return box.pair()


@pytest.fixture
def engine(box: panel_box.Programs) -> Iterator[ControlClient]:
    """Beside the panel: what the engine itself says."""
    with ControlClient(box.socket) as client:
        yield client


@pytest.fixture(scope="session")
def _idle_phones(_chromium: None) -> Iterator[list[browser_page.Phone]]:
    """Browsers that were started and that no test uses now."""
    idle: list[browser_page.Phone] = []
    yield idle
    for each in idle:
        each.close()


@pytest.fixture
def new_phone(
    box: panel_box.Programs, _idle_phones: list[browser_page.Phone]
) -> Iterator[Callable[[], browser_page.Phone]]:
    """Makes browsers that know nothing yet."""
    url = f"http://127.0.0.1:{box.port}/"
    used: list[browser_page.Phone] = []

    def make() -> browser_page.Phone:
        used.append(_idle_phones.pop().forget(url) if _idle_phones else browser_page.Phone(url))
        return used[-1]

    yield make
    for each in used:
        each.driver.get("about:blank")  # the box has one browser fewer
    _idle_phones.extend(used)


@pytest.fixture
def unopened(new_phone: Callable[[], browser_page.Phone]) -> Iterator[browser_page.Phone]:
    """One that has loaded no page. Whatever the test did, its console has no errors in the end."""
    phone = new_phone()
    yield phone
    assert phone.complaints() == []


@pytest.fixture
def phone(
    request: pytest.FixtureRequest, unopened: browser_page.Phone, token: str
) -> browser_page.Phone:
    """A paired one that shows Play, or what the module says as VIEW."""
    return unopened.open(getattr(request.module, "VIEW", "play"), token)
