import threading
import time
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.errors import UserError  # noqa: E402
from ddsp_edge.training.fit.trainer import Trainer  # noqa: E402
from ddsp_edge.training.plan import Plan  # noqa: E402
from ddsp_edge.training.study import hyperparameters  # noqa: E402

PLAN = Plan(warm_steps=2, steps=2, warm_batch=2, warm_frames=120, batch=2, frames=41, context=20)


def test_settings_from_words_and_from_a_file(tmp_path):
    path = tmp_path / "sweep.toml"
    path.write_text("rate = [1e-3, 2e-3]\nwarm-steps = [100]\n")
    assert hyperparameters.read_settings([str(path), "seed=1,2"]) == {
        "rate": [1e-3, 2e-3],
        "warm_steps": [100],
        "seed": [1, 2],
    }


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("depth=3", "no setting depth"),
        ("rate=fast", "not a list of numbers"),
        ("seed=1.5", "not a list of numbers"),
        ("nowhere.toml", "cannot be read"),
    ],
)
def test_bad_settings_are_refused(word, message):
    with pytest.raises(UserError, match=message):
        hyperparameters.read_settings([word])


def test_without_ray_it_says_what_to_install(toy_dataset, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(UserError, match="sweep"):
        hyperparameters.sweep(toy_dataset, tmp_path, PLAN, ["rate=1e-3"])


def test_ray_trains_every_setting_and_names_the_best_first(toy_dataset, tmp_path, capsys):
    pytest.importorskip("ray")
    assert hyperparameters.sweep(toy_dataset, tmp_path, PLAN, ["warm_rate=8e-3,1e-7"], "cpu") == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "held out" in line]
    assert len(lines) == 2
    losses = [float(line.split()[2]) for line in lines]
    assert losses == sorted(losses)
    assert "--warm-rate 0.008" in lines[0]


def test_a_run_whose_machine_is_lost_goes_on_from_its_checkpoint(
    toy_dataset, tmp_path, capsys, cluster
):
    """One of two nodes is killed while both train; the lost run ends as if nothing had happened."""
    plan = replace(PLAN, warm_steps=150)
    runs = tmp_path / "sweep/runs"
    names = ("warm_rate=0.008", "warm_rate=0.004")

    def kill_one() -> None:
        wanted = [runs / name / "checkpoint.pt" for name in names]
        while not all(path.exists() for path in wanted):
            time.sleep(0.02)
        (other,) = [node for node in cluster.worker_nodes]
        cluster.remove_node(other, allow_graceful=False)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    words = ["warm_rate=0.008,0.004"]
    assert (
        hyperparameters.sweep(
            toy_dataset, tmp_path, plan, words, "auto", None, cluster.address, 0.0
        )
        == 0
    )
    killer.join()
    lines = [line for line in capsys.readouterr().out.splitlines() if "held out" in line]
    assert len(lines) == 2 and sum("went on from step" in line for line in lines) == 1
    (lost,) = [line for line in lines if "went on" in line]
    rate = float(lost.split("--warm-rate ")[1].split()[0])
    assert 0 < int(lost.split("step ")[1].rstrip(")")) < 152
    torch.set_num_threads(1)
    plain = Trainer(toy_dataset, tmp_path / "plain", replace(plan, warm_rate=rate), device="cpu")
    plain.train()
    assert float(lost.split()[2]) == pytest.approx(plain.best[0], abs=1e-4)
    # Called again, nothing is trained anew.
    again = ["warm_rate=0.008,0.004"]
    hyperparameters.sweep(toy_dataset, tmp_path, plan, again, "cpu", None, cluster.address)
    told = [line for line in capsys.readouterr().out.splitlines() if "held out" in line]
    assert len(told) == 2 and all("went on from step 152" in line for line in told)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:port", "auto"])
def test_no_cluster_there_is_one_line(toy_dataset, tmp_path, monkeypatch, address):
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))  # where "auto" looks for one
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(UserError, match="no Ray cluster answers"):
        hyperparameters.sweep(toy_dataset, tmp_path, PLAN, ["rate=1e-3"], address=address)
