"""The demo's page in a real Chromium."""

from __future__ import annotations

import contextlib
from pathlib import Path

import browser_page
import pytest

from ddsp_edge.demo.gallery import instruments
from ddsp_edge.demo.page import page


@pytest.mark.usefixtures("_chromium")
@pytest.mark.parametrize("width", [360, 390, 1280])
def test_it_is_no_wider_than_the_screen(width: int, tmp_path: Path) -> None:
    """All shipped instruments, and the sources, which are long addresses."""
    models = instruments(tmp_path)
    assert len(models) >= 7
    index = tmp_path / "index.html"
    index.write_text(page([], models), encoding="utf-8")
    with contextlib.closing(browser_page.Phone(index.as_uri())) as phone:
        phone.size(width, 800)
        phone.driver.get(index.as_uri())
        assert phone.run("return document.documentElement.scrollWidth") <= width
