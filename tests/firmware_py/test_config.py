"""The config file: defaults, profiles, and one clear line for every mistake."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import firmware_py.config_files
from ddsp_edge.errors import UserError
from firmware_py.config import Config, read_config

EXAMPLE = Path(__file__).parents[2] / "deploy" / "config.toml"
SYSTEMD = ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "XDG_STATE_HOME", "DDSP_EDGE_SOCKET")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in SYSTEMD:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def read(tmp_path):
    def from_text(text, name="config.toml"):
        (tmp_path / name).write_text(text)
        return read_config(tmp_path / "config.toml")

    return from_text


def test_the_example_shows_every_key_with_its_default(read):
    text = EXAMPLE.read_text()
    assert read_config(EXAMPLE) == Config()
    shown = re.sub(r"^#(?=\w+ = )", "", text, flags=re.MULTILINE)
    assert read(shown) == Config()
    for section in fields(Config):
        assert f"[{section.name}]" in text
        if section.name != "controls":  # docs/pedal.md has its examples
            for key in fields(section.default_factory):
                assert re.search(rf"^#{key.name} = ", text, flags=re.MULTILINE), key.name


def test_values_arrive(read):
    config = read('[audio]\ncard = "Pro"\nperiod = 64\n[control]\nmode = "600"\n')
    assert (config.audio.card, config.audio.period, config.audio.rate) == ("Pro", 64, 48_000)
    assert config.control.mode_bits == 0o600


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[audio]\nperod = 64\n", "config.toml: audio: unknown key 'perod'; did you mean 'period'"),
        ("[odio]\n", "unknown key 'odio'; did you mean 'audio'?"),
        ("[audio]\nrate = 22050\n", "audio.rate: 22050 is not one of 44100, 48000"),
        ("[audio]\nperiod = 8\n", "audio.period: 8 is outside 16 to 4096 frames"),
        ("[audio]\nperiod = '64'\n", "audio.period: '64' is not a whole number"),
        ("[midi]\nchannel = 17\n", "midi.channel: 17 is outside 0 to 16"),
        ("[control]\nmode = '9'\n", "mode"),
        ("[control]\nmode = '7777'\n", "mode"),
        ("audio = 1\n", "audio: 1 is not a table"),
        ("[audio\n", "is not TOML"),
    ],
)
def test_a_mistake_is_one_line_with_file_key_and_remedy(read, text, says):
    with pytest.raises(UserError) as error:
        read(text)
    message = str(error.value)
    assert says in message and "config.toml" in message and "\n" not in message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_a_config_or_one_line(tmp_path, data):
    path = tmp_path / "config.toml"
    path.write_bytes(data)
    said = ""
    try:
        assert isinstance(read_config(path), Config)
    except UserError as error:
        said = str(error)
    assert not said or ("\n" not in said and str(path) in said)


def test_the_boards_profile_comes_first_and_the_config_has_the_last_word(read, tmp_path):
    (tmp_path / "board.toml").write_text("[audio]\nperiod = 256\ncpu = 3\n")
    (tmp_path / "hat.toml").write_text('[audio]\ncard = "sndrpihifiberry"\nperiods = 3\n')
    audio = read("[audio]\nperiods = 2\n").audio
    assert (audio.card, audio.period, audio.periods, audio.cpu) == ("sndrpihifiberry", 256, 2, 3)


def test_a_mistake_in_a_profile_names_the_profile(read, tmp_path):
    (tmp_path / "board.toml").write_text("[audio]\nperiodd = 256\n")
    with pytest.raises(UserError, match=r"board\.toml: audio: unknown key 'periodd'"):
        read("")


def test_a_config_that_was_named_must_be_there_and_the_usual_one_need_not(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="nowhere"):
        read_config(tmp_path / "nowhere.toml")
    monkeypatch.setattr(firmware_py.config_files, "FILE", tmp_path / "config.toml")
    assert read_config() == Config()
    (tmp_path / "config.toml").write_text('[instrument]\nmodel = "cello"\n')
    assert read_config().instrument.model == "cello"


def test_folders_are_systemds_or_the_users_or_the_files(read, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("DDSP_EDGE_MODELS", str(tmp_path / "mine"))
    config = Config()
    assert config.presets_folder == tmp_path / "ddsp-edge" / "presets"
    assert config.models_folder == tmp_path / "mine"
    assert config.socket_path == tmp_path / "run" / "ddsp-edge" / "control.sock"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/ddsp-edge")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/ddsp-edge")
    assert config.presets_folder == Path("/var/lib/ddsp-edge/presets")
    assert config.models_folder == Path("/var/lib/ddsp-edge/models")
    assert config.socket_path == Path("/run/ddsp-edge/control.sock")
    config = read('[instrument]\nstate = "/a"\npresets = "/b"\n[control]\nsocket = "/c.sock"\n')
    assert config.models_folder == Path("/a/models")
    assert (config.presets_folder, config.socket_path) == (Path("/b"), Path("/c.sock"))
