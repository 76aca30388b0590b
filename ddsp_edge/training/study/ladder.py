"""Our instruments beside another DDSP's published renderings of the same clips.

The judge of docs/training.md, "The ladder": V. Volhejn's clips (MSc thesis, ETH Zurich 2022,
repository ``vvolhejn/thesis``) lie in ``docs/audio/violin`` as ``sample_N_gt.wav`` and one WAV a
model. Each of ours plays every clip as an effect; everything is measured at 16 kHz, level and delay
matched (:mod:`ddsp_edge.evaluation.likeness`).

    python -m ddsp_edge.training.study.ladder THESIS_FOLDER [BUNDLE ...] --out ladder.json

``--recording FILE`` measures the bundles on a whole recording too, at 48 kHz, and
``--set reverb_wet=0.2`` plays them with settings.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from ddsp_edge.errors import UserError
from ddsp_edge.evaluation import likeness
from ddsp_edge.evaluation.likeness import Likeness
from ddsp_edge.library.catalog import find_model
from ddsp_edge.offline.rendering import render
from ddsp_edge.settings import Settings, parse_settings
from ddsp_edge.system.atomic_files import check_new, write_atomically
from ddsp_edge.system.audio_file import read_audio

CLIP_RATE = 16_000  #: of the clips, and of their figures
CD_RATE = 44_100  #: of the recordings that the clips are cut from
STAGE_RATE = 48_000
PIECE_S = 10.0  #: a whole recording is measured in stretches of this length
CLIPS = Path("docs/audio/violin")
#: What the models of the thesis are called there, and how many parameters they have.
PEERS = {
    "0725-ddspae-2": "DDSP-full, 6 M parameters",
    "0725-ddspae-cnn-1-rt": "DDSP-CNN, 300 k",
    "0809-ddspae-cnn-5-rt": "DDSP-CNN-Tiny, < 2,500",
}
COLUMNS = ("loss", "f0_cents", "loudness", "hnr_db", "hnr_reference_db")
MORE = ("low_mid_db", "mid_db", "high_db", "top_db", "centroid")


def clips(folder: Path) -> list[tuple[int, Path]]:
    """The references below the thesis's folder, by number. Raises UserError: there are none."""
    found = []
    for path in (folder / CLIPS).glob("sample_*_gt.wav"):
        number = re.fullmatch(r"sample_(\d+)_gt", path.stem)
        if number:
            found.append((int(number[1]), path))
    if not found:
        raise UserError(
            f"{folder}: no {CLIPS / 'sample_N_gt.wav'} in it; give the folder of the repository "
            "vvolhejn/thesis"
        )
    return sorted(found)


def judge_peer(references: list[tuple[int, Path]], name: str) -> list[Likeness]:
    """The figures of the published renderings of one model, one for each clip."""
    rows = []
    for number, path in references:
        sound = read_audio(path.with_name(f"sample_{number}_{name}.wav"), CLIP_RATE)
        rows.append(likeness.like(read_audio(path, CLIP_RATE), sound, CLIP_RATE))
    return rows


def judge_bundle(
    references: list[tuple[int, Path]], model: str, settings: Settings
) -> list[Likeness]:
    """The figures of one of our models, which plays each clip as an effect."""
    bundle = find_model(model)
    rows = []
    for _, path in references:
        ours = as_the_clips_were_made(render(path, bundle, CD_RATE, settings).sound[:, 0])
        rows.append(likeness.like(read_audio(path, CLIP_RATE), ours, CLIP_RATE))
    return rows


def as_the_clips_were_made(sound: np.ndarray) -> np.ndarray:
    """Mono at 44.1 kHz -> 16 kHz, by linear interpolation without a low-pass.

    The references were made so from the recordings (their spectral loss against a movement
    converted so is 0.03 to 0.04, with a good resampler 1.9 to 2.3): what lies above 8 kHz is
    folded below it. Whoever filters it away lacks the top of the references.
    """
    count = int(len(sound) * CLIP_RATE / CD_RATE)
    return np.interp(np.arange(count) * (CD_RATE / CLIP_RATE), np.arange(len(sound)), sound)


def judge_recording(path: Path, model: str, settings: Settings) -> list[Likeness]:
    """The figures of one model beside a whole recording, at 48 kHz, one for each ten seconds."""
    bundle, whole = find_model(model), read_audio(path, STAGE_RATE)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, part in enumerate(_pieces(whole)):
            heard = Path(folder) / f"{number}.wav"
            soundfile.write(heard, part, STAGE_RATE, subtype="FLOAT")
            sound = render(heard, bundle, STAGE_RATE, settings).sound[:, 0]
            rows.append(likeness.like(part, sound, STAGE_RATE))
    return rows


def _pieces(whole: np.ndarray) -> Iterator[np.ndarray]:
    size = round(PIECE_S * STAGE_RATE)
    for start in range(0, len(whole) - size // 2, size):
        part = whole[start : start + size]
        if np.sqrt(np.mean(part**2)) > 1e-3:
            yield part


def table(results: dict[str, list[Likeness]]) -> str:
    """The means as a Markdown table."""
    names = COLUMNS + MORE
    lines = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for title, rows in results.items():
        mean = likeness.mean(rows)
        cells = [f"{getattr(mean, name):.3f}" for name in names]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Run the command that the module's docstring shows; 2 with one line where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m ddsp_edge.training.study.ladder")
    parser.add_argument("folder", type=Path, help="of the repository vvolhejn/thesis")
    parser.add_argument("bundles", nargs="*", default=["violin"], help="names or files of ours")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings")
    parser.add_argument("--recording", type=Path, help="measure on this recording as well")
    parser.add_argument("--no-peers", action="store_true", help="only ours")
    parser.add_argument("--out", type=Path, help="all figures of every clip, as JSON")
    parser.add_argument("--force", action="store_true", help="replace the file of --out")
    args = parser.parse_args(words)
    try:
        _run(args)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _run(args: argparse.Namespace) -> None:
    if args.out and not args.force:
        check_new(args.out, "--out")
    settings, references = parse_settings(args.set), clips(args.folder)
    results: dict[str, list[Likeness]] = {}
    for name, title in {} if args.no_peers else PEERS.items():
        results[title] = judge_peer(references, name)
    for model in args.bundles:
        results[model] = judge_bundle(references, model, settings)
        if args.recording:
            title = f"{model}, {args.recording.name}"
            results[title] = judge_recording(args.recording, model, settings)
    print(table(results))
    if args.out:
        found = {title: [row.as_dict() for row in rows] for title, rows in results.items()}
        write_atomically(args.out, json.dumps(found, indent=1).encode())


if __name__ == "__main__":
    sys.exit(main())
