"""The journal's lines as sentences that say what happened to a musician's box."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

#: journalctl -o short-iso: time, host, program[number]: what it wrote.
_LINE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d) \S+ ([^\s:\[]+)(?:\[\d+\])?: (.*)"
)
_LEVELS = {"INFO": "info", "WARNING": "warning", "ERROR": "error", "CRITICAL": "error"}
_MANAGER = "systemd"

#: What our programs write, its level where that is another, and the sentence.
_OURS: tuple[tuple[str, str, str], ...] = (
    (r"card running: (.+), (\d+) Hz, (\d+) x (\d+)", "",
     r"The sound card plays: \1 at \2 Hz, \3 periods of \4 samples."),
    (r"card lost: (.*)", "warning", r"The sound card went away: \1."),
    (r"card waiting: (.*)", "warning", r"No sound card plays: \1."),
    (r"card stopped: (.*)", "", r"The sound card stopped. \1"),
    (r"(\d+) xruns?, (\d+) since the start", "warning",
     r"The sound dropped out (xruns): \1 more, \2 since the start."),
    (r"fault \(model\): (.*)", "", r"The model gave no usable numbers: \1."),
    (r"fault \(load\): (.*)", "", r"A model was refused: \1."),
    (r"fault \(hang\): (.*)", "", r"A model did not answer and was dropped: \1."),
    (r"fault \(\w+\): (.*)", "", r"The engine met a bug: \1."),
    (r"SIG\w+: fading out", "", "The engine fades out and ends."),
    (r"update refused: (.*)", "", r"An update of the box was not taken: \1."),
    (r"update: asked for by (.*)", "", r"\1 brought an update of the box."),
    (r"upload refused: (.*)", "", r"An uploaded model was refused: \1."),
    (r"model: (.*)", "", r"The model cannot be played: \1."),
    (r"morph: (.*)", "", r"The second model cannot be played: \1."),
    (r"stick: (?:USB stick: )?(.*)", "", r"The USB stick was looked through: \1."),
    (r"restore: (.*)", "", r"What played last was not found as it was: \1."),
    (r"reload: (.*)", "", r"The models could not be read again: \1."),
    (r"program: (.*)", "", r"A MIDI program was not played: \1."),
    (r"audio: (.*)", "", r"The choice of the sound card was not used: \1."),
    (r"midi: (.*)", "", r"MIDI does not work: \1."),
    (r"midi out: (.*)", "", r"Notes cannot be sent to MIDI: \1."),
    (r"midi ports: (.*)", "", r"The choice of MIDI ports was not used: \1."),
    (r"controls: (.*)", "", r"Footswitches and pedals do not work: \1."),
    (r"learned controls: (.*)", "", r"The learned knobs cannot be read: \1."),
    (r"learn: (.*)", "", r"A knob was not learned: \1."),
    (r"config: (.*)", "", r"The configuration was not used as it is: \1."),
    (r"scale: (.*)", "", r"The tuning cannot be used: \1."),
    (r"source: (.*)", "", r"What the box follows could not be changed: \1."),
    (r"last state: (.*)", "", r"What plays cannot be kept for the next start: \1."),
    (r"watchdog: (.*)", "error", r"The engine stands still: \1."),
    (r"pairing code: .*", "", "A code for pairing a phone was shown."),
    (r"pairing is unlocked", "", "Pairing was unlocked at the box."),
    (r"pairing: (\d+) wrong codes from (\S+), .*", "",
     r"\1 wrong pairing codes came from \2, which has to wait."),
    (r"(.*) is paired", "", r"\1 was paired."),
    (r"(.*) reads nothing any more; it is disconnected", "", r"\1 was lost."),
    (r"engine: there", "", "The panel is connected to the engine."),
    (r"engine: gone", "warning", "The panel lost the engine."),
    (r"reboot: asked for by (.*)", "", r"\1 asked for a restart of the box."),
    (r"power_off: asked for by (.*)", "", r"\1 asked for the box to be shut down."),
    (r"ddsp-edge(?:-panel)?: error: (.*)", "error", r"The program cannot start: \1."),
    (r"Traceback \(most recent call last\):", "error", "The program met a bug."),
)  # fmt: skip
#: What systemd writes about a unit.
_SYSTEMD: tuple[tuple[str, str, str], ...] = (
    (r"Started ddsp-edge-panel\.service.*", "", "The panel started."),
    (r"Started ddsp-edge\.service.*", "", "The engine started."),
    (r"Stopped ddsp-edge-panel\.service.*", "", "The panel ended."),
    (r"Stopped ddsp-edge\.service.*", "", "The engine ended."),
    (r"\S+: Watchdog timeout.*", "error", "The engine stood still and is started again."),
    (r"\S+: Main process exited, code=killed.*", "error", "The program was ended by force."),
    (r"\S+: Main process exited, code=dumped.*", "error", "The program crashed."),
    (r"\S+: Failed with result '(.*)'.*", "error", r"The program failed (\1)."),
)
_COMPILED = {
    manager: [(re.compile(pattern), level, words) for pattern, level, words in table]
    for manager, table in ((False, _OURS), (True, _SYSTEMD))
}


def sentences(lines: Iterable[str]) -> list[dict[str, Any]]:
    """Return ``{"time", "level", "text", "count"}`` for what is worth telling, oldest first.

    ``time`` is ISO 8601, ``level`` "info", "warning" or "error". A sentence that comes again
    at once is counted instead. A warning or error that no table knows is told in its own words;
    other lines are left out.
    """
    told: list[dict[str, Any]] = []
    for line in lines:
        found = _sentence(line)
        if found is None:
            continue
        if told and (told[-1]["level"], told[-1]["text"]) == (found["level"], found["text"]):
            told[-1] |= {"time": found["time"], "count": told[-1]["count"] + 1}
        else:
            told.append({**found, "count": 1})
    return told


def _sentence(line: str) -> dict[str, Any] | None:
    match = _LINE.fullmatch(line)
    if not match:
        return None
    time, program, written = match.groups()
    try:
        time = datetime.fromisoformat(time).isoformat()
    except ValueError:
        return None
    first, _, rest = written.partition(" ")
    level, text = (_LEVELS[first], rest) if first in _LEVELS else ("", written)
    for pattern, other, words in _COMPILED[program == _MANAGER]:
        if known := pattern.fullmatch(text):
            said = known.expand(words)
            return {"time": time, "level": other or level or "info", "text": _ended(said)}
    if level in ("warning", "error"):
        return {"time": time, "level": level, "text": _ended(text[:1].upper() + text[1:])}
    return None


def _ended(text: str) -> str:
    """One full stop at the end, whatever the quoted part ended with."""
    return text.rstrip(" .:;") + "."
