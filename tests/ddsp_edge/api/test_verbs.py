"""The table of verbs: each row can be asked, wrong arguments never reach the engine."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.api.protocol import RequestError
from ddsp_edge.api.verbs import KINDS, VERBS, check_request
from ddsp_edge.presets.actions import ACTIONS
from firmware_py.commands import Commands

GOOD = {
    "text": "Warm",
    "lines": "just\n1\n2/1\n",
    "number": 0.5,
    "whole": 3,
    "switch": True,
    "texts": ["a", "b"],
    "values": {"mix": 0.5},
    "bytes": [144, 60, 100],
}
BAD = {
    "text": ["", 5, "a\nb", "x" * 1025, ["a"]],
    "lines": ["", 5, "a\x00b", "x" * 24577, "\udc80"],
    "number": ["1", True, float("inf"), 1e12, float("nan")],
    "whole": [-1, 1.5, True, "1", 1 << 31],
    "switch": [1, "on", 0],
    "texts": ["a", [1], [""], ["x"] * 1025],
    "values": [{}, [], "mix"],
    "bytes": [[], [256], [-1], [True], "90", [1.0]],
}
#: Answered by the server itself: they are about a connection.
CONNECTION = {"subscribe", "unsubscribe"}


def test_the_kinds_are_covered():
    assert set(GOOD) == set(BAD) == set(KINDS)


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_takes_what_its_row_says_and_the_engine_has_it(name):
    verb = VERBS[name]
    given = {key: GOOD[argument.kind] for key, argument in verb.arguments.items()}
    assert check_request({"v": 1, "do": name, **given}) == (name, given)
    if name not in CONNECTION:
        parameters = inspect.signature(getattr(Commands, name)).parameters
        taken = {key: p.default is inspect.Parameter.empty for key, p in parameters.items()}
        del taken["self"]
        assert taken == {key: argument.required for key, argument in verb.arguments.items()}


def test_the_engine_has_no_other_verbs():
    public = {name for name in vars(Commands) if not name.startswith("_")}
    assert public == (set(VERBS) - CONNECTION) | {"act", "watch"}


def test_every_action_of_a_foot_is_a_verb():
    assert set(ACTIONS) <= set(VERBS)


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name, verb in VERBS.items() for key in verb.arguments]
)
def test_a_wrong_argument_is_refused_with_what_would_be_right(name, key):
    verb = VERBS[name]
    given = {each: GOOD[argument.kind] for each, argument in verb.arguments.items()}
    for bad in BAD[verb.arguments[key].kind]:
        with pytest.raises(RequestError) as error:
            check_request({"v": 1, "do": name, **given, key: bad})
        assert error.value.code == "argument" and error.value.remedy.startswith("give ")
    if verb.arguments[key].required:
        del given[key]
        with pytest.raises(RequestError, match="needs"):
            check_request({"v": 1, "do": name, **given})


@pytest.mark.parametrize(
    ("message", "code", "remedy"),
    [
        ({"do": "statsu"}, "verb", "did you mean 'stat"),
        ({"do": None}, "verb", "known"),
        ({"do": ["status"]}, "verb", "did you mean"),
        ({"do": "bypass", "onn": True}, "argument", "did you mean 'on'?"),
        ({"do": "act", "action": 1}, "verb", ""),
    ],
)
def test_what_is_unknown_says_what_was_meant(message, code, remedy):
    with pytest.raises(RequestError) as error:
        check_request(message)
    assert error.value.code == code and remedy in error.value.remedy


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["v", "id", "do", "on", "name", "values"]), values))
def test_any_object_is_checked_without_a_crash(message):
    try:
        name, _ = check_request(message)
    except RequestError:
        return
    assert name in VERBS
