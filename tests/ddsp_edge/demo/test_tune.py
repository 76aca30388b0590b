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


def test_it_has_dynamics_bends_and_a_musical_length():
    file = engrave()
    assert 20 < file.length < 40
    kinds = [m.type for m in file.tracks[0]]
    assert kinds.count("note_on") == len(MELODY)
    assert len({m.velocity for m in file.tracks[0] if m.type == "note_on"}) > 8
    assert len({m.pitch for m in file.tracks[0] if m.type == "pitchwheel"}) > 50
    assert len({m.value for m in file.tracks[0] if m.type == "control_change"}) > 30


def test_the_voice_is_the_recording_that_its_attribution_names():
    original = SHARED / "audio" / "inputs" / "singing-female.wav"
    if not original.exists():
        pytest.skip("../shared is not here to compare with")
    ours, rate = soundfile.read(VOICE, dtype="int16")
    theirs, their_rate = soundfile.read(original, dtype="int16")
    assert rate == their_rate
    assert np.array_equal(ours, theirs)
