"""A browser names models, never files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.api.protocol import RequestError
from firmware_py.panel.paths import MODEL_IN, refuse_paths


def bad_names(name):
    return (f"/{name}", f"{name}/x", f"{name}\\x", f".{name}", f"{name}.zip", f"{name}.TFLITE")


@given(st.text(max_size=20), st.sampled_from(sorted(MODEL_IN)))
def test_a_name_with_a_path_in_it_is_refused(name, verb):
    for bad in bad_names(name):
        with pytest.raises(RequestError, match="may not name paths"):
            refuse_paths(verb, {MODEL_IN[verb]: bad})


@pytest.mark.parametrize("verb", ["part_set", "part_add"])
def test_so_it_is_in_a_part(verb):
    refuse_paths(verb, {"values": {"model": "violin"}})
    for bad in bad_names("violin"):
        with pytest.raises(RequestError, match="may not name paths"):
            refuse_paths(verb, {"values": {"model": bad}})


def test_so_it_is_everywhere_in_a_preset():
    refuse_paths("preset_write", {"preset": {"model": "violin", "parts": [{"model": "cello"}]}})
    refuse_paths("preset_write", {"preset": {"model": "violin", "parts": "wrong"}})
    for bad in bad_names("violin"):
        for preset in ({"model": bad}, {"morph_model": bad}, {"parts": [{}, {"model": bad}]}):
            with pytest.raises(RequestError, match="may not name paths"):
                refuse_paths("preset_write", {"preset": {"model": "violin"} | preset})
