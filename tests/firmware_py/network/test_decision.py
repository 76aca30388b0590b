"""When the hotspot opens and closes, on a clock of the test's."""

from hypothesis import given
from hypothesis import strategies as st

from firmware_py.network.decision import (
    LOOK_AGAIN_S,
    LOST_S,
    TRYING_S,
    UNKNOWN_S,
    HotspotDecision,
    Situation,
)

ALONE = Situation("disconnected")
SPOT = Situation("connected", hotspot=True, known=1, guests=0)


def first_step(decision, situation, step, most_s=1000):
    """The second at which the step comes; None: never."""
    return next((s for s in range(most_s) if decision.step(situation, s) == step), None)


def test_a_box_that_knows_no_network_opens_its_hotspot():
    assert first_step(HotspotDecision(), ALONE, "open") == UNKNOWN_S


def test_a_known_network_gets_time_and_more_while_it_is_tried():
    known = Situation("disconnected", known=2)
    assert first_step(HotspotDecision(), known, "open") == LOST_S
    trying = Situation("connecting (configuring)", known=2)
    assert first_step(HotspotDecision(), trying, "open") == TRYING_S


def test_who_is_connected_needs_none():
    for situation in (Situation("connected"), Situation("disconnected", cable=True)):
        assert first_step(HotspotDecision(), situation, "open") is None


def test_a_short_gap_is_none():
    decision = HotspotDecision()
    gap = Situation("disconnected", known=1)
    for second in range(0, 500, 20):
        assert decision.step(gap, second) == "wait"
        assert decision.step(Situation("connected", known=1), second + 10) == "wait"


def test_a_radio_that_is_off_is_left_alone():
    for state in ("unavailable", "unmanaged", ""):
        assert first_step(HotspotDecision("hotspot"), Situation(state), "open") is None


def test_an_empty_hotspot_looks_for_known_networks_now_and_then():
    assert first_step(HotspotDecision(), SPOT, "close") == LOOK_AGAIN_S
    for other in (
        Situation("connected", hotspot=True, known=1, guests=1),
        Situation("connected", hotspot=True, known=1, guests=None),
        Situation("connected", hotspot=True, known=0, guests=0),
    ):
        assert first_step(HotspotDecision(), other, "close") is None


def test_a_guest_begins_the_time_anew():
    decision = HotspotDecision()
    guest = Situation("connected", hotspot=True, known=1, guests=1)
    for second in range(0, 2000, 100):
        assert decision.step(SPOT if second % 200 else guest, second) == "wait"


def test_what_is_wanted_is_done():
    joined = Situation("connected", known=1)
    assert HotspotDecision("hotspot").step(joined, 0) == "open"
    assert first_step(HotspotDecision("hotspot"), SPOT, "close") is None
    assert first_step(HotspotDecision("off"), ALONE, "open") is None
    assert HotspotDecision("off").step(SPOT, 0) == "close"


STATES = ("", "unavailable", "unmanaged", "disconnected", "connecting (prepare)", "connected")
SITUATION = st.builds(
    Situation,
    st.sampled_from(STATES),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2),
    st.sampled_from([None, 0, 1]),
)


@given(st.lists(st.tuples(SITUATION, st.integers(0, 120)), max_size=30))
def test_it_never_opens_what_is_open_nor_closes_what_is_not(course):
    decision, now_s = HotspotDecision(), 0
    for situation, later_s in course:
        now_s += later_s
        step = decision.step(situation, now_s)
        assert step != "open" or not situation.hotspot
        assert step != "close" or situation.hotspot
        assert step != "open" or situation.state not in ("", "unavailable", "unmanaged")
