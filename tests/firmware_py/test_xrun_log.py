"""Xruns are told to the log: how many, and not for each of them."""

import logging

from firmware_py.xrun_log import LOOK_S, XrunLog


def test_new_ones_are_told_at_the_next_look_and_old_ones_not_again(caplog):
    caplog.set_level(logging.WARNING)
    now, counts = [100.0], [0]
    asked = []
    told = XrunLog(lambda: asked.append(now[0]) or counts[0], lambda: now[0])
    for passed_s, count in ((1, 3), (LOOK_S, 3), (1, 4), (LOOK_S, 4), (LOOK_S, 4)):
        now[0], counts[0] = now[0] + passed_s, count
        told.poll()
    assert [record.getMessage() for record in caplog.records] == [
        "3 xruns, 3 since the start",
        "1 xrun, 4 since the start",
    ]
    assert len(asked) == 3  # the counters of the engine are not read at every call
