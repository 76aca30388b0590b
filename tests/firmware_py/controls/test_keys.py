"""USB pedals: real ``struct input_event``s through a pipe, and uinput where there is one."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from firmware_py.controls.config import KeyConfig
from firmware_py.controls.keys import (
    EV_KEY,
    EV_SYN,
    EVENT,
    SYN_DROPPED,
    Keyboards,
    KeyReader,
    key_codes,
)

evdev = pytest.importorskip("evdev", reason="the extra `pedal` is not installed")
UP, DOWN = evdev.ecodes.KEY_PAGEUP, evdev.ecodes.KEY_PAGEDOWN


def event(kind, code, value):
    return EVENT.pack(1_700_000_000, 123_456, kind, code, value)


def key(code, value):
    return event(EV_KEY, code, value) + event(EV_SYN, 0, 0)


@pytest.fixture
def pipe():
    out, into = os.pipe2(os.O_NONBLOCK)
    yield out, into
    for fd in (out, into):
        try:
            os.close(fd)
        except OSError:
            continue


def test_the_struct_is_the_kernel_s(pipe):
    """python-evdev's C, compiled against <linux/input.h>, reads from a pipe what we pack."""
    out, into = pipe
    os.write(into, event(EV_KEY, UP, 1) + event(EV_KEY, DOWN, 0))
    found = evdev._input.device_read_many(out)
    assert [tuple(each[-3:]) for each in found] == [(EV_KEY, UP, 1), (EV_KEY, DOWN, 0)]
    assert (EV_KEY, EV_SYN) == (evdev.ecodes.EV_KEY, evdev.ecodes.EV_SYN)
    assert SYN_DROPPED == evdev.ecodes.SYN_DROPPED


def test_edges_without_repeats_in_any_pieces(pipe):
    out, into = pipe
    data = key(UP, 1) + key(UP, 2) + event(2, 0, 5) + key(DOWN, 1) + key(UP, 0) + key(DOWN, 0)
    wanted = [(UP, True), (DOWN, True), (UP, False), (DOWN, False)]
    for size in (1, 7, EVENT.size, 1000):
        reader, got = KeyReader(out), []
        for at in range(0, len(data), size):
            os.write(into, data[at : at + size])
            got += reader.read()
        got += reader.read()  # nothing there: it does not wait
        assert got == wanted


def test_what_the_kernel_lost_lets_all_go(pipe):
    out, into = pipe
    os.write(into, key(UP, 1) + event(EV_SYN, SYN_DROPPED, 0) + event(EV_KEY, DOWN, 1))
    os.write(into, event(EV_SYN, 0, 0) + key(DOWN, 0))
    assert list(KeyReader(out).read()) == [(UP, True), (None, False), (DOWN, False)]


@given(st.binary(max_size=400))
def test_any_bytes(data):
    out, into = os.pipe2(os.O_NONBLOCK)
    try:
        os.write(into, data)
        for code, down in KeyReader(out).read() if data else ():
            assert code is None or 0 <= code <= 0xFFFF
            assert isinstance(down, bool)
    finally:
        os.close(out)
        os.close(into)


def test_names_of_keys():
    keys = [KeyConfig("a", "KEY_PAGEUP"), KeyConfig("b", "BTN_LEFT")]
    assert key_codes(keys) == {"KEY_PAGEUP": UP, "BTN_LEFT": evdev.ecodes.BTN_LEFT}
    with pytest.raises(UserError, match="did you mean 'KEY_PAGEUP'"):
        key_codes([KeyConfig("a", "KEY_PAGE_UP")])
    with pytest.raises(UserError, match="see `evtest`"):
        key_codes([KeyConfig("a", "qqqqqqqq")])


def test_a_keyboard_comes_plays_and_goes(pipe):
    out, into = pipe
    keys = [KeyConfig("left", "KEY_PAGEUP"), KeyConfig("right", "KEY_PAGEDOWN")]
    told, watched = [], {}
    boards = Keyboards(
        keys,
        watched.__setitem__,
        watched.pop,
        lambda name, down: told.append((name, down)),
        lambda name: told.append((name, "gone")),
    )
    boards.serve(out, keys, lambda: told.append("closed"))
    os.write(into, key(UP, 1) + key(evdev.ecodes.KEY_A, 1) + key(DOWN, 1) + key(UP, 0))
    watched[out]()
    assert told == [("left", True), ("right", True), ("left", False)]
    os.close(into)
    watched[out]()
    assert told[3:] == [("left", "gone"), ("right", "gone"), "closed"]
    assert watched == {}


@pytest.mark.skipif(
    not os.access("/dev/uinput", os.W_OK), reason="/dev/uinput is not there or not ours"
)
def test_a_real_keyboard_through_uinput():
    told, watched = [], {}
    boards = Keyboards(
        [KeyConfig("left", "KEY_PAGEUP", "Stomp")],
        watched.__setitem__,
        watched.pop,
        lambda name, down: told.append((name, down)),
        lambda name: told.append((name, "gone")),
    )
    with evdev.UInput({EV_KEY: [UP]}, name="Test Stomp Box") as keyboard:
        for _ in range(100):
            boards.look()
            if watched:
                break
            time.sleep(0.05)
        for value in (1, 0):
            keyboard.write(EV_KEY, UP, value)
            keyboard.syn()
        time.sleep(0.2)
        for ready in list(watched.values()):
            ready()
    assert told == [("left", True), ("left", False)]
    boards.close()
