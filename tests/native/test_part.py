"""The part, driven offline: when frames take effect, and what happens when none come."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from rig_pump import (
    HARMONICS,
    HOP_S,
    N_HARMONICS,
    N_NOISE,
    PERIOD,
    RATE,
    answering,
    make_part,
    pump,
    send,
    sine,
)

from ddsp_edge.evaluation import lone_clicks
from native.kernel import Voice
from native.rig import NOW, Part, Rig, RigControl

HOP = round(HOP_S * RATE)
NOISE = np.full(N_NOISE, 0.01, np.float32)


def clicks(audio: np.ndarray) -> int:
    """Lone clicks, but for the cut at either end of the excerpt."""
    ends = np.ones(len(audio))
    fade = RATE // 50
    ends[:fade] = 0.5 - 0.5 * np.cos(np.pi * np.arange(fade) / fade)
    ends[-fade:] = ends[:fade][::-1]
    return lone_clicks(audio * ends, RATE)


def playing(part: Part) -> Rig:
    """A rig that plays ``part`` at full level from its first sample."""
    rig = Rig(RATE, PERIOD)
    assert rig.play(part, fade_s=0.0)
    return rig


def track(k: int) -> dict[str, object]:
    """The k-th frame of a melody that moves all the time."""
    random = np.random.default_rng(k)
    return {
        "f0_hz": float(220 * 2 ** random.uniform(-0.1, 0.1)),
        "amplitude": float(random.uniform(0.2, 0.6)),
        "harmonics": random.uniform(0.1, 1, N_HARMONICS).astype(np.float32),
        "noise": NOISE,
    }


def expected(frames: int, length: int) -> np.ndarray:
    """The voice alone, each ramp from tick + period to the next, as the header says."""
    voice = Voice(RATE, N_HARMONICS, N_NOISE, 24_000.0)
    out = np.zeros(length, np.float32)
    at = 0
    for k in range(1, frames + 1):
        start = min(k * HOP + PERIOD, length)
        voice.render(out[at:start])
        at = start
        f = track(k)
        voice.set_frame(f["f0_hz"], f["amplitude"], f["harmonics"], f["noise"], HOP_S)  # type: ignore[arg-type]
    voice.render(out[at:])
    return out


def in_order(part: Part, delay_blocks: int = 0) -> Callable[[int], None]:
    """A control thread that answers with the track, so many blocks later."""
    waiting: list[list[tuple[int, int]]] = [[] for _ in range(delay_blocks)]
    count = 0

    def after(_: int) -> None:
        nonlocal count
        seen = []
        for tick in part.read_ticks():
            count += 1
            seen.append((count, int(tick["position"])))
        waiting.append(seen)
        for k, position in waiting.pop(0):
            send(part, position=position, **track(k))  # type: ignore[arg-type]

    return after


@pytest.mark.parametrize("blocks", [(PERIOD,), (64,), (1, 17, 128, 100), (128, 3)])
def test_ramps_follow_each_other_to_the_sample(blocks: tuple[int, ...]) -> None:
    """However the blocks fall: each ramp starts at its tick plus a period, ends a hop later."""
    part = make_part()
    played = pump(playing(part), 0.5, in_order(part), blocks)[:, 0]
    np.testing.assert_allclose(played, expected(100, len(played)), atol=2e-6)


def test_an_answer_after_the_start_still_ends_in_time() -> None:
    """A block late: where each ramp ends, the sample is the one of an answer in time."""

    def play(delay_blocks: int) -> np.ndarray:
        part = make_part()
        rig = playing(part)
        send(part, amplitude=0.2)  # the phase runs from here in both
        waiting: list[list[int]] = [[] for _ in range(delay_blocks)]

        def after(_: int) -> None:
            waiting.append([int(tick["position"]) for tick in part.read_ticks()])
            for position in waiting.pop(0):
                send(part, position=position, amplitude=0.2 + 0.3 * (position // HOP % 3))

        played = pump(rig, 0.5, after)[:, 0]
        assert rig.read().late_frames == 0
        return played

    in_time, later = play(0), play(1)
    ends = np.arange(3, 95) * HOP + PERIOD - 1
    np.testing.assert_allclose(later[ends], in_time[ends], atol=1e-5)
    assert np.abs(later - in_time).max() > 0.01  # between them it is another way
    assert clicks(later) == 0


@pytest.mark.parametrize(("delay_blocks", "late"), [(1, False), (4, True)])
def test_late_is_after_the_end(delay_blocks: int, late: bool) -> None:
    part = make_part()
    rig = playing(part)
    played = pump(rig, 1.0, in_order(part, delay_blocks))[:, 0]
    assert (rig.read().late_frames > 150) == late
    assert clicks(played) == 0  # at once is still 1 ms


def test_a_note_starts_with_the_next_block() -> None:
    part = make_part()
    rig = playing(part)
    pump(rig, PERIOD * 3 / RATE)
    send(part, f0_hz=1000.0, amplitude=0.5, ramp_s=0.002)
    played = pump(rig, PERIOD * 2 / RATE)[:, 0]
    voice = Voice(RATE, N_HARMONICS, N_NOISE, 24_000.0)
    alone = np.zeros(PERIOD * 2, np.float32)
    voice.set_frame(1000.0, 0.5, HARMONICS, np.zeros(N_NOISE, np.float32), 0.002)
    voice.render(alone)
    np.testing.assert_allclose(played, alone, atol=1e-6)


def test_an_onset_overtakes_older_answers_and_is_not_cut_short() -> None:
    part = make_part()
    rig = playing(part)
    pump(rig, 2 * HOP / RATE)
    positions = [int(tick["position"]) for tick in part.read_ticks()]
    send(part, position=positions[-1], amplitude=0.0)  # waits for its time
    send(part, f0_hz=1000.0, amplitude=0.5, ramp_s=0.002)
    send(part, position=positions[-1], f0_hz=1000.0, amplitude=0.5)  # the next answer
    voice = Voice(RATE, N_HARMONICS, N_NOISE, 24_000.0)
    alone = np.zeros(4 * PERIOD, np.float32)
    voice.set_frame(1000.0, 0.5, HARMONICS, np.zeros(N_NOISE, np.float32), 0.002)
    voice.render(alone)
    np.testing.assert_allclose(pump(rig, len(alone) / RATE)[:, 0], alone, atol=1e-6)


def test_a_stall_holds_then_fades_and_the_next_frame_comes_back() -> None:
    part = make_part()
    rig = playing(part)
    answer = answering(part, f0_hz=440.0)
    pump(rig, 0.5, answer)
    assert rig.read().stalls == 0
    silent = pump(rig, 5.5)[:, 0]  # nobody answers

    def level_db(at_s: float) -> float:
        part_of = silent[round((at_s - 0.025) * RATE) : round((at_s + 0.025) * RATE)]
        return float(20 * np.log10(np.sqrt(np.mean(part_of**2)) + 1e-12))

    held = level_db(0.5)
    assert abs(level_db(0.9) - held) < 0.1
    assert level_db(2.0) - held == pytest.approx(-30, abs=1)
    assert level_db(3.0) - held == pytest.approx(-60, abs=1)
    assert not silent[-PERIOD:].any()
    assert rig.read().stalls == 1
    assert clicks(silent) == 0
    # The first answer is to a tick of long ago: late, and not the last of many.
    back = pump(rig, 0.5, answer)[:, 0]
    assert abs(20 * np.log10(np.sqrt(np.mean(back[-4800:] ** 2))) - held) < 0.1
    assert clicks(back[HOP:]) == 0
    stats = rig.read()
    assert stats.stalls == 1 and stats.late_frames > 0


def test_silence_is_no_stall() -> None:
    part = make_part()
    rig = playing(part)
    send(part, amplitude=0.5)
    pump(rig, 0.1)
    send(part, amplitude=0.0)
    pump(rig, 3.0)
    assert rig.read().stalls == 0
    send(part, amplitude=0.5, ramp_s=0.002)
    assert np.abs(pump(rig, 0.02)).max() > 0.2  # on its own ramp, not out of a fade


@pytest.mark.parametrize("fade_s", [0.05, 0.3])
def test_a_cross_fade_does_not_click_and_keeps_the_power(fade_s: float) -> None:
    rig = Rig(RATE, PERIOD)
    first, second = make_part(), make_part(seed=2)
    rig.play(first, fade_s=0.0)
    answers = [answering(first, f0_hz=220.0), answering(second, f0_hz=311.0)]

    def after(n: int) -> None:
        for answer in answers:
            answer(n)

    before = pump(rig, 0.5, after)[:, 0]
    rig.play(second, delay_s=0.1, fade_s=fade_s)
    during = pump(rig, 0.1 + fade_s, after)[:, 0]
    after_it = pump(rig, 0.5, after)[:, 0]
    whole = np.concatenate([before, during, after_it])
    assert clicks(whole) == 0

    def rms(x: np.ndarray) -> float:
        return float(np.sqrt(np.mean(x**2)))

    steady = rms(before[-9600:])
    assert rms(during[: RATE // 10]) == pytest.approx(steady, rel=0.02)  # the delay
    assert rms(after_it[-9600:]) == pytest.approx(steady, rel=0.05)
    assert rms(during[RATE // 10 :]) == pytest.approx(steady, rel=0.12)


def test_changes_on_top_of_changes_do_not_click() -> None:
    """A new part every 20 ms, whatever is still fading; every one is given back."""
    rig = Rig(RATE, PERIOD)
    alive: list[Part] = []
    out, returned = [], 0
    for i in range(40):
        part = make_part(seed=i + 1)
        if rig.play(part, delay_s=0.005 * (i % 3), fade_s=0.03):
            alive.append(part)
        answers = [answering(p, f0_hz=220.0 * 2 ** (i % 4 / 12)) for p in alive]
        out.append(pump(rig, 0.02, lambda n, answers=answers: [a(n) for a in answers] and None))  # type: ignore[misc]
        while (gone := rig.retired()) is not None:
            alive.remove(gone)
            returned += 1
    played = np.concatenate(out)[:, 0]
    assert clicks(played[4800:]) == 0 and np.abs(played).max() < 1.0
    assert returned > 10


def test_controls_move_without_clicks() -> None:
    """Bypass, mute, mix, trim, input and gain thrown about while a note sounds."""
    part = make_part()
    rig = playing(part)
    rig.set(RigControl.INPUT, 0)
    answer = answering(part, f0_hz=220.0, amplitude=0.3)
    out = []
    heard = sine(110.0, 4.0, 0.3)
    random = np.random.default_rng(3)
    choices: list[tuple[RigControl, float]] = [
        (RigControl.BYPASS, 1),
        (RigControl.BYPASS, 0),
        (RigControl.MUTE, 1),
        (RigControl.MUTE, 0),
        (RigControl.DRY, 0.7),
        (RigControl.DRY, 0),
        (RigControl.WET, 0.1),
        (RigControl.WET, 1),
        (RigControl.TRIM, 0.2),
        (RigControl.TRIM, 1),
        (RigControl.INPUT, 1),
        (RigControl.INPUT, 2),
        (RigControl.GAIN_LEFT, 0.2),
        (RigControl.GAIN_LEFT, 1),
        (RigControl.REVERB_WET, 0.5),
        (RigControl.REVERB_WET, 0),
    ]
    for start in range(0, len(heard), 2400):
        rig.set(*choices[random.integers(len(choices))])
        out.append(pump(rig, heard[start : start + 2400], answer))
    for side in np.concatenate(out).T:
        assert clicks(side[4800:]) == 0


def test_overruns_are_counted_not_waited_for() -> None:
    part = make_part()
    rig = playing(part)
    sent = [send(part) for _ in range(40)]
    assert sent[:8] == [True] * 8 and not all(sent)
    pump(rig, 0.01)
    assert rig.read().frame_overruns == sent.count(False)
    assert send(part)
    pump(rig, 2100 * HOP_S)  # the tick ring holds 2048
    assert rig.read().tick_overruns == pytest.approx(2102 - 2048, abs=2)
    assert len(part.read_ticks()) == 256


def test_voices_are_independent_and_add_up() -> None:
    def alone(voices: list[int]) -> np.ndarray:
        part = make_part(n_voices=4)
        rig = playing(part)
        for v in voices:
            send(part, voice=v, f0_hz=200.0 + 50 * v, amplitude=0.1)
        return pump(rig, 0.2)

    total = sum(alone([v]) for v in range(4))
    np.testing.assert_allclose(alone([0, 1, 2, 3]), total, atol=1e-6)


@pytest.mark.parametrize("blocks", [(PERIOD,), (64,), (1, 17, 128, 100)], ids=str)
def test_one_voice_of_four_has_the_noise_of_a_part_of_one(blocks: tuple[int, ...]) -> None:
    """However the blocks fall."""

    def play(n_voices: int) -> np.ndarray:
        part = make_part(n_voices)
        rig = playing(part)
        sounds = []
        for noise in (NOISE, 3 * NOISE, 0 * NOISE):
            send(part, amplitude=0.0, noise=noise)
            sounds.append(pump(rig, 0.3, blocks=blocks if n_voices > 1 else (PERIOD,)))
        return np.concatenate(sounds)[:, 0]

    expected = play(1)
    assert expected[2000:14_400].any() and not expected[-12_000:].any()
    np.testing.assert_allclose(play(4), expected, atol=1e-6)


@pytest.mark.parametrize("second", [None, (N_NOISE, 12_000.0)])
def test_the_noises_of_the_voices_add_up_in_power(second: tuple[int, float] | None) -> None:
    bands = N_NOISE * (2 if second else 1)

    def power(gains: list[float]) -> float:
        part = make_part(n_voices=4, second=second)
        rig = playing(part)
        for v, gain in enumerate(gains):
            noise = np.full(bands, gain, np.float32)
            send(part, voice=v, amplitude=0.0, noise=noise)
        return float(pump(rig, 5.0)[4800:, 0].var(dtype=float))

    together = power([0.1, 0.0, 0.02, 0.05])
    assert together == pytest.approx(power([0.1]) + power([0.02]) + power([0.05]), rel=0.02)


def test_bad_samples_and_frames_do_no_harm() -> None:
    part = make_part(listens=True)
    rig = playing(part)
    rig.set(RigControl.DRY, 1.0)
    heard = sine(220.0, 0.2)
    heard[100:110] = [np.nan, np.inf]
    heard[200] = 1e-42
    bad = np.array([np.nan, np.inf, -1, 1e-42, 3e38, 0, 1, 2], np.float32)

    def after(_: int) -> None:
        for tick in part.read_ticks():
            assert np.isfinite(float(tick["f0_hz"])) and np.isfinite(float(tick["loudness_db"]))
            for value in bad:
                send(part, float(value), float(value), int(tick["position"]), harmonics=bad)
        send(part, position=2**62, ramp_s=float("nan"))
        send(part, position=NOW, ramp_s=float("inf"))

    played = pump(rig, heard, after)
    assert np.isfinite(played).all() and np.abs(played).max() <= 1.0
    tiny = np.abs(played[played != 0]).min()
    assert tiny >= np.finfo(np.float32).tiny
    assert rig.read().bad_inputs == 20
    rig.set(RigControl.BYPASS, 1.0)
    pump(rig, 0.05)
    assert np.isfinite(pump(rig, np.full((480, 2), np.nan, np.float32))).all()


def test_clips_and_peaks_are_seen() -> None:
    rig = Rig(RATE, PERIOD)
    rig.set(RigControl.DRY, 4.0)
    pump(rig, sine(100.0, 0.1, 0.5))
    stats = rig.read()
    assert stats.input_peak == pytest.approx(0.5, rel=1e-3) and stats.input_clips == 0
    assert stats.output_peak == pytest.approx(2.0, rel=1e-3) and stats.output_clips > 1000
    assert rig.read().input_peak == 0.0  # since the last read
    rig.set(RigControl.TRIM, 2.5)
    pump(rig, sine(100.0, 0.1, 0.5))
    assert rig.read().input_clips > 500


def test_what_is_too_loud_is_turned_down_and_not_clipped() -> None:
    rig = Rig(RATE, PERIOD)
    rig.set(RigControl.DRY, 2.0)
    tone = sine(220.0, 0.5, 0.9)
    played = pump(rig, tone)[:, 0]
    settled = slice(RATE // 20, RATE // 2)
    wanted = 2.0 * tone[settled, 0]

    def shape(sound: np.ndarray) -> float:
        return float(np.corrcoef(sound, wanted)[0, 1])

    assert np.abs(played).max() <= 1.0
    assert shape(played[settled]) > 0.9998 > 0.99 > shape(np.clip(wanted, -1.0, 1.0))
    # A quarter second of what fits, and the level is back.
    rig.set(RigControl.DRY, 1.0)
    soft = sine(220.0, 1.0, 0.5)
    back = pump(rig, soft)[-RATE // 4 :, 0]
    assert np.abs(back).max() == pytest.approx(0.5, rel=2e-3)
