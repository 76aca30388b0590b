"""Presets and learned mappings as data: read, stored under another name, refused where wrong."""

import pytest

from ddsp_edge.api.protocol import RequestError


def test_a_preset_is_read_and_stored_again_under_another_name(box):
    with box.start().client() as client:
        client.call("model", name="cello")
        client.call("set", values={"reverb_wet": 0.4, "voices": 4, "snap": "soft"})
        client.call("morph_model", name="violin")
        client.call("preset_save", name="Warm")
        read = client.call("preset_read", name="warm")
        assert read["name"] == "Warm"
        assert read["preset"]["settings"] == {"reverb_wet": 0.4, "snap": "soft", "voices": 4}
        client.call("model", name="violin")
        listed = client.call("preset_write", name="Warm: copy", preset=read["preset"])
        assert [row["name"] for row in listed["presets"]] == ["Warm", "Warm- copy"]
        assert client.call("status")["model"] == "violin"  # what plays goes on
        client.call("preset", name="Warm- copy")
        status = client.call("status")
        assert (status["model"], status["morph_model"]) == ("cello", "violin")
        assert status["settings"]["voices"] == 4


def test_a_taken_name_is_replaced_only_where_asked_and_the_preset_that_plays_is_edited(box):
    with box.start().client() as client:
        client.call("model", name="cello")
        client.call("preset_save", name="Warm")
        other = {"model": "violin", "settings": {"mix": 0.25}}
        with pytest.raises(RequestError, match="is called 'WARM' already"):
            client.call("preset_write", name="WARM", preset=other)
        assert client.call("preset_read", name="Warm")["preset"]["model"] == "cello"
        client.call("preset_write", name="WARM", preset=other, replace=True)
        assert client.call("preset_read", name="Warm")["preset"]["settings"] == {"mix": 0.25}
        status = client.call("status")
        assert (status["model"], status["preset"], status["edited"]) == ("cello", "Warm", True)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"model": "violin", "colour": 1}, "unknown key 'colour'"),
        ({"model": "violin", "settings": {"mix": 7}}, "outside 0 to 1"),
        ({"model": "violin", "settings": {"mix": [1]}}, "settings"),
        ({"source": "synth"}, "model: is missing"),
        ({"model": "violin", "version": 99}, "of a newer ddsp-edge"),
        ({"model": "violin", "mappings": [{"control": "cc 900", "set": "mix"}]}, "0 to 127"),
    ],
)
def test_what_is_no_preset_is_refused(box, tables, says):
    with box.start().client() as client:
        with pytest.raises(RequestError, match=says):
            client.call("preset_write", name="Bad", preset=tables)
        assert client.call("presets")["presets"] == []


def test_a_mapping_is_stored_for_the_device(box):
    with box.start().client() as client:
        mapping = {"control": "cc 21", "set": "mix", "range": [0.25, 0.75]}
        rows = client.call("mapping_add", mapping=mapping)["mappings"]
        assert [(row["control"], row["set"], row["kept"]) for row in rows] == [
            ("cc 21", "mix", "device")
        ]
        client.call("mapping_add", mapping={"control": "cc 21", "set": "pan"})
        (row,) = client.call("mappings")["mappings"]
        assert row["set"] == "pan"  # in its place
        client.call("midi", bytes=[0xB0, 21, 127])
        assert client.call("status")["settings"]["pan"] == 1.0
        with pytest.raises(RequestError, match="give it either set or do"):
            client.call("mapping_add", mapping={"control": "cc 22"})
