"""A person's TOML becomes the dataclass it should be, or one line that says where it is wrong."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from ddsp_edge.system.toml_config import (
    MAX_ITEMS,
    Range,
    did_you_mean,
    from_dict,
    parse_toml,
    read_toml,
)


@dataclass(frozen=True)
class Switch:
    pin: int | str
    hold_s: Annotated[float, Range(0.2, 5, "s")] = 0.6
    kind: Literal["momentary", "latching"] = "momentary"

    def __post_init__(self) -> None:
        if self.pin == 13:
            raise UserError("pin 13 is unlucky")


@dataclass(frozen=True)
class Box:
    name: Annotated[str, Range(1, 8)]
    switches: tuple[Switch, ...] = ()
    place: tuple[int, float] = (0, 0.0)
    levels: dict[str, float] = field(default_factory=dict)
    folder: Path | None = None
    on: bool = False


def load(text: str) -> Box:
    return from_dict(Box, parse_toml(text.encode(), "box.toml"), "box.toml")


def test_everything_that_may_be_there():
    box = load(
        """
        name = "left"
        place = [1, 2]
        folder = "/srv/x"
        on = true
        levels = { a = 1, b = 0.5 }
        [[switches]]
        pin = 5
        [[switches]]
        pin = "GPIO6"
        hold_s = 1
        kind = "latching"
        """
    )
    assert box == Box(
        "left",
        (Switch(5), Switch("GPIO6", 1.0, "latching")),
        (1, 2.0),
        {"a": 1.0, "b": 0.5},
        Path("/srv/x"),
        True,
    )
    assert type(box.place[1]) is float and type(box.switches[1].hold_s) is float
    assert load('name = "x"') == Box("x")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "box.toml: name: is missing"),
        ("name = 1", "box.toml: name: 1 is not a text"),
        ('name = ""', "name: its length 0 is outside 1 to 8"),
        ('name = "a\\nb"', "name: is not one printable line"),
        ('name = "x"\nsweetches = []', "unknown key 'sweetches'; did you mean 'switches'?"),
        ('name = "x"\n[[switches]]\npinn = 1', "switches[0]: unknown key 'pinn'; did you mean"),
        ('name = "x"\n[[switches]]\npin = 1.5', "switches[0].pin: 1.5 is not a whole number"),
        ('name = "x"\n[[switches]]\npin = true', "switches[0].pin: True is not a whole number"),
        ('name = "x"\n[[switches]]\npin = 13', "switches[0]: pin 13 is unlucky"),
        ('name = "x"\n[[switches]]\npin = 1\nhold_s = 9', "outside 0.2 to 5 s"),
        ('name = "x"\n[[switches]]\npin = 1\nhold_s = nan', "not a number that can be used"),
        ('name = "x"\n[[switches]]\npin = 1\nkind = "on"', "not one of momentary, latching"),
        ('name = "x"\nswitches = 3', "switches: 3 is not a list"),
        ('name = "x"\nplace = [1]', "place: has 1 entries, not 2"),
        ('name = "x"\nlevels = [1]', "levels: [1] is not a table"),
        ('name = "x"\non = 1', "on: 1 is not true or false"),
        (f'name = "x"\nswitches = [{"1," * (MAX_ITEMS + 1)}]', "more than 512"),
        ("name = ", "box.toml: is not TOML"),
        (f"name = {'9' * 5000}", "box.toml: is not TOML"),
        (f"name = {'[' * 20_000}", "box.toml: is nested too deep"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, says):
    with pytest.raises(UserError) as caught:
        load(text)
    assert says in str(caught.value) and "\n" not in str(caught.value)


_scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.binary(max_size=3)
)  # fmt: skip
_keys = st.sampled_from(["name", "switches", "place", "levels", "folder", "on"]) | st.text(
    max_size=5
)
_trees = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_keys, _trees, max_size=5))
def test_any_tree_is_a_box_or_one_line(tree):
    says = "box.toml: "
    try:
        box = from_dict(Box, tree, "box.toml")
        assert isinstance(box, Box) and 1 <= len(box.name) <= 8
    except UserError as error:
        says = str(error)
    assert says.startswith("box.toml: ") and len(says.splitlines()) == 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_tables_or_one_line(data):
    says = "x.toml: "
    try:
        assert isinstance(parse_toml(data, "x.toml"), dict)
    except UserError as error:
        says = str(error)
    assert says.startswith("x.toml: ") and len(says.splitlines()) == 1


def test_hostile_files(tmp_path):
    (tmp_path / "big.toml").write_text("#" * 70_000)
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"')
    (tmp_path / "link.toml").symlink_to("/dev/zero")
    for name, says in (
        ("big.toml", "at most 65536"),
        ("pipe.toml", "is not a file"),
        ("link.toml", "is not a file"),
        ("latin.toml", "not UTF-8"),
        ("none.toml", "cannot be read"),
        (".", "is a folder"),
    ):
        with pytest.raises(UserError, match=says):
            read_toml(tmp_path / name)


def test_did_you_mean():
    assert did_you_mean("gaet", ["gate", "mix"]) == "did you mean 'gate'?"
    assert did_you_mean("qqqq", ["gate", "mix"]) == "known: gate, mix"
    assert did_you_mean("x", []) == "known: none"
