"""What feeds the watchdog, and what does not."""

from firmware_py.liveness import PATIENCE, Heartbeat


def look(heartbeat, audio, control, card="running"):
    stream = None if audio is None else {"heartbeat": audio}
    stats = {"stream": stream, "control": {"turn": {"count": control}}}
    return heartbeat.still(stats, {"card": {"state": card}})


def test_while_both_threads_move_all_is_well():
    heartbeat = Heartbeat()
    assert all(look(heartbeat, i // 3, i // 3) == "" for i in range(100))


def test_an_audio_thread_that_stands_still_is_named():
    heartbeat = Heartbeat()
    said = [look(heartbeat, 7, i) for i in range(PATIENCE + 1)]
    assert said == [""] * PATIENCE + ["the audio thread"]
    assert look(heartbeat, 8, 999) == ""


def test_a_control_thread_that_stands_still_is_named():
    heartbeat = Heartbeat()
    said = [look(heartbeat, i, 7) for i in range(PATIENCE + 1)]
    assert said[-1] == "the control thread"


def test_a_card_that_is_not_there_is_no_reason_to_start_again():
    heartbeat = Heartbeat()
    assert all(look(heartbeat, 7, i, "waiting") == "" for i in range(50))
    assert all(look(heartbeat, None, i, "waiting") == "" for i in range(100, 150))
