"""The table of settings and what reads it."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from ddsp_edge.settings import SETTINGS, Choice, Settings, parse_settings


def test_the_table_is_read_from_the_fields_and_types_agree():
    assert [item.name for item in fields(Settings)] == list(SETTINGS)
    declared = {item.name: item.type for item in fields(Settings)}
    settings = Settings()
    for name, entry in SETTINGS.items():
        value = getattr(settings, name)
        assert value == entry.default
        whole = not isinstance(entry, Choice) and entry.whole
        kind = str if isinstance(entry, Choice) else int if whole else float
        assert type(value) is kind and declared[name] == kind.__name__


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_takes_its_ends_and_refuses_what_lies_beyond(name):
    entry = SETTINGS[name]
    if isinstance(entry, Choice):
        good, bad = [*entry.choices, entry.choices[0].upper()], ["", "maybe", 1.0, None]
    else:
        good = [entry.minimum, entry.maximum, f" {entry.maximum:g} "]
        bad = [entry.minimum - 1, entry.maximum + 1, float("nan"), "", None, True, [1]]
        bad += [entry.minimum + 0.5] if entry.whole else []
    for value in good:
        Settings().changed({name: value})
    for value in bad:
        with pytest.raises(UserError, match=name):
            Settings().changed({name: value})


def test_the_last_assignment_wins_and_cases_do_not_matter():
    settings = parse_settings(["snap=HARD", "snap_key = f#", "voices=4", "mix=0.1", "mix=0.25"])
    assert (settings.snap, settings.snap_key) == ("hard", "F#")
    assert (settings.voices, settings.mix) == (4, 0.25)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("reverb_wte=1", "did you mean 'reverb_wet'"),
        ("colour=red", "known: pitch_shift, "),
        ("mix", "KEY=VALUE"),
        ("voices=2.5", "whole number"),
        ("snap=maybe", "off, soft, hard"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    with pytest.raises(UserError, match=says):
        parse_settings([text])


@given(st.text(max_size=40))
def test_any_text_is_a_setting_or_one_line(text):
    message = ""
    try:
        parse_settings([text])
    except UserError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1
