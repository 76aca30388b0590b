"""Scala's files: known tunings, each rule of the formats, and whatever else somebody sends."""

from __future__ import annotations

import itertools
import math
import random
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from midi_driver import Driver, off, on
from mutations import mutate

from ddsp_edge.cli import main
from ddsp_edge.errors import UserError
from ddsp_edge.presets.scala import (
    KEYS,
    KeyPitches,
    key_pitches,
    parse_kbm,
    parse_scl,
    read_key_pitches,
)

EQUAL = b"! 12.scl\n!\nTwelve equal\n 12\n!\n" + b"".join(
    b" %d.0\n" % (100 * n) for n in range(1, 12)
) + b" 2/1\n"  # fmt: skip
MEANTONE = (
    b"! meanquar.scl\n!\n1/4-comma meantone\n 12\n!\n 76.049 cents\n 193.15686\n 310.26471\n 5/4\n"
    b" 503.42157\n 579.47057\n 696.57843\n 25/16\n 889.73529\n 1006.84314\n 1082.89214\n 2\n"
)
WHITE = b"""! white.kbm
12
0
127
60
69
440.0
7
0
x
1
x
2
3
x
4
x
5
x
6
"""
JUST = b"just\n7\n9/8\n5/4\n4/3\n3/2\n5/3\n15/8\n2/1\n"


def pitches(scl: bytes, kbm: bytes | None = None) -> KeyPitches:
    keyboard = parse_kbm(kbm, "a.kbm") if kbm is not None else None
    return key_pitches(parse_scl(scl, "a.scl"), keyboard, "a.kbm")


def test_twelve_equal_steps_are_the_piano_s() -> None:
    assert pitches(EQUAL) == pytest.approx([float(key) for key in range(KEYS)])


def test_meantone_has_pure_thirds() -> None:
    found = pitches(MEANTONE)
    assert found[60] == 60.0 and found[72] == pytest.approx(72.0) and found[48] == 48.0
    assert found[64] == pytest.approx(60 + 12 * math.log2(5 / 4))
    assert found[67] == pytest.approx(66.9657843)
    assert found[59] == pytest.approx(48 + 10.8289214)


def test_a_keyboard_map_leaves_keys_out_and_has_its_own_reference() -> None:
    found = pitches(JUST, WHITE)
    assert [found[key] for key in (61, 63, 66, 68, 70)] == [None] * 5
    assert found[69] == pytest.approx(69.0)  # 440 Hz is the sixth degree
    for key, ratio in ((60, 1), (62, 9 / 8), (64, 5 / 4), (67, 3 / 2), (72, 2), (48, 1 / 2)):
        assert found[key] - found[69] == pytest.approx(12 * math.log2(ratio / (5 / 3)))


def test_keys_out_of_range_and_what_nobody_hears_are_silent() -> None:
    kbm = b"0\n60\n71\n60\n60\n261.6256\n0\n"
    found = pitches(EQUAL, kbm)
    assert [key for key, pitch in enumerate(found) if pitch is not None] == list(range(60, 72))
    wide = pitches(b"wide\n1\n1200.0\n")
    assert wide[61] == 72.0 and wide[0] is None and wide[127] is None


def test_missing_degrees_of_a_map_are_not_mapped() -> None:
    found = pitches(EQUAL, b"4\n0\n127\n60\n60\n261.6256\n4\n0\n1\n")
    assert found[61] is not None and found[62] is None and found[63] is None
    assert found[64] == pytest.approx(64.0, abs=1e-4)


@pytest.mark.parametrize(
    ("scl", "told"),
    [
        (b"", "ends before the description"),
        (b"a\n", "ends before the number of notes"),
        (b"a\n12\n100.0\n", "ends before a pitch"),
        (b"a\n0\n", "from 1 to 1024"),
        (b"a\n99999999999999\n", "from 1 to 1024"),
        (b"a\nb\n", "not a whole number"),
        (b"a\n1\n0/1\n", "not above 0"),
        (b"a\n1\n-2\n", "not above 0"),
        (b"a\n1\n3/0\n", "not above 0"),
        (b"a\n1\n1/1\n", "not above the first note"),
        (b"a\n1\n1e5.0\n", "no number of cents"),
        (b"a\n1\n1.0.0\n", "no number of cents"),
        (b"a\n1\n999999999.0\n", "further away"),
        (b"a\n1\n3:2\n", "no ratio"),
        (b"a\n1\n\xb2\n", "no ratio"),
        (b"a\n1\n" + b"1" * 500, "too long"),
        (b"a\n1\nnan\n", "no ratio"),
    ],
)
def test_a_damaged_scale_is_one_line(scl: bytes, told: str) -> None:
    with pytest.raises(UserError, match=told) as error:
        parse_scl(scl, "a.scl")
    assert str(error.value).startswith("a.scl") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("kbm", "told"),
    [
        (b"12\n0\n127\n60\n", "ends before the reference key"),
        (b"12\n0\n128\n60\n60\n440\n0\n", "from 0 to 127"),
        (b"0\n0\n127\n60\n60\nnan\n0\n", "1 to 20000 Hz"),
        (b"0\n0\n127\n60\n60\nloud\n0\n", "1 to 20000 Hz"),
        (b"1\n0\n127\n60\n60\n440\n0\n2000\n", "from 0 to 1024"),
        (b"2\n0\n127\n60\n60\n440\n0\nx\n0\n", "reference key 60 is not mapped"),
    ],
)
def test_a_damaged_map_is_one_line(kbm: bytes, told: str) -> None:
    with pytest.raises(UserError, match=told) as error:
        pitches(EQUAL, kbm)
    assert str(error.value).startswith("a.kbm") and "\n" not in str(error.value)


