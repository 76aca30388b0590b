"""A rung: the network out of its file, its sound below 8 kHz, and a room that is learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.errors import UserError  # noqa: E402
from ddsp_edge.library.catalog import find_model  # noqa: E402
from ddsp_edge.training.fit import losses, synth  # noqa: E402
from ddsp_edge.training.fit.teacher import Teacher  # noqa: E402
from ddsp_edge.training.profiles import EDGE  # noqa: E402
from ddsp_edge.training.study import rungs  # noqa: E402
from ddsp_edge.units import scale_f0, scale_loudness  # noqa: E402


def test_the_network_answers_as_the_file_it_is_from() -> None:
    bundle = find_model("violin")
    f0 = np.geomspace(200.0, 1100.0, 40)
    pitch = scale_f0(f0).astype(np.float32)
    loudness = scale_loudness(np.linspace(-35.0, -12.0, 40)).astype(np.float32)
    with torch.no_grad():
        amplitude, harmonics, noise = rungs.network_of(bundle).sequence(
            torch.from_numpy(pitch)[None], torch.from_numpy(loudness)[None]
        )
    wanted = Teacher.of(bundle, EDGE).controls(pitch, loudness)
    for ours, theirs in zip((amplitude, harmonics, noise), wanted, strict=True):
        assert np.allclose(ours[0].numpy(), theirs, rtol=5e-3, atol=1e-6)


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    bundle = find_model("violin")
    with pytest.raises(UserError, match="no small network of ours"):
        rungs.network_of(type(bundle)(bundle.info, b"foreign", "", b""))
    with pytest.raises(UserError, match="no tiny network of ours"):
        rungs.network_of(bundle, "tiny")


def test_the_sound_below_8_khz_is_that_of_the_whole_sound() -> None:
    frames = 101
    f0 = torch.linspace(300.0, 303.0, frames)[None]  # none crosses 8 kHz
    amplitude = torch.full((1, frames), 0.2)
    harmonics = torch.softmax(-0.3 * torch.arange(100.0), 0).expand(1, frames, 100)
    silent, hiss = torch.zeros(1, frames, 65), torch.full((1, frames, 65), 0.05)
    generator = torch.Generator().manual_seed(1)
    whole = synth.sound(amplitude, harmonics, silent, f0, 48_000, 240, generator)
    low = rungs.sound_below_8_khz(amplitude, harmonics, silent, f0, generator)
    inner = slice(800, -800)  # what is made periodic for the conversion rings at its ends
    # The first sample is a step after the first frame in both: two samples of 48 kHz later here.
    converted = losses.below_8_khz(torch.roll(whole, -2, dims=1))
    assert (low - converted)[0, inner].abs().max() < 0.02 * low.abs().max()
    loud = [
        part[0, inner].std()
        for part in (
            losses.below_8_khz(synth.noise(hiss, 48_000, 240, generator)),
            rungs.sound_below_8_khz(0 * amplitude, harmonics, hiss, f0, generator),
        )
    ]
    assert float(loud[1] / loud[0]) == pytest.approx(1.0, abs=0.05)


def test_a_room_alone_is_learnt_while_the_network_stays(toy_dataset, tmp_path: Path) -> None:
    bundle, room = find_model("violin"), rungs.room_of("learnt", 0.2)
    before = rungs.network_of(bundle).state_dict()
    model = rungs.train_rung(toy_dataset, bundle, tmp_path, room, 2, 0, True)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert room.response.abs().max() > 0
    model = rungs.train_rung(toy_dataset, bundle, tmp_path, rungs.room_of("none", 1.0), 2, 2, True)
    assert not torch.equal(before["head.bias"], model.state_dict()["head.bias"])


def test_the_kernels_own_room_begins_after_the_direct_sound() -> None:
    response = rungs.room_of("kernel", 0.5).response
    assert not response.requires_grad
    assert float(response[0]) == pytest.approx(0.0, abs=1e-6)
    assert float(response.abs().max()) > 1e-3


def test_a_folder_without_clips_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rungs.main([str(tmp_path), str(tmp_path)]) == 2
    assert "vvolhejn/thesis" in capsys.readouterr().err
