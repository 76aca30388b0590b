"""The journal's lines as sentences; what our programs log has one each."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.panel.log_words import sentences

HEAD = "2026-11-29T20:00:00+0000 violin python[41]: "
MANAGER = "2026-11-29T20:00:00+0100 violin systemd[1]: "
FIRMWARE = Path(__file__).parents[3] / "firmware_py"


def said(text, head=HEAD):
    return [(row["level"], row["text"]) for row in sentences([head + text])]


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        ("INFO card waiting: card id=USB is not there", "warning",
         "No sound card plays: card id=USB is not there."),
        ("WARNING 1 xrun, 4 since the start", "warning",
         "The sound dropped out (xruns): 1 more, 4 since the start."),
        ("WARNING fault (load): violin.zip is damaged; remove it.", "warning",
         "A model was refused: violin.zip is damaged; remove it."),
        ("WARNING upload refused: model.tflite is not there", "warning",
         "An uploaded model was refused: model.tflite is not there."),
        ("WARNING watchdog: the audio thread does not respond", "error",
         "The engine stands still: the audio thread does not respond."),
        ("INFO iPhone is paired", "info", "iPhone was paired."),
        ("INFO pairing code: 123456 (for 10 minutes, once)", "info",
         "A code for pairing a phone was shown."),
        ("WARNING nobody foresaw this", "warning", "Nobody foresaw this."),
        ("Traceback (most recent call last):", "error", "The program met a bug."),
    ],
)  # fmt: skip
def test_what_happened_is_a_sentence(line, level, text):
    assert said(line) == [(level, text)]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("Started ddsp-edge-panel.service - ddsp-edge: panel in the browser.",
         "The panel started."),
        ("ddsp-edge.service: Watchdog timeout (limit 10s)!",
         "The engine stood still and is started again."),
        ("ddsp-edge.service: Main process exited, code=killed, status=9/KILL",
         "The program was ended by force."),
    ],
)  # fmt: skip
def test_what_systemd_says_of_a_unit_too(line, text):
    assert [row[1] for row in said(line, MANAGER)] == [text]


@pytest.mark.parametrize("line", ["INFO something small", "    x = 1 / 0", "-- Boot 5f --", ""])
def test_the_rest_stays_in_the_lines(line):
    assert said(line) == said(line, "") == []


def test_what_comes_again_at_once_is_counted_with_its_last_time():
    line = "INFO card waiting: no card"
    later = HEAD.replace("20:00:00", "20:00:09")
    rows = sentences([HEAD + line, later + line, HEAD + "INFO SIGTERM: fading out", HEAD + line])
    assert [(row["count"], row["time"]) for row in rows] == [
        (2, "2026-11-29T20:00:09+00:00"),
        (1, "2026-11-29T20:00:00+00:00"),
        (1, "2026-11-29T20:00:00+00:00"),
    ]


def test_every_notice_has_a_sentence_of_its_own():
    source = "".join(path.read_text() for path in FIRMWARE.glob("*.py"))
    topics = set(re.findall(r'\breport(?:\(|, )"([a-z ]+)"', source))
    assert {"midi", "midi out", "program", "restore", "watchdog"} <= topics
    for topic in topics:
        ((_, text),) = said(f"WARNING {topic}: it is so")
        assert text.endswith(": it is so.") and not text.lower().startswith(f"{topic}:"), text


@given(st.lists(st.text(max_size=80) | st.text(max_size=80).map(HEAD.__add__), max_size=5))
def test_no_line_breaks_it(lines):
    for row in sentences(lines):
        assert set(row) == {"time", "level", "text", "count"}
