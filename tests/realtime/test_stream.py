"""The audio thread on a card that keeps time (jackd's dummy driver): no xrun but the driver's."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import JackCard
from rig_pump import HOP_S, make_part, send

from native.rig import Part, Rig, RigControl

stream = pytest.importorskip("native.stream")
pytestmark = pytest.mark.skipif(stream.UNAVAILABLE is not None, reason=str(stream.UNAVAILABLE))

PERIODS = 3


def until(holds: Callable[[], bool], at_most_s: float = 30.0) -> None:
    """Waits for something that must come, however slow the machine."""
    deadline = time.monotonic() + at_most_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def opened(card: JackCard, listens: bool = True, **changed: object):  # type: ignore[no-untyped-def]
    wanted: dict[str, object] = {
        "playback": card.pcm,
        "capture": card.pcm if listens else None,
        "rate": card.rate,
        "period": card.period,
        "periods": PERIODS,
    }
    return stream.Stream(stream.StreamConfig(**(wanted | changed)))


def started(card: JackCard, rig: Rig, **changed: object):  # type: ignore[no-untyped-def]
    running = opened(card, **changed)
    running.start(rig.process_address, rig.user_address, rig)
    return running


def no_xruns_of_ours(card: JackCard, before: int, stats: object) -> None:
    """Xruns only where the driver itself reports that it was late."""
    late = card.overloads() - before
    assert stats.xruns <= late, f"{stats.xruns} xruns; the driver was late {late} times"  # type: ignore[attr-defined]


@pytest.mark.parametrize("capture", [True, False], ids=["duplex", "playback"])
def test_it_keeps_time_without_xruns(jack_card: JackCard, capture: bool) -> None:
    rig = Rig(jack_card.rate, jack_card.period)
    rig.set(RigControl.DRY, 1.0)
    before = jack_card.overloads()
    with started(jack_card, rig, listens=capture) as running:
        assert running.state is stream.State.RUNNING
        got = running.info()
        assert (got.rate, got.period) == (jack_card.rate, jack_card.period)
        assert got.playback_format == "FLOAT" and got.playback_channels == 2
        assert got.capture_channels == (2 if capture else 0)
        first, began = running.read().periods, time.monotonic()
        time.sleep(3.0)
        stats, took = running.read(), time.monotonic() - began
        heard_s = (stats.periods - first) * jack_card.period / jack_card.rate
        if jack_card.overloads() == before:
            assert abs(heard_s - took) < 0.05 * took  # paced by the card, not by us
        assert heard_s > 0
        no_xruns_of_ours(jack_card, before, stats)
        assert sum(stats.jitter_ns) > 0 and stats.delay > 0
        running.stop()
        assert running.state is stream.State.STOPPED
        last = running.read().periods
        assert abs(rig.read().blocks - last) <= 1
        time.sleep(0.05)
        assert running.read().periods == last
        running.start(rig.process_address, rig.user_address, rig)  # and again
        until(lambda: running.read().periods > last + 10)


def test_a_held_note_goes_on_while_python_holds_the_gil(jack_card: JackCard) -> None:
    """500 ms in a C call that does not let go of the GIL: no xrun, and the ticks waited."""
    rig = Rig(jack_card.rate, jack_card.period)
    part = make_part(sample_rate=jack_card.rate, period=jack_card.period)
    rig.play(part, fade_s=0.0)
    before = jack_card.overloads()
    hold = ctypes.PyDLL(None).usleep  # PyDLL: the GIL is kept
    hold.argtypes = [ctypes.c_uint]
    with started(jack_card, rig, listens=False) as running:
        assert send(part)
        until(lambda: rig.read().output_peak > 0.1)
        for tick in part.read_ticks():
            send(part, position=int(tick["position"]))
        rig.read()
        heart, blocks = running.read().periods, rig.read().blocks
        hold(500_000)
        stats, after = running.read(), rig.read()
        played_s = (stats.periods - heart) * jack_card.period / jack_card.rate
        assert played_s > 0.4 and after.blocks - blocks >= stats.periods - heart - 1
        assert after.output_peak > 0.1  # it sounded all the while
        no_xruns_of_ours(jack_card, before, stats)
        ticks = part.read_ticks()
        assert len(ticks) > 0.4 / HOP_S and after.tick_overruns == 0
        for tick in ticks:  # answered now, they are late and counted
            send(part, position=int(tick["position"]))
        until(lambda: rig.read().late_frames > 10)
        assert rig.read().stalls == 0


class Slow:
    """A process function in C that sleeps too long once, when told to."""

    SOURCE = """
    #include <string.h>
    #include <unistd.h>
    static volatile int sleep_us;
    void fall_behind(int us) { sleep_us = us; }
    void process(void *user, const float *in, float *out, int n)
    {
        (void)user, (void)in;
        memset(out, 0, (size_t)n * 2 * sizeof *out);
        const int us = sleep_us;
        sleep_us = 0;
        if (us)
            usleep((useconds_t)us);
    }
    """

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc") or pytest.skip("no C compiler")
        source, library = folder / "slow.c", folder / "slow.so"
        source.write_text(self.SOURCE)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
        self._library = ctypes.CDLL(str(library))
        self.address = ctypes.cast(self._library.process, ctypes.c_void_p).value

    def fall_behind(self, seconds: float) -> None:
        self._library.fall_behind(int(seconds * 1e6))


@pytest.mark.parametrize("capture", [True, False], ids=["duplex", "playback"])
def test_it_survives_xruns(jack_card: JackCard, tmp_path: Path, capture: bool) -> None:
    slow = Slow(tmp_path)
    with opened(jack_card, listens=capture) as running:
        running.start(slow.address, 0, slow)
        until(lambda: running.read().periods > 20)
        for n in (1, 2, 3):
            slow.fall_behind(0.1)
            until(lambda n=n: running.read().recoveries >= n)  # type: ignore[misc]
            at = running.read().periods
            until(lambda at=at: running.read().periods > at + 20)  # type: ignore[misc]
        stats = running.read()
        assert stats.xruns >= 3 and stats.recoveries >= 3
        assert stats.state is stream.State.RUNNING and stats.error == 0


def test_the_cards_loss_is_noticed(jack_card: JackCard, tmp_path: Path) -> None:
    """A server of its own is killed under the stream: LOST, and closing does not hang."""
    from jack_server import JackServer

    server = JackServer(tmp_path, jack_card.rate, jack_card.period)
    server.start()
    rig = Rig(jack_card.rate, jack_card.period)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.env.items():
            patch.setenv(name, value)
        with started(jack_card, rig) as running:
            until(lambda: running.read().periods > 20)
            server.stop()
            until(lambda: running.state is stream.State.LOST)
            assert running.read().error != 0
            with pytest.raises(stream.StreamError, match="does not start"):
                running.start(rig.process_address, rig.user_address)


def test_a_signal_through_the_card_is_converted_once(jack_card: JackCard, tmp_path: Path) -> None:
    """From an ALSA player through capture, rig and playback to an ALSA recorder."""
    if shutil.which("arecord") is None:
        pytest.skip("arecord is not installed (apt-get install alsa-utils)")
    rig = Rig(jack_card.rate, jack_card.period)
    rig.set(RigControl.DRY, 1.0)
    rig.set(RigControl.INPUT, 0)
    wave = (8000 * np.sin(2 * np.pi * 440 * np.arange(4 * jack_card.rate) / jack_card.rate)).astype(
        np.int16
    )
    sound, heard = tmp_path / "played.raw", tmp_path / "heard.raw"
    np.repeat(wave[:, None], 2, axis=1).tofile(sound)
    raw = ["-t", "raw", "-f", "S16_LE", "-c", "2", "-r", str(jack_card.rate), "-q"]
    with started(jack_card, rig):
        player = subprocess.Popen(["aplay", "-D", "player", *raw, str(sound)])
        recorder = subprocess.Popen(["arecord", "-D", "recorder", *raw, "-d", "2", str(heard)])
        assert recorder.wait(60) == 0
        player.terminate()
        player.wait()
    got = np.fromfile(heard, np.int16).reshape(-1, 2).astype(float)[:, 0]
    loud = got[np.flatnonzero(np.abs(got) > 4000)[0] :][: jack_card.rate]
    assert len(loud) > jack_card.rate // 4
    spectrum = np.abs(np.fft.rfft(loud * np.hanning(len(loud))))
    peak = np.argmax(spectrum) * jack_card.rate / len(loud)
    assert abs(peak - 440) < 10 and np.abs(loud).max() == pytest.approx(8000, rel=0.02)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"playback": "nothing-of-this-name"}, "is no PCM that ALSA knows"),
        ({"capture": "nothing-of-this-name"}, r"is no PCM that ALSA knows .*\(record\)"),
        ({"rate": 44_100}, "cannot play at 44100 Hz; it can 48000 to 48000 Hz"),
        ({"format": "S16"}, "cannot play in S16; it can: FLOAT_LE"),
        ({"format": "U8"}, "choose one of FLOAT"),
        ({"period": 1}, "period 16 to 8192"),
        ({"periods": 1}, "periods 2 to 64"),
    ],
)
def test_what_cannot_be_had_is_said_plainly(
    jack_card: JackCard, changed: dict[str, object], says: str
) -> None:
    with pytest.raises(stream.StreamError, match=says):
        opened(jack_card, **changed)


def test_a_part_may_be_changed_while_it_plays(jack_card: JackCard) -> None:
    """Twenty parts in two seconds, each freed by Python while the thread runs."""
    rig = Rig(jack_card.rate, jack_card.period)
    before, returned = jack_card.overloads(), 0
    with started(jack_card, rig, listens=False) as running:
        for seed in range(20):
            part: Part = make_part(
                sample_rate=jack_card.rate, period=jack_card.period, seed=seed + 1
            )
            until(lambda part=part: rig.play(part, fade_s=0.02) or rig.retired() is None)  # type: ignore[misc]
            send(part)
            time.sleep(0.1)
            while rig.retired() is not None:
                returned += 1
        stats = running.read()
    assert returned >= 15
    no_xruns_of_ours(jack_card, before, stats)
