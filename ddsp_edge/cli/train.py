"""``ddsp-edge train FOLDER``: recordings to a bundle that plays."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.cli.train_options import (
    add_options,
    command_of,
    network_of,
    recipe_of,
    steps_of,
)
from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import find_model
from ddsp_edge.system.atomic_files import check_new, check_target, numbered
from ddsp_edge.system.stderr import quiet_stderr
from ddsp_edge.training.plan import (
    LEVEL_ON,
    RATE_ON,
    STEPS,
    STEPS_ON,
    STEPS_TAUGHT,
    TIMBRE_ON,
)
from ddsp_edge.training.run_options import only_one, write_options

if TYPE_CHECKING:
    import numpy as np

    from ddsp_edge.bundles.metadata import Room
    from ddsp_edge.training.data.dataset import Dataset
    from ddsp_edge.training.export.card import Measured, Training
    from ddsp_edge.training.fit.teacher import Teacher
    from ddsp_edge.training.fit.trainer import Model, Trainer
    from ddsp_edge.training.networks.model import EdgeDecoder
    from ddsp_edge.training.plan import Plan, Progress
    from ddsp_edge.training.recipes import Recipe

PACKAGES = ("torch", "litert_torch", "ai_edge_quantizer", "scipy", "tqdm")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "train",
        help="train an instrument from a folder of recordings",
        description="Makes an instrument (a bundle) from the recordings in FOLDER. The same "
        "command continues a run that was interrupted.",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, export and write the bundle; 0 also where it was stopped in time. Raises UserError."""
    with contextlib.ExitStack() as held:
        return _run(args, held)


