"""A minute of everything at random; `make soak` is half an hour of it."""

from __future__ import annotations

import os

from soak import soak


def test_a_minute_of_everything_at_random(jack_card):
    seconds = float(os.environ.get("DDSP_EDGE_SOAK_S", "60"))
    before = jack_card.overloads()
    found = soak(seconds, jack_card.pcm, lambda: jack_card.overloads() - before)
    assert not found["wrong"], found
    assert found["presets"] >= seconds - 10 and found["models_played"] > seconds / 2