@given(st.lists(st.floats(0.1, 1200.0), min_size=1, max_size=40), st.integers(0, 127))
def test_any_rising_scale_rises_and_repeats(steps: list[float], key: int) -> None:
    cents = [sum(steps[: n + 1]) for n in range(len(steps))]
    lines = "\n".join(f"{each:.6f}" for each in cents)
    scl = f"x\n{len(cents)}\n{lines}\n"
    found = pitches(scl.encode())
    heard = [pitch for pitch in found if pitch is not None]
    assert heard == sorted(heard) and found[60] == 60.0
    above = key + len(steps)
    if above < KEYS and found[key] is not None and found[above] is not None:
        assert found[above] - found[key] == pytest.approx(cents[-1] / 100, abs=1e-3)


@given(st.binary(max_size=200) | st.integers(0, 1 << 30))
def test_whatever_comes_is_a_tuning_or_one_line(noise: bytes | int) -> None:
    for good, parse in ((MEANTONE, parse_scl), (WHITE, parse_kbm)):
        data = noise if isinstance(noise, bytes) else mutate(good, random.Random(noise))
        try:
            found = parse(data, "it")
            scale = found if parse is parse_scl else parse_scl(JUST, "just")
            made = key_pitches(scale, None if parse is parse_scl else found, "it")
            assert len(made) == KEYS
            assert all(each is None or math.isfinite(each) for each in made)
        except UserError as error:
            said = str(error)
            if not said.startswith("it") or len(said) > 300:
                raise


def test_keys_sound_as_they_are_tuned() -> None:
    driver = Driver(voices=2)
    driver.player.tune(pitches(JUST, WHITE))
    driver.play(on(64), on(61)).run()
    assert driver.player.held_notes == (64,)
    assert driver.pitch() == pytest.approx(69 + 12 * math.log2((5 / 4) / (5 / 3)), abs=1e-4)
    driver.play(off(64)).player.tune(None)
    assert driver.run(0.3).play(on(64)).sounding_notes() == [64]


def test_held_notes_glide_to_another_tuning() -> None:
    driver = Driver(voices=2)
    driver.play(on(64), on(61)).run(0.2)
    driver.player.tune(pitches(JUST, WHITE))
    before = len(driver.frames)
    driver.onsets().run(0.2)
    just = 69 + 12 * math.log2((5 / 4) / (5 / 3))
    way = [69 + 12 * math.log2(f.f0_hz / 440) for f in driver.frames[before:] if f.voice == 0]
    assert way[0] != way[-1] == pytest.approx(just, abs=1e-4)
    assert max(abs(a - b) for a, b in itertools.pairwise(way)) < 0.7 * abs(64 - just)
    assert driver.pitch(1) == pytest.approx(61)  # left out by the map: it stays until let go
    assert not any(frame.onset for frame in driver.frames[before:])
    driver.play(off(64), off(61)).player.tune(None)
    assert driver.run(0.02).pitch() == pytest.approx(just, abs=1e-4)  # a tail keeps its pitch


def test_a_key_that_waits_comes_back_in_the_new_tuning() -> None:
    driver = Driver(voices=1)
    driver.play(on(64)).run(0.1).play(on(67)).run(0.1)
    driver.player.tune(pitches(JUST, WHITE))
    driver.run(0.1).play(off(67)).run(0.1)
    assert driver.pitch() == pytest.approx(69 + 12 * math.log2((5 / 4) / (5 / 3)), abs=1e-4)


def test_the_command_reads_both_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.scl").write_bytes(JUST)
    (tmp_path / "a.kbm").write_bytes(WHITE)
    track = mido.MidiTrack([on(61), off(61).copy(time=100), on(64), off(64).copy(time=100)])
    mido.MidiFile(tracks=[track]).save(str(tmp_path / "a.mid"))
    out = tmp_path / "a.wav"
    words = ["render", str(tmp_path / "a.mid"), "--model", "flute", "--out", str(out)]
    tuned = ["--scale", str(tmp_path / "a.scl"), "--keyboard-map", str(tmp_path / "a.kbm")]
    assert main([*words, *tuned]) == 0
    assert read_key_pitches(tmp_path / "a.scl")[61] is not None
    assert main([*words, "--force", *tuned[2:]]) == 2
    assert "give its --scale" in capsys.readouterr().err
    assert main([*words, "--force", "--scale", str(tmp_path / "none.scl")]) == 2
