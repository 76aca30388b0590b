"""A preset's Scala tuning: kept as text, read again, refused in one line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutations import mutate

from ddsp_edge.errors import UserError
from ddsp_edge.presets.preset import Preset, parse_preset, preset_bytes
from ddsp_edge.presets.scala import KEYS, read_key_pitches
from ddsp_edge.presets.tuning import MAX_TEXT, Tuning, read_tuning, tuning_of

JUST = "Just major\n7\n9/8\n5/4\n4/3\n3/2\n5/3\n15/8\n2/1\n"
WHITE = "12\n0\n127\n60\n69\n440.0\n7\n0\nx\n1\nx\n2\n3\nx\n4\nx\n5\nx\n6\n"


def test_a_preset_keeps_both_texts() -> None:
    preset = Preset("Just", "violin", tuning=Tuning(JUST, WHITE))
    data = preset_bytes(preset)
    assert b"version = 3" in data and b"15/8\n" in data  # as a person would write it
    assert parse_preset("Just", data, "Just.toml") == preset
    alone = Preset("Just", "violin", tuning=Tuning(JUST))
    assert b"keyboard_map" not in preset_bytes(alone)
    assert parse_preset("Just", preset_bytes(alone), "Just.toml").tuning == Tuning(JUST)
    assert b"tuning" not in preset_bytes(Preset("Plain", "violin"))


def test_what_is_read_from_files_sounds_the_same_without_its_comments(tmp_path: Path) -> None:
    scl, kbm = tmp_path / "just.scl", tmp_path / "white.kbm"
    scl.write_bytes(b"! just.scl\r\n!\xe9\r\n" + JUST.replace("\n", "\r\n").encode() + b"! end\r\n")
    kbm.write_bytes(b"! white\n" + WHITE.encode())
    tuning = read_tuning(scl, kbm)
    assert tuning == Tuning(JUST, WHITE) and tuning.title == "Just major"
    assert tuning.pitches == read_key_pitches(scl, kbm)
    assert read_tuning(scl, "").pitches == read_key_pitches(scl)


def test_the_largest_scale_fits_into_a_preset() -> None:
    scale = "large\n1024\n" + "".join(f"{1.171875 * n:.6f}\n" for n in range(1, 1025))
    preset = Preset("Large", "violin", tuning=Tuning(scale, WHITE))
    assert parse_preset("Large", preset_bytes(preset), "Large.toml") == preset


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tuning]\nscale = 3", "tuning: scale: is not a text"),
        ("[tuning]\nscal = 'x'", "tuning: unknown key 'scal'; did you mean 'scale'"),
        ("[tuning]\nkeyboard_map = '0'", "tuning: scale: is missing"),
        ("[tuning]\nscale = ''", "tuning: scale: is missing"),
        ("[tuning]\nscale = '''a\n0\n'''", "tuning: scale: line 2: the number of notes '0'"),
        ("[tuning]\nscale = '''a\n1\nnan\n'''", "tuning: scale: line 3"),
        ('[tuning]\nscale = "a\\u0000"', "tuning: scale: holds characters"),
        (f"[tuning]\nscale = '''{'x' * (MAX_TEXT + 1)}'''", "tuning: scale: has 24577"),
        ("[tuning]\nscale = '''a\n1\n2/1'''\nkeyboard_map = '1'", "keyboard_map: ends before"),
        ("tuning = 'just'", "tuning: 'just' is not a table"),
    ],
)
def test_a_damaged_tuning_is_one_line_with_its_place(text: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_preset("x", f'model = "violin"\n{text}\n'.encode(), "x.toml")
    said = str(caught.value)
    assert said.startswith("x.toml: ") and told in said and "\n" not in said


def test_files_that_are_not_there_or_too_large_are_named(tmp_path: Path) -> None:
    scl = tmp_path / "a.scl"
    with pytest.raises(UserError, match=r"a\.scl: cannot be read"):
        read_tuning(scl)
    scl.write_text(JUST)
    with pytest.raises(UserError, match=r"b\.kbm: cannot be read"):
        read_tuning(scl, tmp_path / "b.kbm")
    (tmp_path / "b.kbm").write_text(WHITE.replace("440.0", "nan"))
    with pytest.raises(UserError, match=r"b\.kbm: line 6"):
        read_tuning(scl, tmp_path / "b.kbm")
    (tmp_path / "b.kbm").write_text("1\n0\n127\n60\n61\n440\n1\nx\n")
    with pytest.raises(UserError, match=r"b\.kbm: its reference key 61 is not mapped"):
        read_tuning(scl, tmp_path / "b.kbm")
    scl.write_bytes(b"x" * 70_000)
    with pytest.raises(UserError, match="70000 bytes"):
        read_tuning(scl)
    scl.write_bytes(b"a\n1\n2/1 " + b"x" * MAX_TEXT)
    with pytest.raises(UserError, match=r"a\.scl: has \d+ characters"):
        read_tuning(scl)


@given(st.integers(0, 1 << 30))
def test_whatever_comes_is_a_tuning_or_one_line(noise: int) -> None:
    data = preset_bytes(Preset("x", "violin", tuning=Tuning(JUST, WHITE)))
    try:
        found = parse_preset("x", mutate(data, random.Random(noise)), "x.toml")
        assert found.tuning is None or len(found.tuning.pitches) == KEYS
    except UserError as error:
        if not str(error).startswith("x.toml") or len(str(error)) > 400:
            raise


def test_an_empty_table_is_no_tuning() -> None:
    assert tuning_of({}, "x") is None
