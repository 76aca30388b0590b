"""The service survives any number of stops (job control, a debugger, a cgroup freezer)."""

import os
import random
import signal
import time

from service_box import until

from firmware_py.signals import SignalPipe


def test_two_hundred_stops_of_1_ms_to_2_s(box):
    rng = random.Random(17)
    stops = [rng.uniform(0.001, 0.03) for _ in range(180)]
    stops += [rng.uniform(0.1, 0.25) for _ in range(19)] + [2.0]  # longer than a tick
    rng.shuffle(stops)
    with box.start().client() as client:
        until(lambda s: s["card"]["state"] == "running", client)
        pid = client.call("hello")["pid"]
        for stop_s in stops:
            box.process.send_signal(signal.SIGSTOP)
            time.sleep(stop_s)
            box.process.send_signal(signal.SIGCONT)
            time.sleep(rng.uniform(0.0, 0.02))
        assert client.call("hello")["pid"] == pid
        until(lambda s: s["card"]["state"] == "running", client)
        before = client.call("stats")["stream"]["heartbeat"]
        until(lambda s: s["stream"]["heartbeat"] > before, client, "stats")
    code, _ = box.end()
    assert code == 0 and "Traceback" not in box.log()


def test_signals_come_one_by_one_and_others_not_at_all():
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
    }
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    pipe = SignalPipe()
    pipe.open()
    try:
        assert pipe.wait(0.0) is None
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        assert [pipe.wait(5.0), pipe.wait(5.0)] == [signal.SIGHUP, signal.SIGTERM]
        assert pipe.wait(0.01) is None
    finally:
        pipe.close()
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
