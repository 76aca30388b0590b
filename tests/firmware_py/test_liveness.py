"""What feeds the watchdog, and what does not."""

from firmware_py.liveness import PATIENCE, Liveness


def test_while_both_threads_move_all_is_well():
    liveness = Liveness()
    assert all(liveness.stalled(i // 3, i // 3, True) == "" for i in range(100))


def test_an_audio_thread_that_stands_still_is_named():
    liveness = Liveness()
    found = [liveness.stalled(7, i, True) for i in range(PATIENCE + 1)]
    assert found == [""] * PATIENCE + ["the audio thread"]
    assert liveness.stalled(8, 999, True) == ""


def test_a_control_thread_that_stands_still_is_named():
    liveness = Liveness()
    found = [liveness.stalled(i, 7, True) for i in range(PATIENCE + 1)]
    assert found[-1] == "the control thread"


def test_a_card_that_is_not_there_is_no_reason_to_start_again():
    liveness = Liveness()
    assert all(liveness.stalled(7, i, False) == "" for i in range(50))
