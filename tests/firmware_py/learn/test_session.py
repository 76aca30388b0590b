"""Which control is meant, of all that move while one is learned."""

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.presets.mapping import ControlMapping
from firmware_py.learn.session import LearnRequest, LearnSession
from firmware_py.learn.store import LearnedMappings


def learner(job=lambda control: "", **lesson):
    return LearnSession(LearnRequest(**(lesson or {"set": "morph"})), job, 0.0)


def sweep(it, name, *values, at=1.0, kind="cc"):
    return [it.hear(kind, name, "move", value / 127, at) for value in values]


def test_the_one_that_moved_most_is_taken():
    it = learner()
    assert sweep(it, "1", 60, 62, 64, 62) == [False] * 4  # a resting hand
    assert sweep(it, "11", 10, 20, 40, 80) == [False, False, True, True]
    assert sweep(it, "4", 0, 30, 40) == [False, True, True]
    assert it.poll(1.1) is None
    assert str(it.poll(1.31)) == "cc 11"


@pytest.mark.parametrize("silent", [0, 6, 32, 38, 98, 99, 100, 101, 120, 123, 127])
def test_what_no_hand_moves_is_never_taken(silent):
    it = learner()
    assert sweep(it, str(silent), 0, 127, 0, 64) == [False] * 4
    assert it.poll(9.0) is None


def test_the_fine_half_of_a_controller_is_not_taken():
    it = learner()
    for coarse in range(0, 40):
        sweep(it, "7", coarse)
        sweep(it, "39", coarse * 53 % 128)
    assert str(it.poll(2.0)) == "cc 7"


def test_a_button_becomes_a_press_and_takes_the_other_end():
    for values in ((127,), (0, 127), (127, 0)):
        it = learner()
        sweep(it, "64", *values)
        control = it.poll(2.0)
        assert str(control) == "cc 64 short"
        mapping = it.request.mapping(control)
        assert mapping.pressed(0.0) == 1.0 and mapping.pressed(1.0) == 0.0


def test_switches_notes_and_encoders():
    it = learner(set="mix", low=0.2, high=0.8)
    assert it.hear("switch", "left", "down", 1.0, 1.0) is True
    assert it.request.mapping(it.poll(1.0)) == ControlMapping(
        "switch left", set="mix", range=(0.2, 0.8)
    )
    it = learner(do="preset_next")
    assert it.hear("expression", "swell", "move", 0.0, 1.0) is False
    assert it.hear("expression", "swell", "move", 1.0, 1.0) is False
    assert it.hear("encoder", "a", "turn", 1, 1.0) is False
    assert it.hear("note", "36", "down", 1.0, 1.0) is True
    assert it.request.mapping(it.poll(1.0)) == ControlMapping("note 36", do="preset_next")
    it = learner(set="snap")
    assert it.hear("encoder", "a", "turn", 1, 1.0) is True
    assert it.request.mapping(it.poll(1.0)) == ControlMapping("encoder a", set="snap")


def test_what_has_a_job_is_refused_once_and_the_next_is_taken():
    it = learner(lambda control: "mix" if control.name == "1" else "")
    sweep(it, "1", 0, 60, 127)
    assert it.poll(2.0) is None
    sweep(it, "1", 0, 60, 127, at=2.5)
    assert it.poll(3.0) is None
    assert [(str(c), job) for c, job in it.refused] == [("cc 1", "mix")]
    sweep(it, "2", 0, 60, 127, at=3.0)
    assert str(it.poll(4.0)) == "cc 2"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "either"),
        ({"set": "mix", "do": "panic"}, "either"),
        ({"set": "mixx"}, "did you mean 'mix'"),
        ({"do": "panicc"}, "did you mean 'panic'"),
        ({"set": "mix", "high": 2.0}, "outside 0 to 1"),
        ({"set": "snap", "low": 0.0}, "leave low"),
        ({"do": "panic", "low": 0.0}, "leave low"),
        ({"set": "mix", "keep": "cloud"}, "device or preset"),
        ({"set": "mix", "seconds": 0.5}, "choose 1 to 120"),
    ],
)
def test_a_lesson_that_makes_no_sense_is_refused(wrong, says):
    with pytest.raises(UserError, match=says):
        LearnRequest(**wrong)


def test_a_file_of_an_earlier_version_is_taken_over(tmp_path):
    (tmp_path / "learnt.toml").write_text("[[mappings]]\ncontrol = 'cc 1'\nset = 'mix'\n")
    assert LearnedMappings(tmp_path).read() == (ControlMapping("cc 1", set="mix"),)
    (tmp_path / "learnt.toml").write_text("[[mappings]]\ncontrol = 'cc 2'\nset = 'mix'\n")
    assert LearnedMappings(tmp_path).read() == (ControlMapping("cc 1", set="mix"),)


def test_the_file_of_what_was_learned(tmp_path):
    file = LearnedMappings(tmp_path)
    assert file.read() == ()
    file.add(ControlMapping("cc 1", set="morph", range=(1.0, 0.0)))
    file.add(ControlMapping("switch left", do="freeze on"))
    file.add(ControlMapping("cc 1", set="mix"))  # in its place
    assert LearnedMappings(tmp_path).read() == (
        ControlMapping("switch left", do="freeze on"),
        ControlMapping("cc 1", set="mix"),
    )
    assert file.remove(lambda m: m.set == "mix") == 1
    assert file.remove(lambda m: m.set == "mix") == 0
    file.path.write_text("mappings = 3")
    with pytest.raises(UserError, match=r"learned\.toml"):
        file.add(ControlMapping("cc 1", set="mix"))
    assert file.path.read_text() == "mappings = 3"  # a person's mistake is not thrown away
