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
THEN = ";"


def commands_of(name: str, audio: Path, runs: Path, models: Path, golden: Path) -> list[list[str]]:
    """The words of the command lines that train one shipped instrument, with whole paths.

    One, or where it is trained on from another instrument two: that one, in the run folder, first.
    Raises UserError: its recordings are missing, or are not those of its list.
    """
    folder = checklist.verify(name, runs / "recordings" if name in SYNTHESISED else audio)
    recipe, begin = RECIPES[name], ["train", str(folder.resolve()), "--recipe", name]
    before = (runs / f"{name}-start.zip").resolve()
    first = [*begin, *shlex.split(recipe.start_options)]
    first += ["--work", str((runs / f"{name}-start").resolve()), "--force", "--out", str(before)]
    words = [*begin, *shlex.split(recipe.options)]
    words += ["--start", str(before)] if recipe.start_options else []
    words += ["--work", str((runs / name).resolve()), "--force"]
    words += ["--out", str((models / f"{name}.zip").resolve())]
    if name in GOLDEN:
        words += ["--float32-out", str((golden / f"{name}-float32.tflite").resolve())]
    return [first, words] if recipe.start_options else [words]


def in_turn(words: list[str]) -> int:
    """Run commands of ``ddsp-edge``, between them the word THEN; the first code that is not 0."""
    while words:
        end = words.index(THEN) if THEN in words else len(words)
        code = ddsp_edge(words[:end])
        if code != 0:
            return code
        words = words[end + 1 :]
    return 0


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
            [*words, "--device", args.device]
            for words in commands_of(name, args.audio, args.runs, args.models, args.golden)
        ]
        for name in names
    }
    if args.ray is None:
        for name, commands in jobs.items():
            for words in commands:
                print(f"{name}: {shlex.join(['ddsp-edge', *words])}", flush=True)
                code = subprocess.run(
                    [sys.executable, "-m", "ddsp_edge", *words], check=False
                ).returncode
                if code != 0:
                    return code
        return 0
    # One core each: what a run is promised by the cluster is what it takes.
    one_core = {
        name: [word for words in commands for word in (*words, "--threads", "1", THEN)][:-1]
        for name, commands in jobs.items()
    }
    logs = (args.runs / "logs").resolve()
    codes = cluster.spread(in_turn, one_core, logs, args.ray, args.device)
    failed = [str(logs / f"{name}.log") for name, code in codes.items() if code != 0]
    if failed:
        raise UserError(
            f"{len(failed)} of {len(codes)} failed; the reason ends {', '.join(failed)}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
