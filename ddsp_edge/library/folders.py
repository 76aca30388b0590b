"""Where models lie: those that come with the program, and the user's."""

from __future__ import annotations

import os
from pathlib import Path

ENVIRONMENT = "DDSP_EDGE_MODELS"


def shipped_folder() -> Path:
    """Return the folder of the models that come with the program."""
    return Path(__file__).resolve().parents[1] / "models"


def user_folder() -> Path:
    """$DDSP_EDGE_MODELS, or ddsp-edge/models in the XDG data folder."""
    if chosen := os.environ.get(ENVIRONMENT):
        return Path(chosen).expanduser()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser() / "ddsp-edge" / "models"
