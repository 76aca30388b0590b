"""What plays after a model was dropped because it did not answer."""

from __future__ import annotations

import pytest
from live_pump import Pump

from ddsp_edge.live.engine import LiveEngine
from firmware_py.config import Config, InstrumentConfig
from firmware_py.notices import Notices
from firmware_py.playback import Playback


@pytest.fixture
def playback(tmp_path):
    config = Config(instrument=InstrumentConfig(source="synth", state=str(tmp_path)))
    with LiveEngine(None, "synth") as engine:
        notices = Notices(engine.publish)
        made = Playback(engine, config, notices, lambda mappings: None)
        made.notices, made.pump = notices, Pump(engine)
        yield made


def settle(playback):
    """Cross-fades end: there is room for other models."""
    playback.pump.run(0.3)


def test_the_model_before_plays_again_with_its_preset(playback):
    playback.play_model("trombone")
    now = playback.now
    settle(playback)
    playback.play_model("cello")
    settle(playback)
    playback.replace_hung("Cello")
    assert playback.now.model == now.model == "trombone"
    text = playback.notices.text("model")
    assert text == "Cello did not answer and was dropped; trombone plays instead"


def test_without_one_before_another_shipped_model_plays(playback):
    playback.play_model("violin")
    settle(playback)
    playback.replace_hung("Violin")
    assert playback.now.model not in (None, "violin")
    assert "plays instead" in playback.notices.text("model")
