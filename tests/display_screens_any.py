"""Hypothesis: any screen, whatever its texts and numbers."""

from __future__ import annotations

from hypothesis import strategies as st

from firmware_py.display.screens import (
    CodeScreen,
    ListScreen,
    MessageScreen,
    PlayScreen,
    TunerScreen,
    ValueScreen,
)

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
TEXTS = st.text(max_size=80)
ANY_SCREEN = st.one_of(
    st.builds(PlayScreen, TEXTS, TEXTS, TEXTS, NUMBERS, NUMBERS, st.booleans(), TEXTS, TEXTS),
    st.builds(TunerScreen, TEXTS, NUMBERS, st.booleans()),
    st.builds(CodeScreen, TEXTS, TEXTS),
    st.builds(
        ListScreen,
        TEXTS,
        st.lists(TEXTS, max_size=12).map(tuple),
        st.integers(0, 11),
        st.integers(-1, 11),
    ),
    st.builds(ValueScreen, TEXTS, TEXTS, NUMBERS),
    st.builds(MessageScreen, TEXTS, TEXTS),
)
