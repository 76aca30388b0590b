"""The records of a training run: a log of losses, a plot of them, and rendered samples."""

from __future__ import annotations

import contextlib
import io
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from ddsp_edge.errors import UserError
from ddsp_edge.offline.plot import pyplot
from ddsp_edge.system.atomic_files import replacing, write_atomically
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.data.features import FIELDS, Piece
from ddsp_edge.training.fit.trainer import Trainer
from ddsp_edge.training.plan import Progress
from ddsp_edge.units import scale_f0, scale_loudness

EVERY_S = 300.0  #: seconds between samples
LOG_EVERY = 20  #: steps
EXCERPT_S = 6.0


class RunLog:
    """Writes the records of a run. Call it with each :class:`Progress`; training is not affected.

    ``log.jsonl`` (step, stage, loss, held_out, seconds, rate), ``loss.png``; ``samples/`` with a
    held-out phrase as the model plays it, and its spectrogram beside the recording's. Pictures
    need matplotlib and TensorBoard's events need tensorboard; without them there are none.
    """

    def __init__(self, trainer: Trainer, dataset: Dataset, every_s: float = EVERY_S) -> None:
        self.trainer, self.folder, self.every_s = trainer, trainer.run_folder, every_s
        self.path = self.folder / "log.jsonl"
        self.rows = [row for row in _read(self.path) if row["step"] <= trainer.step]
        # A killed run may have logged steps that the checkpoint does not have.
        text = "".join(json.dumps(row) + "\n" for row in self.rows)
        write_atomically(self.path, text.encode())
        self.excerpt = held_out_excerpt(dataset, trainer.profile.sample_rate)
        self.sampled = time.monotonic()
        self.board = _board(self.folder)

    def __call__(self, progress: Progress) -> None:
        due = progress.step % LOG_EVERY == 0 or progress.held_out is not None
        if due or progress.step == progress.steps:
            row = {
                "step": progress.step,
                "stage": progress.stage,
                "loss": round(progress.loss, 5),
                "held_out": progress.held_out,
                "seconds": round(progress.seconds, 2),
                "rate": progress.rate,
            }
            self.rows.append(row)
            try:
                with self.path.open("a") as stream:
                    stream.write(json.dumps(row) + "\n")
            except OSError as error:
                raise UserError(f"{self.path}: cannot be written ({error.strerror})") from None
            if self.board is not None:
                self.board.add_scalar(f"loss/{progress.stage}", progress.loss, progress.step)
                if progress.held_out is not None:
                    self.board.add_scalar("held_out", progress.held_out, progress.step)
        if time.monotonic() - self.sampled > self.every_s:
            self.sample()

    def sample(self) -> None:
        """Write the loss picture and a sample of the averaged model now."""
        trainer = self.trainer
        warm = trainer.step <= trainer.plan.warm_steps
        sound = synthesise(trainer, trainer.model if warm else trainer.average, self.excerpt)
        samples = self.folder / "samples"
        samples.mkdir(exist_ok=True)
        rate = trainer.profile.sample_rate
        _write_sound(samples / "recording.wav", self.excerpt.audio, rate)
        _write_sound(samples / f"step-{trainer.step:06d}.wav", sound, rate)
        plt = None
        with contextlib.suppress(UserError):  # there is no matplotlib
            plt = pyplot()
        if plt is not None:
            _compare(plt, self.excerpt.audio, sound, rate, samples / f"step-{trainer.step:06d}.png")
            _curves(plt, self.rows, self.folder / "loss.png")
        self.sampled = time.monotonic()


def held_out_excerpt(dataset: Dataset, rate: int) -> Piece:
    """The held-out stretch of about six seconds that sounds most, as a piece."""
    hop, size = dataset.profile.hop, round(EXCERPT_S * dataset.profile.frame_rate)
    best, most = None, -1.0
    for piece in dataset.held_out:
        for at in range(0, max(1, len(piece.weight) - size), dataset.profile.frame_rate):
            part = slice(at, at + size)
            score = float(np.sum(piece.weight[part] * (piece.loudness_db[part] > -50.0)))
            if score > most:
                best, most = (piece, part), score
    assert best is not None  # a dataset has held-out pieces
    piece, part = best
    rows = (getattr(piece, name)[part] for name in FIELDS[1:])
    audio = piece.audio[part.start * hop : part.stop * hop]
    return replace(Piece(audio, *rows), room=piece.room)


@torch.no_grad()
def synthesise(trainer: Trainer, model: Any, piece: Piece, room: bool = True) -> np.ndarray:
    """The model's sound of a piece, with its room if one is learnt, (samples,) float32."""
    before = trainer.noise.get_state()
    trainer.noise.manual_seed(0)
    batch = {
        "f0_scaled": scale_f0(piece.f0_hz),
        "pw_scaled": scale_loudness(piece.loudness_db),
        "synth_f0_hz": piece.synth_f0_hz,
    }
    tensors = {
        name: torch.from_numpy(np.asarray(row, np.float32))[None].to(trainer.device)
        for name, row in batch.items()
    }
    where = trainer.rooms.index(piece.room) if piece.room in trainer.rooms else 0
    tensors["room"] = torch.tensor([where], device=trainer.device)
    sound = trainer.sound(model, tensors, room)[0].cpu().numpy()
    trainer.noise.set_state(before)
    return np.asarray(sound)


def _read(path: Path) -> list[dict[str, Any]]:
    rows = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:  # the line that a power cut left half written
            break
    return rows


def _write_sound(path: Path, sound: np.ndarray, rate: int) -> None:
    peak = max(1.0, float(np.abs(sound).max()) / 0.98)
    whole = io.BytesIO()  # a full disk under libsndfile's own writes is a traceback of cffi's
    soundfile.write(whole, sound / peak, rate, format="WAV", subtype="PCM_16")
    with replacing(path) as stream:
        stream.write(whole.getbuffer())


def _board(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(folder / "tensorboard")


def _compare(plt: Any, target: np.ndarray, ours: np.ndarray, rate: int, path: Path) -> None:
    figure, axes = plt.subplots(2, 1, figsize=(12, 8), sharex=True, layout="constrained")
    for axis, sound, name in zip(axes, (target, ours), ("recording", path.stem), strict=True):
        axis.specgram(
            sound + 1e-8 * np.sin(np.arange(len(sound))),  # silence has no logarithm
            NFFT=2048,
            Fs=rate,
            noverlap=1536,
            scale="dB",
            vmin=-150,
            vmax=-40,
        )
        axis.set_ylim(0, min(12_000, rate / 2))
        axis.set_ylabel("Hz")
        axis.set_title(name, loc="left")
    axes[-1].set_xlabel("s")
    _save(plt, figure, path)


def _curves(plt: Any, rows: list[dict[str, Any]], path: Path) -> None:
    if not rows:
        return
    figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    for axis, stage in zip(axes, ("warm", "audio"), strict=True):
        part = [row for row in rows if row["stage"] == stage]
        axis.plot([r["step"] for r in part], [r["loss"] for r in part], lw=0.6, label="training")
        held = [r for r in part if r["held_out"] is not None]
        if held and stage == "audio":
            axis.plot([r["step"] for r in held], [r["held_out"] for r in held], label="held out")
        axis.set_title("warm start" if stage == "warm" else "sound", loc="left")
        axis.set_xlabel("step")
        axis.legend()
    _save(plt, figure, path)


def _save(plt: Any, figure: Any, path: Path) -> None:
    with replacing(path) as stream:
        figure.savefig(stream, format="png", dpi=90)
    plt.close(figure)
