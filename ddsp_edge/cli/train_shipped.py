"""Train the shipped instruments again, one after another or spread over a Ray cluster.

    python -m ddsp_edge.cli.train_shipped AUDIO
    python -m ddsp_edge.cli.train_shipped AUDIO --ray HOST:PORT clarinet oboe

`make models` calls it. AUDIO is the folder that holds the recordings of all recipes; those of an
instrument that a sound font plays lie in RUNS/recordings. Each folder is checked against its list
of files before anything is trained. The same command goes on with what was interrupted.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

from ddsp_edge.cli import main as ddsp_edge
from ddsp_edge.errors import UserError
from ddsp_edge.training.data import checklist
from ddsp_edge.training.recipes import RECIPES
from ddsp_edge.training.study import cluster

#: A sound font plays it (training/data/soundfont.py): its recordings are made, not fetched.
SYNTHESISED = ("trumpet",)
#: Tests compare the decoders on the unquantized networks of these.
GOLDEN = ("violin", "cello")


def words_of(name: str, audio: Path, runs: Path, models: Path, golden: Path) -> list[str]:
    """The words of the command line that trains one shipped instrument, with whole paths.

    Raises UserError: its recordings are missing, or are not those of its list.
    """
    folder = checklist.verify(name, runs / "recordings" if name in SYNTHESISED else audio)
    words = ["train", str(folder.resolve()), "--recipe", name]
    words += shlex.split(RECIPES[name].options)
    words += ["--work", str((runs / name).resolve()), "--force"]
    words += ["--out", str((models / f"{name}.zip").resolve())]
    if name in GOLDEN:
        words += ["--float32-out", str((golden / f"{name}-float32.tflite").resolve())]
    return words


def main(argv: list[str]) -> int:
    """Train the named instruments, or all; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m ddsp_edge.cli.train_shipped", description="Trains the shipped instruments."
    )
    parser.add_argument("audio", type=Path, help="the folder that holds those of all recipes")
    parser.add_argument("names", nargs="*", metavar="NAME", help="recipes (default: all)")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="run folders lie here")
    parser.add_argument("--models", type=Path, default=Path("ddsp_edge/models"))
    parser.add_argument("--golden", type=Path, default=Path("tests/golden"))
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="spread them over this Ray cluster (HOST:PORT, or auto), one a core or a GPU; all of "
        "its machines must see these folders under the same paths",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    args = parser.parse_args(argv)
    try:
        return _train(args)
    except UserError as error:
        print(f"ddsp-edge: error: {error}", file=sys.stderr)
        return 2


def _train(args: argparse.Namespace) -> int:
    names = args.names or list(RECIPES)
    # All are looked at now: a night of training must not end with a folder that is missing.
    jobs = {
        name: [
            *words_of(name, args.audio, args.runs, args.models, args.golden),
            *("--device", args.device),
        ]
        for name in names
    }
    if args.ray is None:
        for name, words in jobs.items():
            print(f"{name}: {shlex.join(['ddsp-edge', *words])}", flush=True)
            code = subprocess.run(
                [sys.executable, "-m", "ddsp_edge", *words], check=False
            ).returncode
            if code != 0:
                return code
        return 0
    # One core each: what a run is promised by the cluster is what it takes.
    one_core = {name: [*words, "--threads", "1"] for name, words in jobs.items()}
    logs = (args.runs / "logs").resolve()
    codes = cluster.spread(ddsp_edge, one_core, logs, args.ray, args.device)
    failed = [str(logs / f"{name}.log") for name, code in codes.items() if code != 0]
    if failed:
        raise UserError(
            f"{len(failed)} of {len(codes)} failed; the reason ends {', '.join(failed)}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
