"""Instruments spread over a Ray cluster: one is lost with its machine, and is made all the same."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import extras_needed
import pytest

from ddsp_edge import cli
from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.training.study.cluster import device_kind, spread

extras_needed.skip_without_trainer()

SEEDS = ("1", "2")


def words(folder: Path, work: Path, seed: str) -> list[str]:
    given = ["train", str(folder), "--name", "Toy", "--single-notes", "--lowest", "100"]
    given += ["--highest", "900", "--least-minutes", "0", "--teacher", "none", "--seed", seed]
    given += ["--warm-steps", "60", "--steps", "2", "--threads", "1", "--checkpoint-every", "0"]
    given += ["--allow-failed-sweep", "--device", "cpu"]
    return [*given, "--work", str(work), "--out", str(work.with_suffix(".zip")), "--force"]


def test_an_instrument_whose_machine_is_lost_goes_on_from_its_checkpoint(
    toy_folder: Path, tmp_path: Path, cluster: Any
) -> None:
    """One of two nodes is killed while both train; the lost one's model is that of a whole run."""
    jobs = {seed: words(toy_folder, tmp_path / seed, seed) for seed in SEEDS}
    said: list[str] = []

    def kill_one() -> None:
        wanted = [tmp_path / seed / "checkpoint.pt" for seed in SEEDS]
        while not all(path.exists() for path in wanted):
            time.sleep(0.02)
        (other,) = cluster.worker_nodes
        cluster.remove_node(other, allow_graceful=False)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    codes = spread(cli.main, jobs, tmp_path / "logs", cluster.address, "auto", said.append)
    killer.join()
    logs = {seed: (tmp_path / "logs" / f"{seed}.log").read_text() for seed in SEEDS}
    assert codes == dict.fromkeys(SEEDS, 0), logs
    assert sorted(said) == ["1: done", "2: done"]
    (lost,) = [seed for seed in SEEDS if "going on from step" in logs[seed]]
    plain = tmp_path / "plain"
    assert cli.main(words(toy_folder, plain, lost)) == 0
    made = [read_bundle(tmp_path / f"{name}.zip").model for name in (lost, "plain")]
    assert made[0] == made[1]


def test_what_fails_is_told_and_the_others_go_on(tmp_path: Path, cluster: Any) -> None:
    def refuse(given: list[str]) -> int:  # here, so that it travels with its code
        print(*given)
        print("no such thing", file=sys.stderr)
        return 2 if "bad" in given else 0

    jobs = {"one": ["good"], "two": ["bad"], "three": ["good"]}
    said: list[str] = []
    codes = spread(refuse, jobs, tmp_path, cluster.address, "cpu", said.append)
    assert codes == {"one": 0, "two": 2, "three": 0}
    assert sorted(said) == ["one: done", "three: done", "two: failed (2)"]
    assert sorted((tmp_path / "two.log").read_text().split("\n")[:2]) == ["bad", "no such thing"]


def test_gpus_are_asked_for_where_the_cluster_has_them():
    assert device_kind("auto", True, {"CPU": 4.0, "GPU": 2.0}) == "cuda"
    assert device_kind("cpu", True, {"CPU": 4.0, "GPU": 2.0}) == "cpu"
    assert device_kind("auto", True, {"CPU": 4.0}) == "cpu"
    with pytest.raises(UserError, match="no GPU"):
        device_kind("cuda", True, {"CPU": 4.0})
