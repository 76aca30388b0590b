"""The documentation is true where a program can tell: links, paths, commands, settings, picture."""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from ddsp_edge.cli.commands import COMMANDS
from ddsp_edge.cli.parser import parser_of
from ddsp_edge.errors import UserError
from ddsp_edge.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
#: Where a path in a page may begin, nearest first; the page's own folder comes before them.
STARTS = ("", "ddsp_edge", "native", "native/src", "deploy", "deploy/ansible", "firmware_py/panel")
#: Files that a user has, that are written while something runs, or that are DDSP-VST's.
NOT_OURS = {
    "README.md",
    "config.txt",
    "model.tflite",
    "metadata.json",
    "MODEL_CARD.md",
    "devices.json",
    "index.html",
    "report.json",
    "authorized_keys",
    "ModelLibrary.cpp",
    "PredictControlsModel.cpp",
    "Constants.h",
}
FOLDER = re.compile(r"`((?:ddsp_edge|native|firmware_py|deploy|tests|docs)(?:/[\w.-]+)+)/?`")
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*\.(?:py|c|h|cpp|sh|js|css|md|rst|txt|json))`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"^(?:\$ )?ddsp-edge +(.*)$")


def names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def prose(page: Path) -> str:
    """A page's text without its code blocks."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return "\n".join(line for line in text.splitlines() if not line.startswith("    "))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = page if not name else (page.parent / name)
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One head\n[a](page.md#one-head) [b](nowhere.md) [c](#two-heads)\n")
    assert broken_links(page) == ["nowhere.md", "#two-heads"]


@cache
def file_names() -> set[str]:
    """The names of all files of the repository, without their folders."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    paths = listed.stdout.splitlines() or [str(path) for path in ROOT.rglob("*.*")]
    return {Path(path).name for path in paths}


def missing_paths(page: Path) -> list[str]:
    """The paths in a page's prose that name no file of the repository."""
    missing = []
    for path in PATH.findall(prose(page)):
        if path in NOT_OURS or "NAME" in path:
            continue
        if "/" not in path:
            there = path in file_names()
        else:
            there = any((ROOT / start / path).exists() for start in (page.parent, *STARTS))
        if not there:
            missing.append(path)
    named = [path for path in FOLDER.findall(prose(page)) if "NAME" not in path]
    return missing + [path for path in named if not (ROOT / path).exists()]


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_file_that_is_named_exists(page: Path) -> None:
    assert missing_paths(page) == []


def commands(page: Path) -> list[str]:
    """The commands of a page's code blocks, without the program's name."""
    text = page.read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.startswith(("    ", "ddsp-edge"))]
    return [match[1] for line in lines if (match := COMMAND.match(line))]


def mentions(page: Path) -> list[str]:
    """The commands that a page's sentences and tables name: often without their arguments."""
    return re.findall(r"`ddsp-edge +([^`]+)`", prose(page))


def words(command: str) -> list[str]:
    """A command line as its program gets it: without comments, pipes and what the shell adds."""
    parts = shlex.split(re.sub(r"\$\([^)]*\)", "", command), comments=True)
    end = next((i for i, part in enumerate(parts) if part in ("|", "&&", ">")), len(parts))
    return parts[:end]


def options(parser: argparse.ArgumentParser) -> set[str]:
    """The options of a parser and of the subcommands in it."""
    found: set[str] = set()
    for action in parser._actions:
        found |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            found = found.union(*(options(each) for each in action.choices.values()))
    return found


ALL_COMMANDS = [(page, each) for page in PAGES for each in commands(page)]
ALL_MENTIONS = [(page, each) for page in PAGES for each in mentions(page)]


@pytest.mark.parametrize(
    ("page", "command"), ALL_COMMANDS, ids=[f"{p.name}: {c[:60]}" for p, c in ALL_COMMANDS]
)
def test_every_command_is_one_that_the_program_takes(page: Path, command: str) -> None:
    given = words(command)
    parser_of(given[0]).parse_args(given)


@pytest.mark.parametrize(
    ("page", "command"), ALL_MENTIONS, ids=[f"{p.name}: {c[:60]}" for p, c in ALL_MENTIONS]
)
def test_every_command_that_is_mentioned_exists(page: Path, command: str) -> None:
    given = words(command)
    assert given[0] in COMMANDS
    used = {word for word in given if word.startswith("--")}
    assert used <= options(parser_of(given[0]))


def test_a_wrong_command_would_be_seen() -> None:
    with pytest.raises(UserError, match="nosuch"):
        parser_of("render").parse_args(words("render a.wav --model cello --nosuch 3  # a comment"))
    assert "--nosuch" not in options(parser_of("models")) and "--force" in options(
        parser_of("models")
    )


def test_every_make_target_exists() -> None:
    there = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^ {4}|^|`)make ([a-z0-9-]+)", text, flags=re.M))
        assert named <= there, page.name


def test_the_guide_lists_every_command() -> None:
    text = (DOCS / "guide.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `ddsp-edge ([\w-]+)` \| (.+) \|$", text, flags=re.M))
    assert rows == COMMANDS


def test_retired_words_are_gone() -> None:
    retired = re.compile(
        r"\b(belief|seats|shelf|wishes|diary|portrait|repertoire|gauges|heartbeat file)\b"
        r"|came to nothing|made sane|by heart",
        re.IGNORECASE,
    )
    pages = [page for page in PAGES if page.parent.name != "decisions"]
    found = {page.name: retired.findall(page.read_text(encoding="utf-8")) for page in pages}
    assert {name: words for name, words in found.items() if words} == {}


def test_every_page_is_listed() -> None:
    listed = (DOCS / "README.md", DOCS / "decisions" / "README.md")
    found = {
        (page.parent / link).resolve() for page in listed for link in LINK.findall(prose(page))
    }
    assert {page for page in DOCS.rglob("*.md") if page not in listed} - found == set()


def test_every_setting_is_in_a_table_of_the_documentation() -> None:
    text = "\n".join((DOCS / page).read_text() for page in ("guide.md", "pedal.md", "midi.md"))
    known = {
        name for row in re.findall(r"^\| ([^|]+) \|", text, flags=re.M) for name in row.split(", ")
    }
    known |= set(re.findall(r"`(\w+)`", text))
    assert set(SETTINGS) - known == set()


def test_the_picture_of_the_flow_is_drawn_from_its_text() -> None:
    sys.path.insert(0, str(DOCS))
    try:
        import draw_flow
    finally:
        sys.path.remove(str(DOCS))
    wanted = draw_flow.draw(draw_flow.parse(draw_flow.SOURCE.read_text(encoding="utf-8")))
    assert draw_flow.PICTURE.read_text(encoding="utf-8") == wanted, "python docs/draw_flow.py"
    with pytest.raises(ValueError, match="line 1: 'nowhere'"):
        draw_flow.parse("arrow nowhere else")
