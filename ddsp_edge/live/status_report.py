"""``status()`` for players and displays, ``stats()`` for engineers: plain JSON values.

Both only read what the engine's threads leave behind; they take no lock and stop nothing.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ddsp_edge.cards.settings import INPUTS
from ddsp_edge.live.mixer_controls import HOLD_S
from ddsp_edge.settings import SETTINGS

if TYPE_CHECKING:
    from ddsp_edge.live.card_supervisor import CardSupervisor
    from ddsp_edge.live.control_thread import ControlThread
    from ddsp_edge.live.loader import Loader


def status(
    control: ControlThread, loader: Loader, supervisor: CardSupervisor | None
) -> dict[str, Any]:
    """What :meth:`LiveEngine.status` returns."""
    mixer, current, now_s = control.mixer, control.active.current, time.monotonic()
    settings = control.requests.settings
    heard = current.heard if current else None
    reading = current.reading if current else None
    return {
        "model": current.info.name if current else None,
        "morph_model": current.other.info.name if current and current.other else None,
        "source": control.requests.source,
        "loading": loader.loading,
        "settings": {name: getattr(settings, name) for name in SETTINGS},  # asdict is slow
        "bypass": mixer.bypassed,
        "mute": mixer.muted,
        "tuner": mixer.tuning,
        "freeze": control.frozen,
        "autofit_s": control.fitting_s,
        "f0_hz": round(reading.f0_hz, 2) if reading else None,
        "note": reading.name if reading else None,
        "cents": round(reading.cents, 1) if reading else None,
        "steady": reading.steady if reading else False,
        "loudness_db": round(heard.loudness_db, 1) if heard else None,
        "confidence": round(heard.confidence, 2) if heard else None,
        "notes": current.notes if current else [],
        "input_dbfs": round(mixer.input.dbfs, 1),
        "output_dbfs": round(mixer.output.dbfs, 1),
        "input_clip": now_s < mixer.input_clipped_s + HOLD_S,
        "output_clip": now_s < mixer.output_clipped_s + HOLD_S,
        "input_sides_dbfs": [round(side.dbfs, 1) for side in mixer.input_sides],
        "output_sides_dbfs": [round(side.dbfs, 1) for side in mixer.output_sides],
        "input_sides_clip": [side.clips for side in mixer.input_sides],
        "output_sides_clip": [side.clips for side in mixer.output_sides],
        "test_tone": control.tester.sounds,
        "card": supervisor.status() if supervisor else {"state": "none"},
        "input_side": INPUTS[mixer.stats.input_side],
        "warnings": [
            *(supervisor.warnings if supervisor else []),
            *([mixer.input_warning] if mixer.input_warning else []),
        ],
        "faults": control.active.faults,
    }


def stats(
    control: ControlThread, loader: Loader, supervisor: CardSupervisor | None
) -> dict[str, Any]:
    """What :meth:`LiveEngine.stats` returns. Times in microseconds."""
    rig = asdict(control.mixer.stats)
    return {
        "rig": {
            **rig,
            "process_ns": list(rig["process_ns"]),
            "position_s": round(rig["position"] / control.context.rate, 3),
        },
        "stream": supervisor.stream_stats() if supervisor else None,
        "control": {**control.gauges.summary(), "real_time": control.real_time},
        "load": loader.took_ns.summary(),
        "models_played": control.active.changes,
        "instruments": len(control.active.all),
        "faults": control.active.faults,
        "reopened": supervisor.reopened if supervisor else 0,
    }
