"""The table of actions and their texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from ddsp_edge.presets.actions import ACTIONS, Action, parse_action


@pytest.mark.parametrize("name", ACTIONS)
def test_every_action_can_be_written(name):
    takes = ACTIONS[name].takes
    arguments = {"": [""], "switch": ["", "on", "off"], "name": ["Warm violin"]}[takes]
    for argument in arguments:
        action = parse_action(f" {name} {argument} ")
        assert action == Action(name, argument)
        assert parse_action(str(action)) == action


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bypas", "did you mean 'bypass'?"),
        ("", "known: bypass, "),
        ("freeze maybe", "neither on nor off"),
        ("preset", "say which"),
        ("panic now", "takes nothing"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    with pytest.raises(UserError, match=says.replace("?", r"\?")):
        parse_action(text)


@given(st.text(max_size=40) | st.builds("{} {}".format, st.sampled_from([*ACTIONS]), st.text()))
def test_any_text_is_an_action_or_one_line(text):
    message = ""
    try:
        assert parse_action(text).name in ACTIONS
    except UserError as error:
        message = str(error)
    assert len(message.splitlines()) <= 1
