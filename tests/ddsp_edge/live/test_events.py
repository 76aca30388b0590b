"""Events reach every listener, in order; one that fails harms no other."""

from __future__ import annotations

from ddsp_edge.live.events import Events


def test_events_reach_all_in_order_and_a_bad_listener_only_itself(caplog):
    events, got = Events(), []

    def bad(event):
        raise ValueError("display broken")

    events.subscribe(bad)
    unsubscribe = events.subscribe(got.append)
    events.start()
    events.publish("card", state="lost")
    events.tell({"event": "midi", "port": "keys"})
    events.later(got.append, "called")
    events.later(bad, None)
    events.later(unsubscribe)
    events.publish("card", state="running")
    events.stop()
    assert got == [{"event": "card", "state": "lost"}, {"event": "midi", "port": "keys"}, "called"]
    assert len(caplog.records) == 4
