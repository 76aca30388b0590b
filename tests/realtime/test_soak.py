"""Everything at random: 20 seconds, a minute in CI, half an hour by `make soak`."""

from __future__ import annotations

import os

from extent import extent
from soak import soak


def test_a_while_of_everything_at_random(jack_card):
    seconds = float(os.environ.get("DDSP_EDGE_SOAK_S", extent(20, 60)))
    before = jack_card.overloads()
    found = soak(seconds, jack_card.pcm, lambda: jack_card.overloads() - before)
    assert not found["wrong"], found
    assert found["presets"] >= seconds - 10 and found["models_played"] > seconds / 2
