"""The pictures of the controls in docs/lv2.md are of the ports that there are."""

from __future__ import annotations

import pytest
from lv2_pictures import picture, shown
from PIL import Image

from ddsp_edge.lv2.ports import PLUGINS, Plugin


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)
def test_a_picture_shows_todays_controls(plugin: Plugin) -> None:
    """If not: python tests/lv2_pictures.py, with PYTHONPATH=tests:."""
    with Image.open(picture(plugin)) as image:
        assert image.text["controls"].split(", ") == shown(plugin)
        assert image.width == 640 and image.height > 25 * len(shown(plugin))
