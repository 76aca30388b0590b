"""Many settings at once, on Ray Tune: it starts, spreads and records the runs, not we."""

from __future__ import annotations

import math
import tempfile
import tomllib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.training.data.dataset import Dataset
from ddsp_edge.training.fit.trainer import Trainer
from ddsp_edge.training.plan import Plan, Progress

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
) -> int:
    """Train every combination and print them by held-out loss; runs lie below ``run_folder``.

    Ray decides how many run side by side (a core each, or a GPU each with CUDA). No bundle is
    made: train the best again with its settings. Raises UserError: unknown settings, no Ray.
    """
    settings = read_settings(words)
    try:
        import ray
        from ray import tune
    except ImportError:
        raise UserError(
            "--sweep needs Ray Tune; install it with: pip install 'ddsp-edge[sweep]'"
        ) from None
    from ddsp_edge.training.fit.devices import choose

    kind = choose(device).type
    folder = run_folder.resolve() / "sweep"
    resources: dict[str, float] = {"cpu": 1, "gpu": 1 if kind == "cuda" else 0}
    # Ray leaves its logs and sockets of every session where it keeps them; nobody needs them after.
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as session:
        ray.init(
            include_dashboard=False,
            log_to_driver=False,
            ignore_reinit_error=True,
            _temp_dir=session,
        )
        try:
            trial = tune.with_parameters(
                _trial, dataset=dataset, plan=plan, minutes=minutes, kind=kind
            )
            tuner = tune.Tuner(
                tune.with_resources(trial, resources),
                param_space={key: tune.grid_search(values) for key, values in settings.items()},
                tune_config=tune.TuneConfig(metric="held_out", mode="min"),
                run_config=tune.RunConfig(name="sweep", storage_path=str(folder), verbose=0),
            )
            results = tuner.fit()
        finally:
            ray.shutdown()
    if len(results.errors) == len(results):
        raise UserError(f"every run of the sweep failed: {results.errors[0]}")
    ended = [results[i] for i in range(len(results))]
    rows = [(r.metrics, r.config or {}) for r in ended if r.metrics and "held_out" in r.metrics]
    for metrics, config in sorted(rows, key=lambda row: row[0]["held_out"]):
        options = " ".join(f"--{k.replace('_', '-')} {config[k]:g}" for k in settings)
        print(f"held out {metrics['held_out']:.4f} after {metrics['step']} steps: {options}")
    return 0


def _trial(
    config: dict[str, float], dataset: Dataset, plan: Plan, minutes: float | None, kind: str
) -> None:
    """Train once with one combination, in a process and a folder of Ray's."""
    import torch
    from ray import tune

    torch.set_num_threads(1)
    changed = replace(plan, **config)  # type: ignore[arg-type]
    trainer = Trainer(dataset, Path(tune.get_context().get_trial_dir()), changed, device=kind)

    def report(progress: Progress) -> None:
        if progress.held_out is not None:
            tune.report({"held_out": trainer.best[0], "step": progress.step})

    trainer.train(report, minutes or math.inf)
