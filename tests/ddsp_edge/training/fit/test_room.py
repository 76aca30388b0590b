"""The learnt room finds a room that is known, and names the kernel's reverb that is like it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.training.fit.room import LearntRoom  # noqa: E402

RATE = 16_000


def notes(seconds, seed):
    """Short notes with rests: what a room can be heard in."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * RATE))
    at = 0
    while at < len(out) - RATE:
        size = int(rng.uniform(0.15, 0.4) * RATE)
        t = np.arange(size) / RATE
        f0 = rng.uniform(150, 600)
        tone = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 12))
        out[at : at + size] = 0.2 * tone * np.sin(np.pi * np.arange(size) / size) ** 0.3
        at += size + int(rng.uniform(0.1, 0.5) * RATE)
    out += 1e-4 * rng.normal(size=len(out))
    return torch.from_numpy(out.astype(np.float32))[None]


def test_it_finds_a_known_room():
    dry = notes(6.0, 1)
    known = LearntRoom(RATE, seed=99)  # other noise than the learner's
    with torch.no_grad():
        known.decay.fill_(np.log(0.9))
        known.decay[3:] = np.log(0.5)
        known.level.fill_(np.log(10) * -16 / 20)
        wet = known(dry)
    learner = LearntRoom(RATE)
    optimiser = torch.optim.Adam(learner.parameters(), lr=0.05)
    for _ in range(80):
        loss = learner.loss(dry, wet)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    found = learner.bands()
    # The bands in which these notes sound.
    for band in found[1:5]:
        wanted = 0.9 if band["from_hz"] < 1000 else 0.5
        assert band["t60_s"] == pytest.approx(wanted, rel=0.15), found
        assert band["level_db"] == pytest.approx(-16.0, abs=5.0), found


def test_silence_has_no_room():
    room = LearntRoom(48_000)
    with torch.no_grad():
        room.level.fill_(np.log(10) * -60 / 20)
    assert room.as_room() is None


@pytest.mark.parametrize(("t60_s", "level_db"), [(0.6, -20.0), (1.5, -12.0), (3.0, -6.0)])
def test_the_kernels_reverb_is_set_like_it(t60_s, level_db):
    room = LearntRoom(48_000)
    with torch.no_grad():
        room.decay.fill_(np.log(t60_s))
        room.level.fill_(np.log(10) / 20 * (level_db - 10 * np.log10(len(room.level))))
    found = room.as_room()
    assert found.level_db == pytest.approx(level_db, abs=0.1)
    dry, wet = kernel_answer(found, 48_000)
    assert 10 * np.log10(np.sum(wet**2) / np.sum(dry**2)) == pytest.approx(level_db, abs=3.5)
    power = np.cumsum(wet[::-1] ** 2)[::-1]
    decay_db = 10 * np.log10(power / power[0])
    at = [np.argmax(decay_db < limit) / 48_000 for limit in (-5.0, -25.0)]
    assert 3 * (at[1] - at[0]) == pytest.approx(t60_s, rel=0.25)


def kernel_answer(room, rate):
    """Dry and wet part of the kernel's output for a short burst of noise."""
    from native.kernel import Output

    burst = np.zeros(6 * rate, np.float32)
    burst[: rate // 100] = 0.2 * np.random.default_rng(3).uniform(-1, 1, rate // 100)
    sounds = []
    for wet in (0.0, room.wet):
        output = Output(rate)
        output.set_reverb(room.size, room.damping, wet)
        sound = np.zeros((len(burst), 2), np.float32)
        output.process(burst, sound)
        sounds.append(sound)
    dry = sounds[0][:, 0] * (1 - room.wet**2)
    return dry, sounds[1][:, 0] - dry
