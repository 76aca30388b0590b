"""`ddsp-edge live` on the board: MIDI or a voice goes in, the violin comes out of the card."""

from __future__ import annotations

import numpy as np
from board.machine import Board
from board.stage import ENGINE, PERIOD, PERIODS, RATE, perform, write_score, write_sound

from ddsp_edge.evaluation import (
    compare_f0,
    lone_clicks,
    peak_dbfs,
    spectral_difference_db,
    track_f0,
)

LIVE = (
    "python3 -m ddsp_edge live --model violin --card {playback} --period {period} "
    "--periods {periods} "
).format(**ENGINE, period=PERIOD, periods=PERIODS)
READY = "Ctrl-C ends"


def seconds_near(f0_hz: np.ndarray, note: int, hop_s: float) -> float:
    """How long a note was heard within 25 cents."""
    expected_hz = 440.0 * 2 ** ((note - 69) / 12)
    near = np.abs(1200 * np.log2(np.maximum(f0_hz, 1.0) / expected_hz)) < 25
    return float(near.sum() * hop_s)


def test_midi_notes_are_heard_at_their_pitch(board: Board) -> None:
    write_score(board.share / "score.mid", [(69, 0.0, 1.0), (60, 1.0, 2.0), (76, 2.2, 3.0)])
    heard = perform(
        board, f"{LIVE} --source synth", READY,
        "cp /board/score.mid . && aplaymidi -d 0 -p ddsp-edge score.mid", 5.0,
    )  # fmt: skip
    assert "0 faults" in heard.log
    assert -40.0 < peak_dbfs(heard.sound) < 0.0
    track = track_f0(heard.sound, RATE)
    for note, shortest_s in ((69, 0.8), (60, 0.8), (76, 0.6)):
        assert seconds_near(track.f0_hz, note, track.hop_s) > shortest_s
    voiced_s = (track.f0_hz > 0).sum() * track.hop_s
    assert voiced_s < 3.6  # the notes end
    print(heard.log.splitlines()[-1], f"clicks {lone_clicks(heard.sound, RATE)}")


def test_a_voice_comes_out_as_a_violin(board: Board, sung: np.ndarray) -> None:
    write_sound(board.share / "voice.wav", sung)
    heard = perform(
        board, f"{LIVE} --source effect --capture {ENGINE['capture']} --midi none", READY,
        "cp /board/voice.wav . && aplay -q -D hw:0,1,1 voice.wav", 4.0,
    )  # fmt: skip
    assert "0 faults" in heard.log
    pitch = compare_f0(track_f0(sung, RATE), track_f0(heard.sound, RATE), max_delay_s=2.0)
    print(heard.log.splitlines()[-1], pitch)
    assert pitch.voiced_s > 1.0
    assert pitch.median_cents < 20.0
    assert pitch.longest_jump_s < 0.1
    # It is the violin that the file would give, not the voice.
    start = round(pitch.delay_s * RATE)
    cut = heard.sound[start : start + len(sung)]
    assert spectral_difference_db(cut, sung) > 6.0
