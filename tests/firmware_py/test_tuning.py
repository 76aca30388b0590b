"""The tuning of what plays on the box: by verb, by preset, by config; held notes follow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from live_pump import RATE, Pump

from ddsp_edge.errors import UserError
from ddsp_edge.evaluation.pitch import track_f0
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.presets.preset import Preset
from ddsp_edge.presets.tuning import Tuning
from ddsp_edge.settings import Settings
from firmware_py.band import BandEditor
from firmware_py.config import Config, InstrumentConfig
from firmware_py.notices import Notices
from firmware_py.playback import Playback
from firmware_py.preset_editor import PresetEditor

DRY = Settings(reverb_wet=0, expression=0)
#: Seven equal steps: key 64 is 4/7 of an octave above key 60.
SEVEN = "Seven equal\n7\n" + "".join(f"{1200 * n / 7:.5f}\n" for n in range(1, 7)) + "2/1\n"
E4_OF_SEVEN = 60 + 12 * 4 / 7
OWN = "Wide\n12\n" + "".join(f"{110 * n}.0\n" for n in range(1, 13))


class Box:
    def __init__(self, engine: LiveEngine, folder: Path) -> None:
        config = Config(instrument=InstrumentConfig(source="synth", state=str(folder / "state")))
        self.engine, self.pump = engine, Pump(engine)
        self.playback = Playback(engine, config, Notices(engine.publish), lambda mappings: None)
        self.editor = PresetEditor(self.playback)

    def key(self, note: int) -> None:
        self.pump.midi("note_on", note=note, velocity=100)

    def pitch(self) -> float:
        """The MIDI note of what sounds."""
        return _pitch(self.pump.run(0.25))


def _pitch(sound: np.ndarray) -> float:
    hz = track_f0(sound[-RATE // 8 :].mean(axis=1), RATE, 150.0, 900.0).f0_hz
    return 69 + 12 * math.log2(float(np.median(hz[hz > 0])) / 440)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with LiveEngine(None, "synth", DRY) as engine:
        box = Box(engine, tmp_path)
        box.playback.play_model("violin")
        box.pump.run(0.3)
        yield box


def test_a_preset_brings_its_tuning_and_held_notes_glide_there(box: Box) -> None:
    for name, model, tuning in (("Same", "violin", SEVEN), ("Other", "flute", SEVEN)):
        saved = Preset(name, model, "synth", DRY, tuning=Tuning(tuning))
        box.playback.presets.save(saved)
    for name in ("Same", "Other"):
        box.playback.play_model("violin")
        box.playback.tune()
        box.pump.run(0.3)
        box.key(64)
        assert box.pitch() == pytest.approx(64, abs=0.1)
        still = box.pump.run(0.4)
        answer = box.playback.play_preset(name)
        assert answer["tuning"] == "Seven equal" and not box.playback.edited()
        changing = box.pump.run(0.5)
        assert _pitch(changing) == pytest.approx(E4_OF_SEVEN, abs=0.1)
        # A click is a step from sample to sample that no tone makes.
        steps = [float(np.abs(np.diff(sound, 2, axis=0)).max()) for sound in (still, changing)]
        louder = np.abs(changing[-RATE // 8 :]).max() / np.abs(still).max()
        assert steps[1] < 2.0 * steps[0] * max(1.0, louder)
        box.pump.midi("note_off", note=64)
        box.pump.run(0.5)
        box.key(67)
        assert box.pitch() == pytest.approx(72, abs=0.1)
        box.pump.midi("note_off", note=67)
        box.pump.run(0.5)


def test_the_verb_tunes_what_plays_and_a_preset_keeps_it(box: Box) -> None:
    box.editor.save("Mine")
    box.key(64)
    box.pump.run(0.3)
    assert box.playback.tune(SEVEN)["tuning"] == "Seven equal" and box.playback.edited()
    assert box.pitch() == pytest.approx(E4_OF_SEVEN, abs=0.1)
    box.editor.save()
    assert not box.playback.edited() and box.playback.presets.read("Mine").tuning == Tuning(SEVEN)
    with pytest.raises(UserError, match="tuning: scale: line 2"):
        box.playback.tune("Nothing\n0\n")
    with pytest.raises(UserError, match="tuning: scale: is missing"):
        box.playback.tune(keyboard_map="0")
    assert box.playback.playing()["tuning"] == "Seven equal"
    box.playback.play_model("flute")  # the tuning stays with what is edited
    box.pump.run(0.3)
    assert box.pitch() == pytest.approx(E4_OF_SEVEN, abs=0.1)
    assert box.playback.tune()["tuning"] is None
    assert box.pitch() == pytest.approx(64, abs=0.1)


def test_the_box_s_own_tuning_holds_where_a_preset_has_none(box: Box) -> None:
    box.playback.use_tuning(Tuning(OWN))
    box.key(64)
    assert box.pitch() == pytest.approx(64.4, abs=0.1)
    box.playback.tune(SEVEN)
    box.playback.use_tuning(None)
    assert box.pitch() == pytest.approx(E4_OF_SEVEN, abs=0.1)
    box.playback.use_tuning(Tuning(OWN))
    box.playback.tune()
    assert box.pitch() == pytest.approx(64.4, abs=0.1)


def test_what_played_comes_back_in_tune(box: Box, tmp_path: Path) -> None:
    box.playback.tune(SEVEN)
    box.editor.save("Mine")
    with LiveEngine(None, "synth", DRY) as engine:
        again = Box(engine, tmp_path)
        again.playback.restore()
        again.pump.run(0.3)
        assert again.playback.playing()["tuning"] == "Seven equal"
        again.key(64)
        assert again.pitch() == pytest.approx(E4_OF_SEVEN, abs=0.1)


def test_parts_of_a_band_are_tuned_together(box: Box) -> None:
    BandEditor(box.playback, 16).add({"key_high": 0})
    box.pump.run(0.3)
    box.key(64)
    box.pump.run(0.3)
    box.playback.tune(SEVEN)
    assert box.pitch() == pytest.approx(E4_OF_SEVEN, abs=0.1)
