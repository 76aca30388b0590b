"""What is chosen on the box lies over the config, and is checked as the config is."""

import pytest

from ddsp_edge.errors import UserError
from firmware_py.config import AudioConfig
from firmware_py.device_overrides import AudioOverride, DeviceOverrides, changed


def test_what_is_chosen_lies_over_the_config():
    audio = AudioConfig(card="USB", capture="Mic", rate=44_100, cpu=3)
    assert AudioOverride().over(audio) == audio
    over = AudioOverride(card="Codec", period=64, input="left", capture="same").over(audio)
    assert over == AudioConfig(
        card="Codec", capture="", rate=44_100, period=64, input="left", cpu=3
    )


def test_it_is_kept_and_read_again(tmp_path):
    choices = DeviceOverrides(tmp_path)
    assert choices.audio() == AudioOverride() and choices.midi_off() == ()
    choices.write_audio(AudioOverride(card="USB", rate=96_000))
    choices.write_midi_off(("Keys 1", 'A "b" [c]*'))
    again = DeviceOverrides(tmp_path)
    assert again.audio() == AudioOverride(card="USB", rate=96_000)
    assert again.midi_off() == ("Keys 1", 'A "b" [c]*')
    (tmp_path / "audio.toml").write_text("carrd = 'USB'")
    with pytest.raises(UserError, match="did you mean 'card'"):
        again.audio()


def test_what_the_box_is_to_a_computer_is_kept(tmp_path):
    choices = DeviceOverrides(tmp_path)
    assert choices.usb() == ""
    choices.write_usb("midi")
    assert DeviceOverrides(tmp_path).usb() == "midi"
    (tmp_path / "usb.toml").write_text("gadget = 1")
    with pytest.raises(UserError, match=r"usb\.toml"):
        choices.usb()


def test_wishes_change_only_what_they_name():
    choice = changed(AudioOverride(card="USB", period=64), {"period": 256, "card": None})
    assert choice == AudioOverride(card="USB", period=256)
    for wrong, says in [
        ({"rate": 12_345}, "rate"),
        ({"period": 5000}, "period"),
        ({"input": "middle"}, "input"),
    ]:
        with pytest.raises(UserError, match=says):
            changed(AudioOverride(), wrong)
    with pytest.raises(UserError, match="period"):
        changed(AudioOverride(), {"period": 3}).over(AudioConfig())
