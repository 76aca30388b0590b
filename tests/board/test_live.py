"""`ddsp-edge live` on the board: MIDI or a voice goes in, the violin comes out of the card."""

from __future__ import annotations

import numpy as np
from board.machine import Board
from board.stage import (
    ENGINE,
    PERIOD,
    PERIODS,
    RATE,
    WORLD,
    record,
    seconds_near,
    write_score,
    write_sound,
)

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


def perform(board: Board, options: str, action: str, seconds: float) -> tuple[np.ndarray, str]:
    """Sound and log of `ddsp-edge live` while ``action`` runs; SIGTERM must end it well."""
    board.check(f"""
{LIVE} {options} >/tmp/log 2>&1 &
echo $! >/tmp/live
tries=0
until grep -q "Ctrl-C ends" /tmp/log; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] && kill -0 $! || {{ cat /tmp/log; exit 3; }}
    sleep 0.2
done""")
    sound = record(board, action, seconds)
    board.check("""
kill -TERM $(cat /tmp/live)
while kill -0 $(cat /tmp/live); do sleep 0.1; done 2>/dev/null
cp /tmp/log .""")
    log = (board.job / "log").read_text()
    assert "played" in log and " 0 faults" in log
    return sound, log


def test_midi_notes_are_heard_at_their_pitch(board: Board) -> None:
    write_score(board.share / "score.mid", [(69, 0.0, 1.0), (60, 1.0, 2.0), (76, 2.2, 3.0)])
    play = "cp /board/score.mid . && aplaymidi -d 0 -p ddsp-edge score.mid"
    # Without rooms, which have a pitch for a second more.
    dry = "--source synth --set body=0 --set reverb_wet=0"
    sound, log = perform(board, dry, play, 5.0)
    assert -40.0 < peak_dbfs(sound) < 0.0
    track = track_f0(sound, RATE)
    for note, shortest_s in ((69, 0.8), (60, 0.8), (76, 0.6)):
        assert seconds_near(track.f0_hz, note, track.hop_s) > shortest_s
    voiced_s = (track.f0_hz > 0).sum() * track.hop_s
    assert voiced_s < 3.6  # the notes end
    print(log.splitlines()[-1], f"clicks {lone_clicks(sound, RATE)}")


def test_a_voice_comes_out_as_a_violin(board: Board, sung: np.ndarray) -> None:
    write_sound(board.share / "voice.wav", sung)
    play = f"cp /board/voice.wav . && aplay -q -D {WORLD['playback']} voice.wav"
    options = f"--source effect --capture {ENGINE['capture']} --midi none"
    sound, log = perform(board, options, play, 4.0)
    pitch = compare_f0(track_f0(sung, RATE), track_f0(sound, RATE), max_delay_s=2.0)
    print(log.splitlines()[-1], pitch)
    assert pitch.voiced_s > 1.0
    assert pitch.median_cents < 20.0
    assert pitch.longest_jump_s < 0.1
    # It is the violin that the file would give, not the voice.
    start = round(pitch.delay_s * RATE)
    cut = sound[start : start + len(sung)]
    assert spectral_difference_db(cut, sung) > 6.0
