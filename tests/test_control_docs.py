"""docs/control.md shows the table of verbs as it is."""

from pathlib import Path

from ddsp_edge.api.verbs import VERBS
from firmware_py.commands import METERS

TEXT = (Path(__file__).parents[1] / "docs" / "control.md").read_text()


def test_every_verb_has_its_line():
    lines = [line for line in TEXT.splitlines() if line.startswith("| `")]
    for name, verb in VERBS.items():
        arguments = ", ".join(
            f"`{key}`: {each.kind}{'' if each.required else '?'}"
            for key, each in verb.arguments.items()
        )
        assert f"| `{name}` | {arguments or '-'} | {verb.doc} |" in lines


def test_the_meters_are_those_of_the_page():
    line = next(line for line in TEXT.splitlines() if line.startswith("| `meters`"))
    assert [word.strip(" `") for word in line.split("|")[3].split(",")] == list(METERS)
