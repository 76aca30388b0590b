"""Plain MIDI moves as real instruments do: issue 17's bar, on the shipped models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.evaluation.motion import Motion
from ddsp_edge.library.catalog import find_model, shipped_folder
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings
from ddsp_edge.synth.performer import Performer
from ddsp_edge.training.expression.calibrate import heard_motion, tune

#: Medians of held notes of real instruments. The violin's are of solo phrases (four recordings,
#: ../shared/tools/expression.py), those of the winds of single notes with vibrato; the cello was
#: recorded without vibrato, so its are those of its family (training/expression/calibrate.py).
REAL = {
    "violin": Motion(0, 14.8, 1.77, 0.38, 0.0),
    "cello": Motion(0, 13.0, 1.6, 0.30, 0.0),
    "flute": Motion(0, 6.3, 1.40, 0.32, 0.0),
    "oboe": Motion(0, 9.9, 0.75, 0.30, 0.0),
    "french-horn": Motion(0, 1.7, 0.14, 0.19, 0.0),
}
THIRD = 1.0 / 3.0


@pytest.mark.parametrize("name", REAL)
def test_pitch_level_and_timbre_move_within_a_third_of_the_real_figures(name: str) -> None:
    bundle, real = find_model(shipped_folder() / f"{name}.zip"), REAL[name]
    heard = heard_motion(bundle)
    assert heard.notes >= 30
    assert heard.pitch_cents == pytest.approx(real.pitch_cents, rel=THIRD)
    assert heard.level_db == pytest.approx(real.level_db, rel=THIRD)
    assert heard.flux == pytest.approx(real.flux, rel=THIRD)


@pytest.mark.parametrize("name", REAL)
def test_without_expression_it_stands_still(name: str) -> None:
    still = heard_motion(find_model(shipped_folder() / f"{name}.zip"), 0.0)
    assert still.pitch_cents < 0.2 and still.level_db < 0.1


@pytest.mark.parametrize("name", REAL)
def test_soft_notes_speak_more_slowly_and_equal_notes_differ(name: str) -> None:
    info = find_model(shipped_folder() / f"{name}.zip").info
    key = round(0.5 * (info.min_pitch_note + info.max_pitch_note))
    performer = Performer(info, 1)
    soft, loud = (
        [performer.play(0, key, velocity, float(at)) for at in range(60)] for velocity in (0.3, 1.0)
    )
    for field in ("attack_s", "attack_db"):
        medians = [np.median([getattr(how, field) for how in notes]) for notes in (soft, loud)]
        assert medians[0] > 1.1 * medians[1], field
    one, other = loud[:2]
    assert all(
        getattr(one, field) != getattr(other, field)
        for field in ("vibrato_cents", "vibrato_hz", "detune_cents", "accent_db", "attack_s")
    )


def test_without_expression_a_bundle_sounds_as_one_that_never_learnt_any(tmp_path: Path) -> None:
    """To -80 dB, and the same file sounds the same twice; with expression it sounds different."""
    bundle = find_model(shipped_folder() / "violin.zip")
    never = replace(bundle, info=replace(bundle.info, expression=None))
    path = tmp_path / "tune.mid"
    tune(69.0, length_s=0.3).save(path)

    def played(of: Bundle, amount: float) -> np.ndarray:
        settings = Settings(reverb_wet=0, expression=amount)
        return render(path, of, settings=settings, seed=3).sound

    still = played(bundle, 0.0)
    assert np.abs(still - played(never, 0.0)).max() < 1e-4 * np.abs(still).max()
    moving = played(bundle, 1.0)
    assert np.array_equal(moving, played(bundle, 1.0))
    assert np.abs(moving[: len(still)] - still[: len(moving)]).max() > 0.1 * np.abs(still).max()
