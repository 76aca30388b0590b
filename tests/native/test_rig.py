"""The rig, driven offline: input, mix, bypass, cross-fades, panic, counters."""

from __future__ import annotations

import gc
from itertools import pairwise

import numpy as np
import pytest
from rig_pump import HOP_S, PERIOD, RATE, answering, make_part, pump, send, sine

from native.kernel import Analyser
from native.rig import MAX_GROUPS, MAX_TOGETHER, Part, Rig, RigControl


def test_without_a_part_it_is_silent() -> None:
    rig = Rig(RATE, PERIOD)
    assert not pump(rig, sine(220, 0.1)).any()
    stats = rig.read()
    assert stats.position == 4800 and stats.blocks == 38 and stats.parts == 0


@pytest.mark.parametrize("blocks", [(PERIOD,), (1, 17, 128, 64), (4096,)])
def test_dry_is_the_input_without_delay(blocks: tuple[int, ...]) -> None:
    rig = Rig(RATE, PERIOD)
    rig.set(RigControl.DRY, 1.0)
    heard = sine(220, 0.2)
    np.testing.assert_array_equal(pump(rig, heard, blocks=blocks), heard)


@pytest.mark.parametrize(("side", "weights"), [(0, (1, 0)), (1, (0, 1)), (2, (0.5, 0.5))])
def test_the_input_is_chosen_trimmed_and_sent_to_both_sides(
    side: int, weights: tuple[float, float]
) -> None:
    rig = Rig(RATE, PERIOD)
    rig.set(RigControl.INPUT, side)
    rig.set(RigControl.DRY, 1.0)
    rig.set(RigControl.TRIM, 0.5)
    rig.set(RigControl.GAIN_LEFT, 0.25)
    heard = np.random.default_rng(1).uniform(-0.5, 0.5, (960, 2)).astype(np.float32)
    played = pump(rig, heard)
    mono = 0.5 * heard @ np.array(weights, np.float32)
    np.testing.assert_allclose(played, np.stack([0.25 * mono, mono], 1), atol=1e-7)


