import io

import numpy as np
import pytest
import soundfile
from places import SHARED

from ddsp_edge.demo import TUNE, VOICE
from ddsp_edge.demo.tune import MELODY, engrave


def test_the_file_is_what_the_engraver_makes():
    stream = io.BytesIO()
    engrave().save(file=stream)
    assert stream.getvalue() == TUNE.read_bytes()


def test_it_has_strokes_slurs_and_no_controllers():
    file = engrave()
    assert 20 < file.length < 40
    kinds = [m.type for m in file.tracks[0]]
    assert kinds.count("note_on") == len(MELODY)
    assert len({m.velocity for m in file.tracks[0] if m.type == "note_on"}) > 8
    assert not {"pitchwheel", "control_change"} & set(kinds)
    down, overlaps = 0, 0
    for message in file.tracks[0]:
        if message.type in ("note_on", "note_off"):
            down += 1 if message.type == "note_on" else -1
            overlaps += down == 2
    assert overlaps == sum(note.slurred for note in MELODY)


def test_the_voice_is_the_recording_that_its_attribution_names():
    original = SHARED / "audio" / "inputs" / "singing-female.wav"
    if not original.exists():
        pytest.skip("../shared is not here to compare with")
    ours, rate = soundfile.read(VOICE, dtype="int16")
    theirs, their_rate = soundfile.read(original, dtype="int16")
    assert rate == their_rate
    assert np.array_equal(ours, theirs)
