"""What several of the families' tests need."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_versions import make_version


@pytest.fixture
def versions(tmp_path: Path) -> list[Path]:
    """Three versions of one instrument, each made a day after the last."""
    return [make_version(tmp_path / f"toy-{i}.zip", i) for i in range(3)]
