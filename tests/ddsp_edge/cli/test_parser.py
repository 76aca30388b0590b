"""What is refused is named first, with the name that was meant; commands stand in groups."""

import argparse

import pytest

from ddsp_edge import cli
from ddsp_edge.cli.commands import COMMANDS, GROUPS
from ddsp_edge.cli.parser import parser_of, suggestion


@pytest.mark.parametrize("words", [[], ["help"]])
def test_alone_it_shows_how_to_begin(words, capsys):
    assert cli.main(words) == 0
    said = capsys.readouterr()
    assert said.err == "" and len(said.out.splitlines()) <= 20
    assert set(COMMANDS) <= set(said.out.split())
    assert all(len(line) <= 80 for line in said.out.splitlines())


def test_help_has_the_groups_in_order(capsys):
    assert cli.main(["--help"]) == 0
    said = capsys.readouterr().out
    places = [said.index(f"\n{title}:") for title in GROUPS]
    assert places == sorted(places)


def test_each_command_says_of_itself_what_the_list_says():
    actions = parser_of(*COMMANDS)._actions
    commands = next(a for a in actions if isinstance(a, argparse._SubParsersAction))
    assert {each.dest: each.help for each in commands._choices_actions} == COMMANDS


def test_every_option_says_more_than_whose_it_is():
    """No "of the output": a help line stands by itself."""

    def lines(parser):
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, each in action.choices.items():
                    yield from ((f"{name} {where}", line) for where, line in lines(each))
            elif isinstance(action.help, str):
                yield (action.option_strings or [action.dest])[0], action.help

    poor = [(w, line) for w, line in lines(parser_of(*COMMANDS)) if line.startswith(("of ", "..."))]
    assert poor == []


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["rendr", "a.wav"], "'rendr'; did you mean render?"),
        (["render", "--modle", "cello"], "--modle; did you mean --model?"),
        (["render", "--modle=cello", "a.wav"], "--modle; did you mean --model?"),
        (["models", "lst"], "'models lst'; did you mean list?"),
        (["models", "xyzzy"], "'models xyzzy'; there is list, "),
        (["models", "info", "--jsn", "cello"], "--jsn; did you mean --json?"),
        (["xyzzy"], "'xyzzy'; see: ddsp-edge --help"),
        (["--verzion"], "--verzion; did you mean --version?"),
    ],
)
def test_what_was_meant_is_named(words, wanted, capsys):
    assert cli.main(words) == 2
    said = capsys.readouterr().err
    assert wanted in said and len(said.splitlines()) == 1


def test_values_are_no_commands_and_no_options(capsys):
    # The value of an option, what follows --, and a file whose name begins with a dash.
    assert cli.main(["render", "--model", "no such", "--", "--odd.wav"]) == 2
    assert "there is no option" not in capsys.readouterr().err
    assert suggestion("q", COMMANDS) == ""
