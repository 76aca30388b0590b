"""The card image. What starts machines is collected by ``make image-test`` only
(DDSP_EDGE_IMAGE=1); what reads and writes files is part of ``make test``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "deploy/image"))
LIGHT = {"test_card.py", "test_first_boot.py", "test_lanes.py", "test_lists.py", "test_users.py"}
collect_ignore_glob = [
    path.name
    for path in HERE.glob("test_*.py")
    if path.name not in LIGHT and os.environ.get("DDSP_EDGE_IMAGE") != "1"
]
