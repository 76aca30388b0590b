"""Whether the engine of this box really plays: `python -m ddsp_edge.update.playing`, exit code 0.

The trial of a new system asks it (deploy/image/update/ddsp-edge-confirm).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from ddsp_edge.api.client import ControlClient
from ddsp_edge.errors import UserError
from ddsp_edge.update.box import Box, read_object

#: Between two looks at the count of periods.
LOOK_S = 0.5
#: So many periods must have gone to the card meanwhile.
FEWEST_PERIODS = 10

Ask = Callable[[str], dict[str, Any]]


def check_playing(ask: Ask, must_sound: bool = True, look_s: float = LOOK_S) -> str:
    """Return what plays. Raises UserError where nothing does; waits ``look_s``.

    ``must_sound``: periods must go to a sound card. Without it, where the box had no card before
    the update either, it is enough that the engine answers and has a model.
    """
    model = str(ask("status")["model"])
    if not must_sound:
        return f"{model}; no sound card played before the update, so none is asked for"
    before = _periods(ask)
    time.sleep(look_s)
    gone = _periods(ask) - before
    if gone < FEWEST_PERIODS:
        raise UserError(f"{model} is loaded, but no sound goes to a card")
    return f"{model}, {gone} periods in {look_s:g} s"


def _periods(ask: Ask) -> int:
    stream = ask("stats").get("stream") or {}
    return int(stream.get("heartbeat", 0))


def sounds_now(look_s: float = LOOK_S) -> bool:
    """Return whether the engine here plays to a card now. Waits ``look_s``."""
    try:
        with ControlClient() as engine:
            check_playing(engine.call, look_s=look_s)
    except UserError:
        return False
    return True


def main() -> int:
    """Look once; print what plays, or why nothing does."""
    must_sound = read_object(Box().last).get("sounded") is not False
    try:
        with ControlClient() as engine:
            print(check_playing(engine.call, must_sound))
    except UserError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
