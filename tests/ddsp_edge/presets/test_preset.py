"""A preset's file: whatever is saved is read again; whatever else is there is one clear line."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import mutate

from ddsp_edge.errors import UserError
from ddsp_edge.presets.mapping import ControlMapping
from ddsp_edge.presets.preset import (
    MAX_MAPPINGS,
    RESERVED,
    Preset,
    clean_name,
    parse_preset,
    preset_bytes,
)
from ddsp_edge.settings import SETTINGS, Choice, Settings

EXAMPLE = b"""
model = "violin"
source = "effect"

[settings]
reverb_wet = 0.3
snap = "soft"
voices = 4

[[mappings]]
control = "expression swell"
set = "input_gain"
range = [-20, 0]

[[mappings]]
control = "switch left long"
do = "freeze"
"""


def test_what_a_person_writes():
    preset = parse_preset("Warm", EXAMPLE, "Warm.toml")
    assert (preset.name, preset.model, preset.source) == ("Warm", "violin", "effect")
    assert preset.settings == Settings(reverb_wet=0.3, snap="soft", voices=4)
    assert preset.mappings == (
        ControlMapping("expression swell", set="input_gain", range=(-20.0, 0.0)),
        ControlMapping("switch left long", do="freeze"),
    )
    assert parse_preset("x", b'model = "cello"', "x.toml") == Preset("x", "cello")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "x.toml: model: is missing"),
        (b'model = ""', "x.toml: model: its length 0"),
        (b'modell = "violin"', "unknown key 'modell'; did you mean 'model'?"),
        (b'model = "v"\nsource = "synthh"', "not one of auto, effect, synth"),
        (b'model = "v"\n[settings]\nreverb_wte = 1', "x.toml: settings: no setting is called"),
        (b'model = "v"\n[settings]\nreverb_wte = 1', "did you mean 'reverb_wet'?"),
        (b'model = "v"\n[settings]\nmix = 3', "settings: setting mix=3 is outside 0 to 1"),
        (b'model = "v"\n[settings]\nmix = true', "x.toml: settings.mix"),
        (b'model = "v"\n[[mappings]]\ncontrol = "cc 1"', "mappings[0]: control 'cc 1'"),
        (b'model = "v"\n[[mappings]]\ncontroll = "cc 1"', "did you mean 'control'?"),
        (
            b'model = "v"\n'
            + b'[[mappings]]\ncontrol = "cc 1"\nset = "mix"\n' * (MAX_MAPPINGS + 1),
            "outside 0 to 64",
        ),
        (b"#" * 70_000, "has 70000 bytes, a preset at most 65536"),
        (b"model = 1979-05-27", "is not a text"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(text, says):
    with pytest.raises(UserError) as caught:
        parse_preset("x", text, "x.toml")
    assert says in str(caught.value) and len(str(caught.value).splitlines()) == 1


def _values(name):
    setting = SETTINGS[name]
    if isinstance(setting, Choice):
        return st.sampled_from(setting.choices)
    if setting.whole:
        return st.integers(int(setting.minimum), int(setting.maximum))
    return st.floats(setting.minimum, setting.maximum)


_settings = st.fixed_dictionaries({}, optional={n: _values(n) for n in SETTINGS}).map(
    lambda values: Settings(**values)
)
_mappings = st.one_of(
    st.builds(
        ControlMapping,
        st.sampled_from(["cc 1", "expression a", "encoder b"]),
        set=st.sampled_from(["mix", "gate"]),
        curve=st.sampled_from(["linear", "slow"]),
    ),
    st.builds(
        ControlMapping,
        st.just("cc 7"),
        set=st.just("pan"),
        range=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    ),
    st.builds(
        ControlMapping,
        st.sampled_from(["switch a", "switch a long", "cc 3 down"]),
        do=st.sampled_from(["panic", "freeze on", "preset Warm one"]),
    ),
    st.builds(
        ControlMapping,
        st.just("switch b"),
        set=st.just("snap"),
        values=st.lists(st.sampled_from(["off", "soft", "hard"]), min_size=2, max_size=5).map(
            tuple
        ),
    ),
)
_models = st.text(min_size=1, max_size=60).filter(str.isprintable)


@given(
    _models,
    st.sampled_from(["effect", "synth"]),
    _settings,
    st.lists(_mappings, max_size=5).map(tuple),
)
def test_what_is_saved_is_read_again(model, source, settings, mappings):
    preset = Preset("Any", model, source, settings, mappings)
    data = preset_bytes(preset)
    assert parse_preset("Any", data, "Any.toml") == preset


def test_only_what_differs_is_in_the_file():
    assert preset_bytes(Preset("A", "violin")).decode().splitlines() == [
        'model = "violin"',
        'source = "effect"',
    ]


def test_what_could_not_be_read_is_not_written():
    with pytest.raises(UserError, match="model"):
        preset_bytes(Preset("A", ""))
    with pytest.raises(UserError, match="mappings"):
        preset_bytes(Preset("A", "v", mappings=(ControlMapping("cc 1", set="mix"),) * 65))


def test_damaged_files_are_presets_or_one_line():
    rng, refused = random.Random(1), 0
    for _ in range(2000):
        data = mutate(EXAMPLE, rng)
        try:
            parse_preset("x", data, "x.toml")
        except UserError as error:
            refused += 1
            assert str(error).startswith("x.toml: "), data  # noqa: PT017
            assert len(str(error).splitlines()) == 1, data  # noqa: PT017
    assert refused > 1000


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Warm violin", "Warm violin"),
        ("../../etc/passwd", "etc-passwd"),
        ("a/b\\c:d", "a-b-c-d"),
        ("  two   spaces ", "two spaces"),
        (".hidden", "hidden"),
        ("Geige süß №1", "Geige süß -1"),
        ("尺八", "尺八"),
        ("x" * 100, "x" * 48),
        ("nul\0byte\n", "nul-byte-"),
    ],
)
def test_names_become_plain_file_names(name, clean):
    assert clean_name(name) == clean


@pytest.mark.parametrize("name", ["", "...", "///", "Order", " - "])
def test_names_that_cannot_be(name):
    with pytest.raises(UserError, match="preset"):
        clean_name(name)


@given(st.text(max_size=300))
def test_no_name_escapes_or_changes_twice(name):
    try:
        clean = clean_name(name)
    except UserError:
        return
    assert clean == clean_name(clean)
    assert 0 < len(clean) <= 48 and len(clean.encode()) <= 200
    assert not set(clean) & set('/\\:*?"<>|\0\n') and clean[0] not in ". -"
    assert clean.casefold() not in RESERVED


BAND = b"""model = "violin"
source = "synth"
version = 2
[[parts]]
key_high = 59
level = -3.5
[[parts]]
model = "flute"
channel = 2
key_low = 60
pan = 0.25
mute = true
"""


def test_a_band_is_written_and_read_again() -> None:
    preset = parse_preset("duo", BAND, "duo.toml")
    assert [(part.model, part.level, part.mute) for part in preset.parts] == [
        ("", -3.5, False),
        ("flute", 0.0, True),
    ]
    assert parse_preset("duo", preset_bytes(preset), "duo.toml") == preset


def test_presets_without_parts_are_as_before_and_newer_ones_say_so() -> None:
    alone = parse_preset("a", b'model = "violin"', "a.toml")
    assert alone.parts == () and b"version" not in preset_bytes(alone)
    with pytest.raises(UserError, match="newer ddsp-edge; update"):
        parse_preset("a", b'model = "violin"\nversion = 4\nhologram = 1', "a.toml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"version = 0", "outside 1 to 3"),
        (b"version = true", "whole number"),
        (b"[[parts]]\nlevel = 13", "outside -60 to 12"),
        (b"[[parts]]\nvolume = 1", "unknown key"),
        (b'[[parts]]\nmodel = "none"', "plays something"),
        (b"[[parts]]\n" * 17, "length 17"),
        (b"[[parts]]\nvelocity_low = 90\nvelocity_high = 10", "is above"),
    ],
)
def test_parts_are_checked(text: bytes, told: str) -> None:
    with pytest.raises(UserError, match=told) as error:
        parse_preset("a", b'model = "violin"\n' + text, "a.toml")
    assert str(error.value).startswith("a.toml")
