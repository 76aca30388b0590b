"""The page of `ddsp-edge compare` in a real Chromium: from a folder, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import browser_page
import browser_seen
import numpy as np
import pytest

from ddsp_edge.compare.figures import ComparedFigure
from ddsp_edge.compare.page import Shown, write_page
from ddsp_edge.compare.versions import RATE, Version
from ddsp_edge.system.audio_file import write_audio

WIDTHS = (320, 390, 768, 1280)


@pytest.fixture(scope="module")
def page(_chromium: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions of twenty seconds, one that is missing, and a picture."""
    from ddsp_edge.compare.pictures import draw

    folder = tmp_path_factory.mktemp("compare")
    at = np.arange(20 * RATE) / RATE
    shown = []
    for key, hz in (("ours", 220.0), ("sampled", 330.0), ("physical", 440.0)):
        title = f"A version with a rather long name: {key}"
        version = Version(key, title, "Made by a sine.", np.sin(2 * np.pi * hz * at).astype("f4"))
        write_audio(folder / f"{key}.wav", 0.1 * version.sound, RATE)
        if key == "ours":
            draw(version, folder / "ours.png")
        shown.append(Shown(version, f"{key}.wav", "ours.png" if key == "ours" else ""))
    missing = Version("vst", "DDSP-VST", "A plug-in.", missing="<none> of its models is installed")
    rows = [ComparedFigure("pitch that moves", {"ours": 1.0, "sampled": float("nan")})]
    write_page(folder / "index.html", "tune", [*shown, Shown(missing)], rows)
    return folder / "index.html"


@pytest.fixture
def phone(page: Path) -> Iterator[browser_page.Phone]:
    found = browser_page.Phone(page.as_uri())
    try:
        found.driver.get(page.as_uri())
        # The places of files are known before anything is heard.
        found.until(lambda: found.run("return [...sounds.values()].every((s) => s.duration > 19)"))
        yield found
        assert found.complaints() == []
    finally:
        found.close()


def playing(phone: browser_page.Phone) -> list[str]:
    """Which versions are heard."""
    return list(phone.run("return [...sounds].filter(([, s]) => !s.paused).map(([key]) => key)"))


def place(phone: browser_page.Phone) -> float:
    return float(phone.run("return sounds.get(current).currentTime"))


def test_switching_goes_on_at_the_same_place(phone: browser_page.Phone) -> None:
    phone.run("seek.value = '5'; seek.dispatchEvent(new Event('input'))")
    phone.tap("#play")
    phone.until(lambda: playing(phone) == ["ours"] and place(phone) > 5.2)
    before = place(phone)
    phone.tap("button[data-hear=physical]")
    phone.until(lambda: playing(phone) == ["physical"] and place(phone) > before)
    assert phone.value("button[data-hear=physical]", "aria-pressed") == "true"
    # It goes on where the other one stopped, however long the tap took.
    stopped = float(phone.run("return sounds.get('ours').currentTime"))
    phone.tap("#play")
    phone.until(lambda: playing(phone) == [])
    assert before <= stopped <= place(phone)
    phone.tap("button[data-hear=sampled]")  # paused: the place moves with it
    phone.until(
        lambda: phone.run(
            "return Math.abs(sounds.get('sampled').currentTime"
            " - sounds.get('physical').currentTime) < 0.01"
        )
    )
    assert playing(phone) == []


def test_blind_tells_nothing_before_the_end(phone: browser_page.Phone) -> None:
    phone.run("document.getElementById('blind-b').value = 'physical'")
    phone.tap("#blind-start")
    assert phone.shown("#blind-run") and not phone.shown("#blind-setup")
    phone.tap("#play")
    for trial in range(8):
        assert phone.text("#blind-number") == f"Trial {trial + 1} of 8"
        phone.tap("#hear-x")
        assert not phone.shown("#results")
        # Nothing on the page says what X is.
        assert (
            phone.run("return document.querySelectorAll('[data-hear][aria-pressed=true]').length")
            == 0
        )
        right = phone.run("return trial.x === trial.a")
        wrong = trial == 3
        phone.tap("#is-a" if right != wrong else "#is-b")
    phone.until(lambda: phone.shown("#results"))
    said = phone.text("#results")
    assert "7 of 8 right" in said and "3.5 %" in said and said.count("(wrong)") == 1
    assert playing(phone) == [] and phone.shown("#blind-setup")


def test_blind_needs_two_versions_and_may_be_stopped(phone: browser_page.Phone) -> None:
    phone.run("document.getElementById('blind-b').value = 'ours'")
    phone.tap("#blind-start")
    assert "two different" in phone.text("#blind-said")
    phone.run("document.getElementById('blind-b').value = 'sampled'")
    phone.tap("#blind-start")
    phone.tap("#blind-stop")
    assert "before the first answer" in phone.text("#results")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_reaches_over_the_edge(phone: browser_page.Phone, width: int) -> None:
    phone.size(width, 800)
    assert phone.run("return document.documentElement.scrollWidth") <= width
    assert "<none> of its models is installed" in phone.text("header")
    phone.tap("#blind-start")
    assert phone.run("return document.documentElement.scrollWidth") <= width
    looked, faint = phone.run(browser_seen.FAINT)
    assert looked > 10 and faint == []
