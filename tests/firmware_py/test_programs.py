"""The map of MIDI programs."""

import pytest

from ddsp_edge.errors import UserError
from firmware_py.programs import Program, ProgramMap, check_program


def test_lines_are_kept_changed_and_forgotten(tmp_path):
    programs = ProgramMap(tmp_path)
    assert programs.chosen() == {}
    programs.choose(Program(0, 4, preset="Warm"))
    programs.choose(Program(2, 0, model="cello"))
    programs.choose(Program(0, 4, model="violin"))
    again = ProgramMap(tmp_path)
    assert again.chosen() == {
        4: Program(0, 4, model="violin"),
        256: Program(2, 0, model="cello"),
    }
    again.forget(0, 4)
    again.forget(0, 5)  # was not there
    assert list(programs.chosen()) == [256]


def test_a_person_may_write_it(tmp_path):
    programs = ProgramMap(tmp_path)
    programs.path.write_text('[[programs]]\nbank = 0\nprogram = 1\npreset = "Solo"\n')
    assert programs.chosen()[1].preset == "Solo"
    programs.path.write_text('[[programs]]\nbank = 0\nprogam = 1\npreset = "Solo"\n')
    with pytest.raises(UserError, match=r"programs\.toml: .*did you mean 'program'"):
        programs.chosen()


@pytest.mark.parametrize("names", [{}, {"preset": "a", "model": "b"}])
def test_a_line_is_a_preset_or_a_model(names):
    with pytest.raises(UserError, match="a preset or a model"):
        Program(0, 0, **names)


@pytest.mark.parametrize(("bank", "program"), [(-1, 0), (16384, 0), (0, 128), (0, -1)])
def test_numbers_are_those_of_midi(bank, program):
    with pytest.raises(UserError, match="choose 0 to"):
        check_program(bank, program)
    assert check_program(16383, 127) == 16383 * 128 + 127
