"""Rungs of the ladder: what brings an instrument nearer to the clips, and by how much.

A shipped instrument's small network is taken out of its file and trained on, at the loss that is
asked (multi-scale, at 16 kHz), with or without a room behind it, on clear frames or on all. Each
rung takes minutes. Then the judge's clips (:mod:`ladder`) are played by the engine, the room is
added to what it plays dry, and the means are printed. Nothing is shipped from here.

    python -m ddsp_edge.training.study.rungs RECORDINGS THESIS_FOLDER --room learnt --all-frames
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation import likeness
from ddsp_edge.evaluation.likeness import Likeness
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings
from ddsp_edge.system.audio_file import read_audio
from ddsp_edge.training.data.dataset import Dataset, prepare
from ddsp_edge.training.export.to_tflite import export
from ddsp_edge.training.fit import losses, synth
from ddsp_edge.training.fit.trainer import Trainer
from ddsp_edge.training.networks.from_bundle import network_of
from ddsp_edge.training.networks.model import SIZES, EdgeDecoder
from ddsp_edge.training.plan import Plan, Progress
from ddsp_edge.training.profiles import EDGE
from ddsp_edge.training.recipes import RECIPES
from ddsp_edge.training.study import ladder
from native.kernel import Output

RATE = ladder.CLIP_RATE
HOP = RATE // EDGE.frame_rate
FRAMES, CONTEXT, BATCH = 201, 200, 4  #: crops of one second after one that is heard in the room
PREROLL = 50  #: frames at the head of the context in which only the network settles
ROOMS = ("none", "kernel", "learnt")


class FreeRoom(nn.Module):
    """[b, samples] at RATE -> the same with an impulse response whose every sample is free."""

    def __init__(self, response: np.ndarray, learnt: bool) -> None:
        super().__init__()
        self.response = nn.Parameter(torch.from_numpy(response).float(), requires_grad=learnt)

    def forward(self, dry: Tensor) -> Tensor:
        return synth.reverberate(dry, self.response)


def room_of(kind: str, seconds: float) -> FreeRoom:
    """The room that a rung begins with: without one a response of one silent sample."""
    if kind == "learnt":
        return FreeRoom(np.zeros(round(seconds * RATE), np.float32), True)
    if kind == "none":
        return FreeRoom(np.zeros(1, np.float32), False)
    output, settings = Output(RATE), Settings()
    output.set_reverb(settings.reverb_size, settings.reverb_damping, settings.reverb_wet)
    output.reset()
    click = np.zeros(round(seconds * RATE), np.float32)
    click[0] = 1.0
    played = np.zeros((len(click), 2), np.float32)
    output.process(click, played)
    heard = played[:, 0]
    return FreeRoom(heard / heard[0] - click, False)


class RungTrainer(Trainer):
    """Hears the instrument at 16 kHz, behind the room that it is given."""

    CLIP = 1.0
    ROOM_SHARE = 0.5
    ROOM: FreeRoom  #: set by :func:`train_rung` before one is made

    def _make_room(self) -> nn.Module:
        return self.ROOM

    def _audio_loss(
        self, model: nn.Module, batch: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        size = batch["audio"].shape[1] // 6 * 6
        target = losses.below_8_khz(batch["audio"][:, :size])
        controls = (*self._controls(model, batch), batch["synth_f0_hz"])  # type: ignore[arg-type]
        amplitude, harmonics, noise, f0_hz = (c[:, PREROLL:] for c in controls)
        heard = self.ROOM(sound_below_8_khz(amplitude, harmonics, noise, f0_hz, self.noise))
        ours = heard[:, -target.shape[1] :].contiguous()
        return losses.multi_scale_spectral(ours, target), None


def sound_below_8_khz(
    amplitude: Tensor, harmonics: Tensor, noise: Tensor, f0_hz: Tensor, generator: torch.Generator
) -> Tensor:
    """The part of the edge profile's sound below 8 kHz, [b, (f - 1) * HOP] at 16 kHz."""
    amplitudes = synth.mask_and_normalise(amplitude, harmonics, f0_hz, EDGE.sample_rate / 2)
    k = torch.arange(1, amplitudes.shape[-1] + 1)
    amplitudes = amplitudes * (k * f0_hz[..., None] < RATE / 2)
    bands = noise.shape[-1]
    at = torch.linspace(0, (bands - 1) * RATE / EDGE.sample_rate, bands)
    low = at.long().clamp(max=bands - 2)
    part = at - low
    inner = noise[..., low] * (1 - part) + noise[..., low + 1] * part
    # The same power a hertz from white noise of a third of the bandwidth.
    inner = inner * (RATE / EDGE.sample_rate) ** 0.5
    pitched = synth.harmonic(amplitudes, f0_hz, RATE, HOP)
    return pitched + synth.noise(inner, RATE, HOP, generator)