def test_bypass_is_the_input_to_the_bit() -> None:
    rig = Rig(RATE, PERIOD)
    part = make_part()
    rig.play(part)
    rig.set(RigControl.GAIN_LEFT, 0.3)
    rig.set(RigControl.TRIM, 2.0)
    answer = answering(part)
    pump(rig, 0.2, answer)
    rig.set(RigControl.BYPASS, 1.0)
    heard = np.random.default_rng(2).uniform(-1, 1, (RATE // 5, 2)).astype(np.float32)
    played = pump(rig, heard, answer)
    fade = round(0.01 * RATE)
    np.testing.assert_array_equal(played[fade:], heard[fade:])
    assert np.abs(played[: fade // 2] - heard[: fade // 2]).max() > 0.1  # a fade, no switch


def test_an_answered_part_sounds_at_its_pitch() -> None:
    rig = Rig(RATE, PERIOD)
    part = make_part()
    assert rig.play(part, fade_s=0.0)
    played = pump(rig, 1.0, answering(part, f0_hz=440.0, amplitude=0.5))[:, 0]
    spectrum = np.abs(np.fft.rfft(played[RATE // 2 :] * np.hanning(RATE // 2)))
    assert np.argmax(spectrum) * 2 == 440
    stats = rig.read()
    assert stats.late_frames == stats.tick_overruns == stats.frame_overruns == stats.stalls == 0
    assert sum(stats.process_ns) == stats.blocks == 375 and 0 < stats.load < 10


def test_ticks_are_the_analysers_frames() -> None:
    rig = Rig(RATE, PERIOD)
    part = make_part(listens=True)
    rig.play(part)
    seen = []
    pump(rig, sine(330, 1.0), lambda _: seen.extend(part.read_ticks().copy()))
    positions = [int(tick["position"]) for tick in seen]
    expected = Analyser(RATE, HOP_S, eager=True).process(sine(330, 1.0)[:, 0])
    assert positions == expected["position"].tolist()
    # The tone's first pitch did not wait for its hop; the others did.
    assert sorted({b - a for a, b in pairwise(positions)})[-1] == round(HOP_S * RATE)
    assert sum(b - a < round(HOP_S * RATE) for a, b in pairwise(positions)) == 1
    assert abs(seen[-1]["f0_hz"] - 330) < 1 and seen[-1]["confidence"] > 0.9
    assert abs(seen[-1]["loudness_db"] + 9.03) < 0.5
    assert all(a["made_ns"] <= b["made_ns"] for a, b in pairwise(seen))


def test_a_part_joins_fades_and_retires() -> None:
    rig = Rig(RATE, PERIOD)
    first, second = make_part(), make_part()
    rig.play(first, fade_s=0.0)
    pump(rig, 0.1, answering(first))
    rig.play(second, delay_s=0.02, fade_s=0.05)
    assert rig.retired() is None
    pump(rig, 0.069, answering(second))
    assert rig.retired() is None and rig.read().parts == 2
    pump(rig, 0.01, answering(second))
    assert rig.retired() is first and rig.retired() is None and rig.read().parts == 1
    with pytest.raises(ValueError, match="played before"):
        rig.play(second)
    rig.play(None, fade_s=0.01)
    tail = pump(rig, 0.05, answering(second))
    assert not tail[-960:].any() and rig.retired() is second


@pytest.mark.parametrize("waited", range(0, 218, 36))  # samples; a period has 218
@pytest.mark.parametrize("hasty", [False, True])  # the one before it was never heard
def test_a_part_that_goes_on_fades_in_without_a_dip(waited: int, hasty: bool) -> None:
    rig = Rig(RATE, PERIOD)
    parts = [make_part() for _ in range(3 if hasty else 2)]
    assert rig.play(parts[0], fade_s=0.0)
    answers = [answering(part, f0_hz=220.0) for part in parts]

    def answer(n: int) -> None:
        for one in answers:
            one(n)

    pump(rig, (4800 + waited) / RATE, answer)
    for before, after in pairwise(parts):
        after.go_on_from(before)
        assert rig.play(after, delay_s=0.03, fade_s=0.05)
        pump(rig, 0.01 if after is not parts[-1] else 0.02, answer)
    played = pump(rig, 0.1, answer)[:, 0]
    periods = played[: len(played) // 218 * 218].reshape(-1, 218)
    levels_db = 10 * np.log10((periods.astype(float) ** 2).mean(axis=1))
    assert np.abs(levels_db - levels_db[-1]).max() < 0.3


@pytest.mark.parametrize("together", [1, MAX_TOGETHER])
def test_four_groups_and_no_more(together: int) -> None:
    rig = Rig(RATE, PERIOD)
    groups = [[make_part() for _ in range(together)] for _ in range(MAX_GROUPS + 1)]
    assert [rig.play_together(group) for group in groups] == [True] * MAX_GROUPS + [False]
    pump(rig, 0.2)
    while rig.retired() is not None:
        pass
    assert rig.read().parts == together and rig.play_together(groups[-1])


def test_parts_together_are_the_sum_of_each_alone() -> None:
    def played(*which: int) -> np.ndarray:
        rig = Rig(RATE, PERIOD)
        parts = {each: make_part() for each in which}
        assert rig.play_together(list(parts.values()))
        for each, part in parts.items():
            part.set_gain(*GAINS[each])
            send(part, f0_hz=220.0 * (each + 1), amplitude=0.1)
        return pump(rig, 0.2)

    both = played(0, 1)
    np.testing.assert_allclose(both, played(0) + played(1), atol=2e-6)
    assert np.abs(played(0)[4800:, 1]).max() == 0.0  # hard left
    assert np.abs(both).max() > 0.05


GAINS = {0: (1.0, 0.0), 1: (0.25, 0.5)}


def test_a_part_s_gain_moves_without_a_step() -> None:
    rig = Rig(RATE, PERIOD)
    part = make_part()
    rig.play(part)
    send(part, f0_hz=100.0, amplitude=0.2)
    before = pump(rig, 0.2)[-4800:]
    part.set_gain(0.0, 1.0)
    after = pump(rig, 0.2)
    steps = np.abs(np.diff(np.concatenate([before, after]), axis=0)).max()
    assert steps <= 1.2 * np.abs(np.diff(before, axis=0)).max()
    assert not after[-4800:, 0].any() and np.abs(after[-4800:, 1]).max() > 0.05
    part.set_gain(1.0, 1.0)
    pump(rig, 0.1)
    again = pump(rig, 0.05)
    np.testing.assert_array_equal(again[:, 0], again[:, 1])


def test_a_group_is_whole_or_not_there() -> None:
    rig = Rig(RATE, PERIOD)
    part = make_part()
    other = make_part(sample_rate=44_100)
    for wrong in ([part, part], [], [other, part], [part] * (MAX_TOGETHER + 1)):
        with pytest.raises(ValueError, match="parts"):
            rig.play_together(wrong)
    assert rig.play_together([part]) and pump(rig, 0.01) is not None
    assert rig.read().parts == 1


def test_a_part_outlives_its_rig() -> None:
    """Freed when both are gone: the part still answers, the memory is whole."""
    rig = Rig(RATE, PERIOD)
    part = make_part()
    rig.play(part)
    pump(rig, 0.02)
    del rig
    gc.collect()
    assert len(part.read_ticks()) == 4 and send(part)


def test_what_does_not_fit_is_refused() -> None:
    rig = Rig(RATE, PERIOD)
    with pytest.raises(ValueError, match="another rate"):
        rig.play(make_part(sample_rate=44_100))
    with pytest.raises(ValueError, match="another rate"):
        rig.play(make_part(period=64))
    part = make_part()
    with pytest.raises(IndexError, match="voice 1"):
        send(part, voice=1)
    with pytest.raises(ValueError, match="frame of"):
        send(part, harmonics=np.zeros(9, np.float32))
    with pytest.raises(ValueError, match="frame of"):
        send(part, harmonics=np.zeros(8))
    with pytest.raises(ValueError, match="range"):
        Part(RATE, PERIOD, 17, 8, 5, 24_000, HOP_S, False)
    with pytest.raises(ValueError, match="range"):
        Rig(RATE, 0)
    with pytest.raises(ValueError, match="played"):
        rig.process(None, np.zeros((8, 2)))


def test_panic_silences_voices_and_room() -> None:
    rig = Rig(RATE, PERIOD)
    part = make_part(n_voices=2)
    rig.set(RigControl.REVERB_WET, 0.8)
    rig.play(part, fade_s=0.0)
    send(part, voice=1, f0_hz=330.0)
    before = pump(rig, 0.5, answering(part))
    assert np.abs(before[-480:]).max() > 0.1
    send(part)  # sent before: forgotten
    rig.panic()
    after = pump(rig, 0.1)
    assert np.abs(after[:120]).max() > 0.05  # a fade, no cut
    assert not after[round(0.005 * RATE) :].any()
    send(part)  # sent afterwards: heard
    assert np.abs(pump(rig, 0.1)).max() > 0.1
