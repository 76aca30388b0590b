"""A second model in the running program: chosen, heard, kept in a preset and over a restart."""

import signal

import pytest
from service_box import play, until

from ddsp_edge.api.protocol import RequestError


def test_a_morph_is_chosen_played_kept_and_comes_back(box):
    with box.start().client() as client:
        assert client.call("status")["morph_model"] is None
        answer = client.call("morph_model", name="cello")
        assert (answer["model"], answer["morph_model"]) == ("violin", "cello")
        play(client, 0x90, 60, 100)
        for value in (0.5, 1.0, 0.0, 0.3):
            assert client.call("set", values={"morph": value})["values"] == {"morph": value}
            until(lambda s: s["output_dbfs"] > -40, client)
        with pytest.raises(RequestError, match="no model"):
            client.call("morph_model", name="nobody")
        assert client.call("status")["morph_model"] == "cello"
        client.call("preset_save", name="Between")
        rows = client.call("presets")["presets"]
        assert [row["morph_model"] for row in rows] == ["cello"]
        client.call("morph_model")
        status = client.call("status")
        assert status["morph_model"] is None and status["edited"] is True
        box.end(signal.SIGKILL)
    assert 'morph_model = "cello"' in (box.state / "presets" / "Between.toml").read_text()
    with box.start().client() as client:
        status = client.call("status")
        assert (status["preset"], status["morph_model"]) == ("Between", None)
        assert client.call("preset", name="Between")["morph_model"] == "cello"
        assert client.call("status")["settings"]["morph"] == 0.3
        box.end(signal.SIGKILL)
    with box.start().client() as client:
        status = client.call("status")
        assert (status["preset"], status["morph_model"]) == ("Between", "cello")
        assert status["edited"] is False and status["faults"] == 0
    assert "Traceback" not in box.log()


def test_a_second_model_that_has_gone_is_said_and_the_first_plays(box):
    presets = box.state / "presets"
    presets.mkdir(parents=True)
    (presets / "Old.toml").write_text('model = "violin"\nmorph_model = "gone"\nsource = "synth"\n')
    (box.state / "last.toml").write_text('preset = "Old"\n')
    with box.start().client() as client:
        status = client.call("status")
        assert status["model"] == "violin" and status["morph_model"] is None
        assert any("gone" in text for text in status["warnings"])
        with pytest.raises(RequestError, match="gone"):
            client.call("preset", name="Old")
