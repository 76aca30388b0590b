import pytest

torch = pytest.importorskip("torch", reason="the train extra is not installed")

from ddsp_edge.errors import UserError  # noqa: E402
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
