"""What is chosen on the box lies over the config, and is checked as the config is."""

import pytest

from ddsp_edge.errors import UserError
from firmware_py.config import Audio
from firmware_py.device_overrides import AudioChoice, Choices, changed


def test_what_is_chosen_lies_over_the_config():
    audio = Audio(card="USB", capture="Mic", rate=44_100, cpu=3)
    assert AudioChoice().over(audio) == audio
    over = AudioChoice(card="Codec", period=64, input="left", capture="same").over(audio)
    assert over == Audio(card="Codec", capture="", rate=44_100, period=64, input="left", cpu=3)


def test_it_is_kept_and_read_again(tmp_path):
    choices = Choices(tmp_path)
    assert choices.audio() == AudioChoice() and choices.midi_off() == ()
    choices.keep_audio(AudioChoice(card="USB", rate=96_000))
    choices.keep_midi_off(("Keys 1", 'A "b" [c]*'))
    again = Choices(tmp_path)
    assert again.audio() == AudioChoice(card="USB", rate=96_000)
    assert again.midi_off() == ("Keys 1", 'A "b" [c]*')
    (tmp_path / "audio.toml").write_text("carrd = 'USB'")
    with pytest.raises(UserError, match="did you mean 'card'"):
        again.audio()


def test_wishes_change_only_what_they_name():
    choice = changed(AudioChoice(card="USB", period=64), {"period": 256, "card": None})
    assert choice == AudioChoice(card="USB", period=256)
    for wrong, says in [
        ({"rate": 12_345}, "rate"),
        ({"period": 5000}, "period"),
        ({"input": "middle"}, "input"),
    ]:
        with pytest.raises(UserError, match=says):
            changed(AudioChoice(), wrong)
    with pytest.raises(UserError, match="period"):
        changed(AudioChoice(), {"period": 3}).over(Audio())