def _run(args: argparse.Namespace, held: contextlib.ExitStack) -> int:
    """As :func:`run`; ``held`` gives back the run folder at the end."""
    recipe = recipe_of(args)
    run_folder = args.work or Path("runs") / recipe.name.lower()
    named = args.out or Path(f"{recipe.name.lower()}.zip")
    size, taught = network_of(args)
    usual = STEPS_TAUGHT if taught else STEPS
    if args.start:
        usual = (0, STEPS_ON)
    warm_steps, steps = steps_of(args.warm_steps, args.steps, usual)
    if warm_steps + steps == 0:
        raise UserError("--warm-steps 0 --steps 0: nothing to train")
    if args.ray is not None and not args.sweep:
        raise UserError("--ray: only --sweep runs on a cluster; give both or neither")
    # All of them now: an hour of training must not end with a missing package.
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"training needs {', '.join(missing)}; install with: pip install 'ddsp-edge[train]'"
        )
    from ddsp_edge.training.data.sources import find

    # Before PyTorch, whose import takes seconds, is asked for anything.
    find(args.folder, recipe.skip, (run_folder,))
    from ddsp_edge.training import profiles
    from ddsp_edge.training.data.dataset import prepare
    from ddsp_edge.training.data.recordings_report import LEAST_MINUTES, report
    from ddsp_edge.training.export.card import Training, read_baseline
    from ddsp_edge.training.fit.devices import choose, keep_memory, use_threads
    from ddsp_edge.training.fit.response import room_named
    from ddsp_edge.training.fit.teacher import Teacher
    from ddsp_edge.training.networks.from_bundle import network_of as trained_network
    from ddsp_edge.training.plan import Plan

    keep_memory()
    if args.threads:
        use_threads(args.threads)
    if args.ray is None:  # else the cluster's machines count, not this one
        choose(args.device)
    profile = profiles.VST if args.profile == "vst" else profiles.EDGE
    teacher = None
    if args.teacher not in (None, "none"):
        teacher = Teacher.of(find_model(args.teacher), profile)
    started_from: tuple[str, EdgeDecoder | None] = ("", None)
    if args.start:
        before = find_model(args.start)
        digest = hashlib.sha256(before.model).hexdigest()[:8]
        started_from = f"{before.info.name} ({digest})", trained_network(before, size)
    baseline = read_baseline(args.baseline) if args.baseline else None
    # Now, not after an hour of training: what is there already is lost only by --force.
    _check_results(args, named)
    held.enter_context(only_one(run_folder))
    try:
        dataset = prepare(args.folder, recipe, run_folder / "cache", profile=profile)
    except KeyboardInterrupt:
        raise _Stopped(
            "stopped while the recordings were prepared; what is analysed is kept in "
            f"{run_folder / 'cache'}. Run the same command to go on"
        ) from None
    least = LEAST_MINUTES if args.least_minutes is None else args.least_minutes
    write_options(run_folder, vars(args))
    report(dataset, run_folder, least_minutes=0.0 if args.report_only else least)
    if args.report_only:
        return 0
    room = room_named(dataset.rooms, args.response_of) if args.response else ""
    if len(dataset.rooms) > 1 and args.response:
        print(f"a response each of {', '.join(map(_quoted, dataset.rooms))}; {_quoted(room)} ships")
    plan = Plan.of(
        profile,
        warm_steps=warm_steps,
        steps=steps,
        seed=args.seed,
        room=args.room,
        response=args.response,
        start=started_from[0],
        size=size,
        all_frames=args.all_frames,
        **({"rate": RATE_ON, "level": LEVEL_ON, "timbre": TIMBRE_ON} if args.start else {}),
    )
    if args.sweep:
        from ddsp_edge.training.study.hyperparameters import sweep

        return sweep(
            dataset,
            run_folder,
            plan,
            args.sweep,
            args.device,
            args.minutes,
            args.ray,
            args.checkpoint_every,
        )
    command, clock = command_of(args), _Clock(args.minutes)
    if taught and teacher is None:
        bundle = run_folder / "teacher.zip"
        warm_steps, steps = steps_of(args.teacher_warm_steps, args.teacher_steps, STEPS)
        dry = replace(plan, room=False, response=False)
        large = replace(dry, warm_steps=warm_steps, steps=steps, size="large")
        print(f"first its teacher, a large network: {warm_steps + steps} steps")
        fit = _fit(args, dataset, large, run_folder / "teacher", None, clock)
        if fit is None:
            return 0
        if args.fresh or not bundle.exists():
            taught_with = Training(dataset, recipe, large, command)
            _export(*fit, taught_with, bundle, "int8", None, True)  # nobody plays it
        teacher = Teacher.of(read_bundle(bundle), profile)
        print(f"now the {size} network, taught by it: {plan.warm_steps + plan.steps} steps")
    plan = replace(plan, teacher=teacher.text if teacher else "")
    fit = _fit(args, dataset, plan, run_folder, teacher, clock, started_from[1])
    if fit is None:
        return 0
    trainer, model = fit
    training = Training(
        dataset,
        recipe,
        plan,
        command,
        trainer.seconds,
        baseline,
        _room(trainer),
        _response(trainer, model, dataset, room),
        room,
    )
    # Another training may have written one of that name meanwhile.
    out = named if args.out or args.force else numbered(named)
    measured = _export(
        trainer,
        model,
        training,
        out,
        args.quantize,
        args.float32_out,
        args.allow_failed_sweep,
    )
    if profile is profiles.EDGE:
        _learn_expression(out, args.folder, recipe)
    print(
        f"{out}: {measured.size_bytes} bytes of model, held-out loss "
        f"{measured.loss_float32:.3f} (float32), {measured.loss_quantized:.3f} ({args.quantize})"
    )
    return 0


def _quoted(room: str) -> str:
    """A room's name as it is said; that of the recordings' own folder is empty."""
    return repr(room) if room else "the folder itself"


def _learn_expression(out: Path, folder: Path, recipe: Recipe) -> None:
    """Put how it is played into the bundle; recordings that do not teach it are no failure."""
    from ddsp_edge.training.expression.add import add_expression

    print("learning how it is played (docs/expression.md)")
    try:
        add_expression(out, folder, recipe)
    except UserError as error:
        print(f"it is played as its family: {error}")


