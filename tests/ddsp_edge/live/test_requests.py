"""Settings and requests: a knob that is turned while a model loads stays turned."""

from __future__ import annotations

import pytest
import tiny_decoder

from ddsp_edge.errors import UserError
from ddsp_edge.live.requests import ModelRequest, Requests
from ddsp_edge.settings import Settings


def test_a_knob_turned_while_a_model_loads_stays_turned():
    requests = Requests("effect", Settings())
    request = ModelRequest(tiny_decoder.tiny_bundle(), "synth", Settings(mix=0.5, reverb_wet=0.9))
    requests.add(request)
    requests.change({"reverb_wet": 0.1})
    assert (requests.settings.mix, requests.settings.reverb_wet) == (1.0, 0.1)
    assert requests.plan(request) == ("synth", Settings(mix=0.5, reverb_wet=0.1))
    assert (
        requests.begin(request, "synth") == Settings(mix=0.5, reverb_wet=0.1) == requests.settings
    )
    assert requests.source == "synth"


def test_without_settings_or_source_of_its_own_it_takes_what_holds():
    requests = Requests("effect", Settings(mix=0.3))
    request = ModelRequest(tiny_decoder.tiny_bundle(), None, None)
    requests.add(request)
    requests.change({"mix": 0.4})
    assert requests.plan(request) == ("effect", Settings(mix=0.4))
    assert requests.begin(request, "effect") == Settings(mix=0.4)


def test_a_bad_value_changes_nothing_and_a_dropped_wish_neither():
    requests = Requests("effect", Settings())
    request = ModelRequest(tiny_decoder.tiny_bundle(), None, Settings(mix=0.5))
    requests.add(request)
    with pytest.raises(UserError, match="mix"):
        requests.change({"reverb_wet": 0.7, "mix": 3})
    assert requests.settings == Settings() and request.settings == Settings(mix=0.5)
    requests.drop(request)
    requests.change({"mix": 0.1})
    assert request.settings == Settings(mix=0.5)
