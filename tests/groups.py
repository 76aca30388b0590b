"""Which tests run one after the other in the same pytest-xdist worker (``--dist loadgroup``).

A module's tests stay together, since they share its fixtures. Tests that play on the paced card
stay together too: what they count is how well it keeps time. A test may name another group by
``@pytest.mark.xdist_group``. The groups that take longest begin first.
"""

from __future__ import annotations

import pytest

#: Fixture to group.
SHARED = {"jack_card": "jack"}


def group(item: pytest.Item) -> str:
    """The group of a test."""
    for fixture, name in SHARED.items():
        if fixture in getattr(item, "fixturenames", ()):
            return name
    return item.nodeid.split("::")[0].removeprefix("tests/").removesuffix(".py")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "xdist_group(name): run in the same pytest-xdist worker")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before xdist's own, which reads the marks."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group(item)))