class _Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM, with the line that says how to go on."""


class _Clock:
    """Minutes that are left of ``--minutes``, over all that is trained."""

    def __init__(self, minutes: float | None) -> None:
        self._end = float("inf") if minutes is None else time.monotonic() + 60 * minutes

    @property
    def minutes(self) -> float:
        """Return the minutes that are left, 0 or more; infinite without a limit."""
        return max(0.0, (self._end - time.monotonic()) / 60)


def _fit(
    args: argparse.Namespace,
    dataset: Dataset,
    plan: Plan,
    run_folder: Path,
    teacher: Teacher | None,
    clock: _Clock,
    start: EdgeDecoder | None = None,
) -> tuple[Trainer, Model] | None:
    """Train to the end, from the run folder's checkpoint on; None where the time was up.

    Raises UserError, and KeyboardInterrupt with the line that says how to go on.
    """
    from ddsp_edge.training.fit.run_log import RunLog
    from ddsp_edge.training.fit.trainer import Trainer

    trainer = Trainer(
        dataset, run_folder, plan, args.fresh, args.device, args.checkpoint_every, teacher, start
    )
    if 0 < trainer.step < trainer.total:
        print(f"going on from step {trainer.step}")
    log = RunLog(trainer, dataset, args.sample_every)
    show = _progress(trainer.step, trainer.total)
    try:
        model = (
            trainer.best_model()
            if trainer.finished
            else trainer.train(_both(show, log), clock.minutes)
        )
    except KeyboardInterrupt:
        raise _Stopped(
            f"stopped at step {trainer.step} of {trainer.total}, which is kept in "
            f"{trainer.checkpoint}; run the same command to go on"
        ) from None
    if not trainer.finished:
        print(f"stopped at step {trainer.step} of {trainer.total}; run the same command to go on")
        return None
    if trainer.step < trainer.total:
        print(f"no better held-out loss for {plan.patience} steps: done at step {trainer.step}")
    log.sample()
    return trainer, model


def _export(
    trainer: Trainer,
    model: Model,
    training: Training,
    out: Path,
    quantize: str,
    float32_out: Path | None,
    allow_failed_sweep: bool,
) -> Measured:
    """Write the bundle; what torch and the converters print goes into the run folder's log."""
    from ddsp_edge.training.export.build import build_bundle

    with quiet_stderr(trainer.run_folder / "export.log"):
        return build_bundle(
            model,
            training,
            out,
            quantize,
            float32_out,
            allow_failed_sweep=allow_failed_sweep,
        )


def _check_results(args: argparse.Namespace, named: Path) -> None:
    """Refuse a place for the bundle that cannot be written, and files of earlier runs.

    Raises UserError.
    """
    check_target(named)
    if args.force or args.sweep:  # a sweep makes no bundle
        return
    if args.out is not None:
        check_new(args.out, "--out")
    if args.float32_out is not None:
        check_new(args.float32_out, "--float32-out")


def _room(trainer: Trainer) -> Room | None:
    """Return the learnt room, if any, after a line about it was printed."""
    from ddsp_edge.training.fit.room import LearntRoom

    if not isinstance(trainer.room, LearntRoom):
        return None
    room = trainer.room.as_room()
    if room is None:
        print("room: none that can be heard")
    else:
        print(f"room: {room.t60_s:.2f} s at 1 kHz, {room.level_db:.0f} dB beside the dry sound")
    return room


def _response(trainer: Trainer, model: Model, dataset: Dataset, room: str) -> np.ndarray | None:
    """Return the room's response; None where none was asked for, or none can be heard."""
    from ddsp_edge.training.fit import tone_balance
    from ddsp_edge.training.fit.response import INAUDIBLE

    found = trainer.best_response(room)
    if found is None:
        return None
    if abs(found).max() < INAUDIBLE:
        print("response: none that can be heard")
        return None
    found, gains = tone_balance.balanced(found, trainer, model, dataset, room)
    print(
        f"response: corrected by {gains.min():+.1f} to {gains.max():+.1f} dB above "
        f"{tone_balance.LOWEST_HZ / 1000:g} kHz, to be as bright as the recordings"
    )
    return found


def _both(*reports: Callable[[Progress], None]) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        for one in reports:
            one(progress)

    return report


def _progress(first: int, total: int):  # type: ignore[no-untyped-def]
    """A progress bar on a terminal, a line every hundred steps elsewhere."""
    from tqdm import tqdm

    bar = tqdm(total=total, initial=first, unit="step", disable=not sys.stderr.isatty())
    held = ""

    def report(progress: Progress) -> None:
        nonlocal held
        if progress.held_out is not None:
            held = f", held out {progress.held_out:.4f}"
        bar.update()
        bar.set_postfix_str(f"{progress.stage} loss {progress.loss:.4f}{held}")
        if bar.disable and (progress.step % 100 == 0 or progress.step == total):
            print(
                f"step {progress.step} of {total} ({progress.stage}): "
                f"loss {progress.loss:.4f}{held}",
                flush=True,
            )
        if progress.step == total:
            bar.close()

    return report
