"""``status()`` for players and displays, ``stats()`` for engineers: plain JSON values.

Both only read what the engine's threads leave behind; they take no lock and stop nothing.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ddsp_edge.live.desk import HOLD_S
from ddsp_edge.settings import NOTE_NAMES

if TYPE_CHECKING:
    from ddsp_edge.live.card_keeper import CardKeeper
    from ddsp_edge.live.control import Control
    from ddsp_edge.live.loader import Loader


def status(control: Control, loader: Loader, keeper: CardKeeper | None) -> dict[str, Any]:
    """What :meth:`LiveEngine.status` returns."""
    desk, current, now_s = control.desk, control.stage.current, time.monotonic()
    settings = control.wishes.settings
    heard = current.heard if current else None
    f0_hz = heard.f0_hz if heard and heard.confidence > 0.0 else 0.0
    return {
        "model": current.info.name if current else None,
        "source": control.wishes.source,
        "loading": loader.loading,
        "settings": asdict(settings),
        "bypass": desk.bypassed,
        "mute": desk.muted,
        "tuner": desk.tuning,
        "freeze": control.frozen,
        "autofit": control.fitting,
        **note_of(f0_hz, settings.tuning),
        "loudness_db": round(heard.loudness_db, 1) if heard else None,
        "confidence": round(heard.confidence, 2) if heard else None,
        "notes": current.notes if current else [],
        "input_dbfs": round(desk.input.dbfs, 1),
        "output_dbfs": round(desk.output.dbfs, 1),
        "input_clip": now_s < desk.input_clipped_s + HOLD_S,
        "output_clip": now_s < desk.output_clipped_s + HOLD_S,
        "card": keeper.status() if keeper else {"state": "none"},
        "warnings": [*(keeper.warnings if keeper else [])],
        "faults": control.stage.faults,
    }


def note_of(f0_hz: float, tuning_hz: float) -> dict[str, Any]:
    """Pitch for a tuner: ``f0_hz``, ``note`` ("A4") and ``cents`` from it; None without one."""
    if not f0_hz > 0.0:
        return {"f0_hz": None, "note": None, "cents": None}
    number = 69.0 + 12.0 * math.log2(f0_hz / tuning_hz)
    nearest = round(number)
    return {
        "f0_hz": round(f0_hz, 2),
        "note": f"{NOTE_NAMES[nearest % 12]}{nearest // 12 - 1}",
        "cents": round(100.0 * (number - nearest), 1),
    }


def stats(control: Control, loader: Loader, keeper: CardKeeper | None) -> dict[str, Any]:
    """What :meth:`LiveEngine.stats` returns. Times in microseconds."""
    rig = asdict(control.desk.stats)
    return {
        "rig": {
            **rig,
            "process_ns": list(rig["process_ns"]),
            "position_s": round(rig["position"] / control.rate, 3),
        },
        "stream": keeper.stream_stats() if keeper else None,
        "control": control.gauges.summary(),
        "load": loader.took_ns.summary(),
        "models_played": control.stage.changes,
        "instruments": len(control.stage.all),
        "faults": control.stage.faults,
        "reopened": keeper.reopened if keeper else 0,
    }