def train_rung(
    dataset: Dataset,
    bundle: Bundle,
    work: Path,
    room: FreeRoom,
    room_steps: int,
    steps: int,
    all_frames: bool,
    rate: float = 5e-4,
) -> EdgeDecoder:
    """Learn the room alone, then network and room together; returns the network."""
    model = network_of(bundle)
    RungTrainer.ROOM = room
    for name, count, peak in (("room", room_steps, 1e-3), ("both", steps, rate)):
        if count == 0 or (name == "room" and not room.response.requires_grad):
            continue
        plan = replace(
            Plan.of(EDGE, warm_steps=0, steps=count, rate=peak, size="small"),
            batch=BATCH,
            frames=FRAMES,
            context=CONTEXT,
            all_frames=all_frames,
            brightness=0.0,
            average=0.98,
            patience=count,
        )
        trainer = RungTrainer(dataset, work / name, plan, fresh=True, device="cpu")
        assert isinstance(trainer.model, EdgeDecoder) and isinstance(trainer.average, EdgeDecoder)
        for each in (trainer.model, trainer.average):
            each.shape = model.shape
            each.load_state_dict(model.state_dict())
        trainer.model.requires_grad_(name == "both")

        def report(progress: Progress) -> None:
            if progress.held_out is not None:
                print(f"  step {progress.step}: held out {progress.held_out:.4f}", flush=True)

        trainer.train(report)
        if name == "both":
            model = trainer.average
    return model.eval()


def judge(
    references: list[tuple[int, Path]], bundle: Bundle, model: EdgeDecoder, room: FreeRoom
) -> list[Likeness]:
    """The clips played by the engine with this network, dry, and the room added."""
    info, sizes = bundle.info, SIZES["small"]
    file = export(
        model.frame_decoder(),
        sizes.state_size,
        sizes.n_harmonics,
        sizes.n_noise,
        quantization="none",
        pitch_range_hz=(info.min_pitch_hz, info.max_pitch_hz),
    )
    played = Bundle(replace(info, quantization="none"), file.model, "", b"")
    rows = []
    for _, path in references:
        sound = render(path, played, ladder.CD_RATE, Settings(reverb_wet=0.0)).sound[:, 0]
        dry = torch.from_numpy(ladder.as_the_clips_were_made(sound)).float()
        with torch.no_grad():
            heard = room(dry[None])[0].numpy()
        rows.append(likeness.like(read_audio(path, RATE), heard, RATE))
    return rows


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that the module's docstring shows; 2 with one line where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m ddsp_edge.training.study.rungs")
    parser.add_argument("recordings", type=Path, help="to train on; none of the clips' material")
    parser.add_argument("thesis", type=Path, help="folder of the repository vvolhejn/thesis")
    parser.add_argument("--bundle", default="violin", help="the instrument that is trained on")
    parser.add_argument("--room", choices=ROOMS, default="none")
    parser.add_argument("--room-seconds", type=float, default=1.0)
    parser.add_argument("--room-steps", type=int, default=200, help="in which it learns alone")
    parser.add_argument("--steps", type=int, default=400, help="of the network; 0: it stays")
    parser.add_argument("--all-frames", action="store_true", help="not only clear pitches")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("runs/rungs"))
    args = parser.parse_args(words)
    torch.set_num_threads(args.threads)
    try:
        references, bundle = ladder.clips(args.thesis), find_model(args.bundle)
        dataset = prepare(args.recordings, RECIPES["violin"], args.work / "cache")
        room = room_of(args.room, args.room_seconds)
        model = train_rung(
            dataset, bundle, args.work, room, args.room_steps, args.steps, args.all_frames
        )
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(likeness.mean(judge(references, bundle, model, room)).as_dict()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
