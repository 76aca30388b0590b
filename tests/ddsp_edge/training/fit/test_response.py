"""A response is learnt sample by sample, and what is exported is of one step with its network."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.errors import UserError  # noqa: E402
from ddsp_edge.training.fit import losses, synth  # noqa: E402
from ddsp_edge.training.fit.response import LearntResponse, finished, room_named  # noqa: E402
from ddsp_edge.training.fit.trainer import Trainer  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402

PLAN = Plan(
    warm_steps=4, steps=8, warm_batch=2, warm_frames=120, batch=2, frames=41, context=20,
    response=True,
)  # fmt: skip


def test_it_begins_as_silence_and_learns_what_is_there():
    generator = torch.Generator().manual_seed(1)
    dry = torch.randn(2, 9600, generator=generator) * 0.1
    known = torch.zeros(9600)
    known[[0, 40, 900]] = torch.tensor([0.3, -0.4, 0.2])
    target = synth.reverberate(dry, known)
    learner, here = LearntResponse(9600), torch.zeros(2, dtype=torch.long)
    assert torch.equal(learner(dry, here), dry)
    optimiser = torch.optim.Adam(learner.parameters(), lr=5e-3)
    first = float(losses.multi_scale_spectral(learner(dry, here), target))
    for _ in range(80):
        optimiser.zero_grad()
        # A known sound: sample by sample, so that there is one answer.
        (learner(dry, here) - target).square().mean().backward()
        optimiser.step()
    assert float(losses.multi_scale_spectral(learner(dry, here), target)) < 0.8 * first
    found = learner.samples()
    assert set(np.argsort(-np.abs(found))[:3]) == {0, 40, 900}


def test_each_row_is_heard_in_its_own_room():
    generator = torch.Generator().manual_seed(2)
    dry = torch.randn(3, 5000, generator=generator)
    rooms = torch.randn(2, 1200, generator=generator) * 0.1
    which = torch.tensor([1, 0, 1])
    heard = synth.reverberate(dry, rooms, which)
    for row, room, found in zip(dry, which, heard, strict=True):
        alone = synth.reverberate(row[None], rooms[room])[0]
        assert torch.allclose(found, alone, atol=1e-4)
        wanted = row.numpy() + np.convolve(row.numpy(), rooms[room].numpy())[:5000]
        assert np.allclose(found.numpy(), wanted, atol=1e-4)
    for last in (5000, 3801, 3800, 70):
        short = synth.reverberate(dry, rooms, which, last)
        assert torch.allclose(short, heard[:, -last:], atol=1e-4)


def test_recordings_of_two_rooms_teach_two_responses_and_one_network(toy_dataset, tmp_path):
    pieces = [replace(p, room=("dry", "hall")[i % 2]) for i, p in enumerate(toy_dataset.train)]
    held = [replace(p, room="elsewhere") for p in toy_dataset.held_out]
    dataset = replace(toy_dataset, train=pieces, held_out=held)
    trainer = Trainer(dataset, tmp_path, PLAN)
    trainer.train()
    assert set(trainer.rooms) == {"dry", "hall"}
    learnt = [trainer.average_room.samples(room) for room in (0, 1)]
    assert all(np.abs(samples).max() > 0 for samples in learnt)
    assert not np.array_equal(*learnt)
    trainer.best = (1.0, trainer.best[1], trainer.average_room.state_dict())
    played = [finished(each, 48_000, 0.5 * dataset.summary["f0_low_hz"]) for each in learnt]
    for room, samples in zip(trainer.rooms, played, strict=True):
        assert np.array_equal(trainer.best_response(room), samples)
    assert np.array_equal(trainer.best_response(), played[0])
    rooms = {trainer.rooms[room] for crop in trainer.held_out for room in crop["room"]}
    assert rooms == {trainer.rooms[0]}  # what was never trained on is heard in the first
    with pytest.raises(UserError, match="other recordings"):
        Trainer(toy_dataset, tmp_path, PLAN)


def test_what_is_played_has_no_rumble_and_an_end_that_fades():
    rate = 48_000
    at = np.arange(rate) / rate
    decay = np.exp(-3.0 * at)
    rumble, tone = (decay * np.sin(2 * np.pi * hz * at) for hz in (15.0, 400.0))
    played = finished((rumble + tone).astype(np.float32), rate, 95.0)
    assert played.dtype == np.float32 and len(played) == rate
    middle = slice(rate // 10, round(0.89 * rate))
    for hz, least_db, most_db in ((15.0, -45.0, -28.0), (400.0, -0.5, 0.0)):
        wave = np.exp(2j * np.pi * hz * at[middle]) / decay[middle]
        gain = np.abs(np.dot(played[middle], wave)) / np.abs(np.dot((rumble + tone)[middle], wave))
        assert least_db < 20 * np.log10(gain) < most_db, hz
    ends = [np.abs(played[round(s * rate) : round((s + 0.01) * rate)]).max() for s in (0.94, 0.99)]
    assert played[-1] == 0.0 and ends[1] < 0.15 * ends[0]


def test_the_room_that_is_played_is_named_or_the_first():
    rooms = ("hall", "")
    assert room_named(rooms, None) == "hall" and room_named(rooms, "") == ""
    with pytest.raises(UserError, match="'hall', ''"):
        room_named(rooms, "attic")
    with pytest.raises(UserError, match="at most 8"):
        room_named(tuple(map(str, range(9))), "1")


def test_the_network_waits_for_the_response(toy_dataset, tmp_path):
    trainer = Trainer(toy_dataset, tmp_path, PLAN)
    trainer.RESPONSE_ALONE = 5
    weights, responses = [], []

    def look(_):
        weights.append(torch.cat([p.detach().flatten() for p in trainer.model.parameters()]))
        responses.append(trainer.room.free.detach().clone())

    trainer.train(look)
    alone = slice(PLAN.warm_steps, PLAN.warm_steps + 5)
    assert all(torch.equal(w, weights[PLAN.warm_steps - 1]) for w in weights[alone])
    assert not torch.equal(weights[-1], weights[PLAN.warm_steps - 1])
    assert not torch.equal(responses[PLAN.warm_steps], responses[PLAN.warm_steps + 1])


def test_an_interrupted_run_ends_with_the_same_response(toy_dataset, tmp_path):
    whole = Trainer(toy_dataset, tmp_path / "whole", PLAN)
    whole.train()

    def interrupt(progress):
        if progress.step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Trainer(toy_dataset, tmp_path / "cut", PLAN).train(interrupt)
    again = Trainer(toy_dataset, tmp_path / "cut", PLAN)
    assert again.step == 7
    again.train()
    assert np.array_equal(again.best_response(), whole.best_response())
    assert torch.equal(again.average_room.free, whole.average_room.free)
    assert float(whole.average_room.free.detach().abs().max()) > 0


def test_a_run_without_one_has_none(toy_dataset, tmp_path):
    assert Trainer(toy_dataset, tmp_path, replace(PLAN, response=False)).best_response() is None
