"""The relay moves only while the output is muted, and ends where it was asked to be."""

from hypothesis import given
from hypothesis import strategies as st

from firmware_py.controls.bypass_relay import BypassRelay

SETTLE = 0.015


class Lines:
    def __init__(self):
        self.muted = self.energised = False
        self.log = []
        self.sequence = BypassRelay(self.energise, self.mute, SETTLE)

    def energise(self, on):
        self.energised = on
        self.log.append(("relay", on, self.muted))

    def mute(self, on):
        self.muted = on
        self.log.append(("mute", on, self.muted))


def test_mute_wait_move_wait_unmute():
    lines = Lines()
    lines.sequence.want(True, 0.0)
    assert lines.log == [("mute", True, True)]
    lines.sequence.poll(SETTLE * 0.9)
    assert len(lines.log) == 1
    lines.sequence.poll(SETTLE)
    assert lines.log[-1] == ("relay", True, True)
    lines.sequence.poll(2 * SETTLE)
    assert lines.log[-1] == ("mute", False, False) and lines.sequence.due_s is None
    lines.sequence.want(True, 1.0)
    assert len(lines.log) == 3


def test_release_bypasses_and_unmutes():
    lines = Lines()
    lines.sequence.want(True, 0.0)
    lines.sequence.release()
    assert (lines.energised, lines.muted, lines.sequence.due_s) == (False, False, None)


@given(st.lists(st.tuples(st.floats(0, 0.05), st.none() | st.booleans()), max_size=60))
def test_whatever_is_asked_when(steps):
    lines, now, wanted = Lines(), 0.0, False
    for later, want in steps:
        now += later
        if want is None:
            lines.sequence.poll(now)
        else:
            wanted = want
            lines.sequence.want(want, now)
    for _ in range(4):
        now += SETTLE * 1.001
        lines.sequence.poll(now)
    assert lines.energised == wanted and not lines.muted and lines.sequence.due_s is None
    assert all(muted for what, _, muted in lines.log if what == "relay")
