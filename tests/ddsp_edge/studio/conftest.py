"""The studio's application, asked as its page asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="starlette is not installed (pip install starlette)")
from starlette.testclient import TestClient
from studio_toy import FEW_STEPS, KEY

from ddsp_edge.studio.app import make_studio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the instruments are."""
    made = tmp_path / "studio"
    made.mkdir()
    return made


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """A browser that has opened the address with the key."""
    with TestClient(make_studio(folder, KEY), base_url="http://localhost:8088") as found:
        found.headers["Authorization"] = f"Bearer {KEY}"
        yield found


@pytest.fixture
def toy(client: TestClient) -> str:
    """An instrument without recordings; its key."""
    answer = client.post("/api/instruments", json={"name": "Toy Flute", **FEW_STEPS})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["key"])
