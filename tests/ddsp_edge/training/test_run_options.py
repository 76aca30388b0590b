"""The options that a run folder keeps are those that the command line would be given again."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddsp_edge.cli.parser import parser_of
from ddsp_edge.errors import UserError
from ddsp_edge.training import run_options


def parsed(words: list[str]) -> dict[str, object]:
    return vars(parser_of("train").parse_args(["train", *words]))


def test_they_come_back_as_they_were(tmp_path: Path) -> None:
    words = [str(tmp_path), "--name=-Flüte 2", "--single-notes", "--lowest=98.5", "--steps=3"]
    words += ["--licence=CC0 1.0", "--teacher=none", "--seed=7", "--least-minutes=0"]
    given = parsed(words)
    run_options.write_options(tmp_path, given)
    again = parsed(run_options.arguments(run_options.read_options(tmp_path)))
    assert again == given


def test_every_option_that_is_kept_is_one_of_train() -> None:
    assert set(run_options.KEPT) <= set(parsed(["folder"]))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"folder": 1}', '{"folder": "a", "fresh": true}',
             '{"folder": "a", "steps": "9"}', '{"folder": "a", "room": 1}', "[" * 60_000]
)  # fmt: skip
def test_another_file_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / run_options.FILE).write_text(text)
    with pytest.raises(UserError, match=r"options\.json: "):
        run_options.read_options(tmp_path)
