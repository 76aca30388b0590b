"""Many settings at once, on Ray Tune: it starts, spreads and records the runs, not we."""

from __future__ import annotations

import math
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.fit.trainer import CHECKPOINT_S, Trainer
from ddsp_edge.training.plan import Plan, Progress
from ddsp_edge.training.study import cluster

#: What may be swept: numbers of the plan.
KEYS = {f.name: f.type for f in fields(Plan) if f.type in ("int", "float")}


def read_settings(words: list[str]) -> dict[str, list[float]]:
    """``rate=1e-3,2e-3`` or a TOML file of ``rate = [1e-3, 2e-3]`` -> the lists. UserError."""
    found: dict[str, list[float]] = {}
    for word in words:
        if "=" in word:
            key, _, text = word.partition("=")
            rows: dict[str, Any] = {key.strip(): text.split(",")}
        else:
            rows = _file(Path(word))
        for key, values in rows.items():
            found[key.replace("-", "_")] = _values(word, key.replace("-", "_"), values)
    return found


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"--sweep {path}: cannot be read ({error}); or give KEY=V,V") from None


def _values(word: str, key: str, values: Any) -> list[float]:
    if key not in KEYS:
        raise UserError(f"--sweep {word}: no setting {key}; there is {', '.join(KEYS)}")
    kind = float if KEYS[key] == "float" else int
    try:
        numbers = [kind(value) for value in values]
    except (TypeError, ValueError):
        raise UserError(f"--sweep {word}: {values} is not a list of numbers") from None
    if not numbers:
        raise UserError(f"--sweep {word}: names no value")
    return numbers


def sweep(
    dataset: Dataset,
    run_folder: Path,
    plan: Plan,
    words: list[str],
    device: str = "auto",
    minutes: float | None = None,
    address: str | None = None,
    checkpoint_s: float = CHECKPOINT_S,
) -> int:
    """Train every combination and print them by held-out loss; runs lie below ``run_folder``.

    Ray decides how many run side by side (a core each, or a GPU each with CUDA), on this machine or
    on the cluster at ``address``, whose machines must all see ``run_folder``. A run whose worker is
    lost goes on from its checkpoint on another, and so does the whole sweep when it is called
    again. No bundle is made: train the best again with its settings. Raises UserError: unknown
    settings, no Ray, no cluster there, every run failed.
    """
    settings = read_settings(words)
    try:
        import ray
        from ray import tune
    except ImportError:
        raise UserError(
            "--sweep needs Ray Tune; install it with: pip install 'ddsp-edge[sweep]'"
        ) from None
    folder = run_folder.resolve() / "sweep"
    with cluster.connected(address):
        kind = cluster.device_kind(device, address is not None, ray.cluster_resources())
        trial = tune.with_parameters(
            _trial,
            dataset=dataset,
            plan=plan,
            minutes=minutes,
            kind=kind,
            runs=str(folder / "runs"),
            checkpoint_s=checkpoint_s,
        )
        tuner = tune.Tuner(
            tune.with_resources(trial, {"cpu": 1, "gpu": 1 if kind == "cuda" else 0}),
            param_space={key: tune.grid_search(values) for key, values in settings.items()},
            tune_config=tune.TuneConfig(metric="held_out", mode="min"),
            run_config=tune.RunConfig(
                name="ray",
                storage_path=str(folder),
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=cluster.MOST_LOST),
            ),
        )
        results = tuner.fit()
    if len(results.errors) == len(results):
        raise UserError(f"every run of the sweep failed: {results.errors[0]}")
    ended = [results[i] for i in range(len(results))]
    rows = [(r.metrics, r.config or {}) for r in ended if r.metrics and "held_out" in r.metrics]
    for metrics, config in sorted(rows, key=lambda row: row[0]["held_out"]):
        options = " ".join(f"--{k.replace('_', '-')} {config[k]:g}" for k in settings)
        begun = f" (went on from step {metrics['begun']})" if metrics["begun"] else ""
        print(f"held out {metrics['held_out']:.4f} after {metrics['step']} steps: {options}{begun}")
    return 0


def _trial(
    config: dict[str, float],
    dataset: Dataset,
    plan: Plan,
    minutes: float | None,
    kind: str,
    runs: str,
    checkpoint_s: float,
) -> None:
    """Train once with one combination, in a process of Ray's; from the checkpoint in its folder on.

    The folder is named by the combination, so that any worker, and the next sweep, finds it.
    """
    import torch
    from ray import tune

    torch.set_num_threads(1)
    changed = replace(plan, **config)  # type: ignore[arg-type]
    folder = Path(runs) / ",".join(f"{key}={config[key]:g}" for key in sorted(config))
    trainer = Trainer(dataset, folder, changed, device=kind, checkpoint_s=checkpoint_s)
    begun = trainer.step

    def told() -> dict[str, float]:
        return {"held_out": trainer.best[0], "step": trainer.step, "begun": begun}

    def report(progress: Progress) -> None:
        if progress.held_out is not None:
            tune.report(told())

    trainer.train(report, minutes or math.inf)
    tune.report(told())  # also where it had ended before
