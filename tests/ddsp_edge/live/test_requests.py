"""Settings and wishes: a knob that is turned while a model loads stays turned."""

from __future__ import annotations

import pytest
import tiny_decoder

from ddsp_edge.errors import UserError
from ddsp_edge.live.requests import Wish, Wishes
from ddsp_edge.settings import Settings


def test_a_knob_turned_while_a_model_loads_stays_turned():
    wishes = Wishes("effect", Settings())
    wish = Wish(tiny_decoder.tiny_bundle(), "synth", Settings(mix=0.5, reverb_wet=0.9))
    wishes.add(wish)
    wishes.change({"reverb_wet": 0.1})
    assert (wishes.settings.mix, wishes.settings.reverb_wet) == (1.0, 0.1)
    assert wishes.plan(wish) == ("synth", Settings(mix=0.5, reverb_wet=0.1))
    assert wishes.begin(wish, "synth") == Settings(mix=0.5, reverb_wet=0.1) == wishes.settings
    assert wishes.source == "synth"


def test_without_settings_or_source_of_its_own_it_takes_what_holds():
    wishes = Wishes("effect", Settings(mix=0.3))
    wish = Wish(tiny_decoder.tiny_bundle(), None, None)
    wishes.add(wish)
    wishes.change({"mix": 0.4})
    assert wishes.plan(wish) == ("effect", Settings(mix=0.4))
    assert wishes.begin(wish, "effect") == Settings(mix=0.4)


def test_a_bad_value_changes_nothing_and_a_dropped_wish_neither():
    wishes = Wishes("effect", Settings())
    wish = Wish(tiny_decoder.tiny_bundle(), None, Settings(mix=0.5))
    wishes.add(wish)
    with pytest.raises(UserError, match="mix"):
        wishes.change({"reverb_wet": 0.7, "mix": 3})
    assert wishes.settings == Settings() and wish.settings == Settings(mix=0.5)
    wishes.drop(wish)
    wishes.change({"mix": 0.1})
    assert wish.settings == Settings(mix=0.5)
