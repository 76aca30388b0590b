"""deploy/image/boot-state on a file as the card: torn writes, garbage, any order of commands."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from extent import extent
from hypothesis import given, settings
from hypothesis import strategies as st

SCRIPT = Path(__file__).resolve().parents[2] / "deploy/image/boot-state"
SECTORS = (2048, 6144)
CARD_SECTORS = 8192
NOTHING = {"primary": "a", "booted": "a", "trial": "-", "tries": "0", "bad": "-", "failed": "-"}
busybox = shutil.which("busybox")
needs_busybox = pytest.mark.skipif(busybox is None, reason="no busybox here")


@pytest.fixture(scope="session")
def shells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Name of a shell to its environment: busybox's finds nothing but busybox."""
    found = {"dash": {"PATH": os.environ["PATH"]}}
    if busybox:
        folder = tmp_path_factory.mktemp("busybox")
        subprocess.run([busybox, "--install", "-s", folder], check=True)
        found["busybox"] = {"PATH": str(folder)}
    return found


class Card:
    """A card whose gap before the first partition is a file of its own."""

    def __init__(self, path: Path, environment: dict[str, str]) -> None:
        self.path = path
        self.environment = environment
        path.write_bytes(bytes(CARD_SECTORS * 512))

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The script, with the card as its device."""
        return subprocess.run(
            ["sh", SCRIPT, self.path, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def __call__(self, *words: str) -> str:
        done = self.call(*words)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    def state(self) -> dict[str, str]:
        """What ``show`` says."""
        return dict(line.split("=") for line in self("show").splitlines())

    def sector(self, number: int) -> bytes:
        """One of the two sectors."""
        return self.path.read_bytes()[number * 512 : (number + 1) * 512]

    def put(self, number: int, content: bytes) -> None:
        """Overwrites the start of a sector."""
        with self.path.open("r+b") as file:
            file.seek(number * 512)
            file.write(content[:512])


@pytest.fixture(params=["dash", pytest.param("busybox", marks=needs_busybox)])
def card(request: pytest.FixtureRequest, tmp_path: Path, shells: dict[str, dict[str, str]]) -> Card:
    """An empty card, under each shell."""
    return Card(tmp_path / "card", shells[request.param])


def text_of(sequence: int, *fields: str) -> bytes:
    """A sector as it is described in the script."""
    body = " ".join(["DDSP-BOOT-1", str(sequence), *fields])
    return f"{body} {hashlib.sha256(body.encode()).hexdigest()}".ljust(511).encode() + b"\n"


def test_an_empty_card_starts_a_and_is_not_written(card: Card) -> None:
    assert card("choose") == "a"
    assert card.state() == NOTHING
    assert not any(card.path.read_bytes())


def test_a_missing_card_starts_a(card: Card) -> None:
    card.path.unlink()
    assert card("choose") == "a"
    assert card.call("try", "b").returncode == 1


def test_a_good_trial_becomes_the_primary(card: Card) -> None:
    card("try", "b")
    assert [card("choose"), card("good"), card("choose"), card("choose")] == ["b", "", "b", "b"]
    assert card.state() == NOTHING | {"primary": "b", "booted": "b"}


def test_a_trial_that_is_not_confirmed_is_undone(card: Card) -> None:
    card("try", "b", "2")
    assert [card("choose") for _ in range(4)] == ["b", "b", "a", "a"]
    assert card.state() == NOTHING | {"bad": "b", "failed": "b"}
    card("try", "b")
    assert card.state() == NOTHING | {"trial": "b", "tries": "1"}


def test_good_confirms_what_runs_not_what_waits(card: Card) -> None:
    """An update that was just installed has proven nothing yet."""
    card("choose")
    card("try", "b")
    card("good")
    assert card.state() == NOTHING | {"trial": "b", "tries": "1"}


def test_a_bad_slot_is_not_started(card: Card) -> None:
    card("try", "b")
    card("bad", "b")
    assert card("choose") == "a"
    card("bad", "a")
    assert card("choose") == "b"
    assert card.state() == NOTHING | {"primary": "b", "booted": "b", "bad": "a", "failed": "a"}


def test_a_slot_that_could_not_be_started_has_failed_and_the_other_runs(card: Card) -> None:
    """The initramfs finds no system in the slot that `choose` has named."""
    card("try", "b")
    assert card("choose") == "b"
    card("bad", "b")
    assert card.state() == NOTHING | {"bad": "b", "failed": "b"}
    assert card("choose") == "a"
    card("bad", "b")  # an update of it begins: what it holds from now on has not failed
    assert card.state() == NOTHING | {"bad": "b"}


def test_back_to_the_primary_during_a_trial(card: Card) -> None:
    card("try", "b", "3")
    card("choose")
    card("try", "a")
    card("good")  # says nothing of a, which waits
    assert card("choose") == "a"


def test_a_card_that_cannot_be_written_ends_no_trial_in_a_loop(
    tmp_path: Path, shells: dict[str, dict[str, str]]
) -> None:
    card = Card(tmp_path / "card", shells["dash"])  # busybox's shell would take its own dd
    card("try", "b")
    card.environment = card.environment | {"PATH": _without_writing(card)}
    assert card("choose") == "a"
    done = card.call("good")
    assert (done.returncode, done.stderr) == (0, "")
    done = card.call("try", "b")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


def _without_writing(card: Card) -> str:
    """A PATH whose dd reads but does not write, as that of a worn card."""
    folder = card.path.parent / "worn"
    folder.mkdir()
    (folder / "dd").write_text(
        '#!/bin/sh\ncase "$*" in *of=*) exit 1 ;; esac\n'
        f'PATH={card.environment["PATH"]} exec dd "$@"\n'
    )
    (folder / "dd").chmod(0o755)
    return f"{folder}:{card.environment['PATH']}"


def test_the_format_is_the_one_described(card: Card) -> None:
    card("try", "b")
    assert card.sector(SECTORS[0]) == text_of(1, "a", "a", "b", "1", "-", "-")
    card("choose")
    assert card.sector(SECTORS[1]) == text_of(2, "a", "b", "b", "0", "-", "-")
    everything = card.path.read_bytes()
    gaps = everything[: 2048 * 512] + everything[2049 * 512 : 6144 * 512] + everything[6145 * 512 :]
    assert not any(gaps)


@pytest.mark.parametrize(("older", "newer"), [(65535, 0), (65530, 3), (0, 1), (7, 8)])
@pytest.mark.parametrize("order", [1, -1])
def test_the_sequence_wraps(card: Card, older: int, newer: int, order: int) -> None:
    first, second = SECTORS[::order]
    card.put(first, text_of(older, "a", "a", "-", "0", "-", "-"))
    card.put(second, text_of(newer, "b", "b", "-", "0", "-", "-"))
    assert card("choose") == "b"
    card("try", "a")
    assert card.sector(first) == text_of((newer + 1) % 65536, "b", "b", "a", "1", "-", "-")
    assert card("choose") == "a"


@pytest.mark.parametrize("length", [0, 1, 11, 40, 200, 511])
@pytest.mark.parametrize("which", [0, 1])
def test_a_torn_write_leaves_the_state_before(card: Card, length: int, which: int) -> None:
    for _ in range(which):
        card("bad", "b")
    before, old = card.state(), card.sector(SECTORS[which])
    card("try", "b", "9")
    new = card.sector(SECTORS[which])
    assert new != old
    card.put(SECTORS[which], new[:length] + old[length:])
    cut = new[:length].rstrip() != new.rstrip()
    assert card.state() == before if cut else before | {"trial": "b", "tries": "9"}
    card("try", "b")
    assert card("choose") == "b"


@pytest.mark.parametrize(
    "content",
    [
        b"\xff" * 512,
        bytes(range(256)) * 2,
        b"DDSP-BOOT-1 * * * * * * * *".ljust(512),
        b"$(reboot) `reboot` ; reboot\n".ljust(512),
        text_of(1, "c", "a", "-", "0", "-", "-"),
        text_of(1, "b", "b", "-", "08", "-", "-"),
        text_of(65536, "b", "b", "-", "0", "-", "-"),
        text_of(1, "b", "b", "-", "0", "-", "-").replace(b" b b", b" b a"),
        text_of(1, "b", "b", "-", "0", "-", "-").replace(b"BOOT-1", b"BOOT-2"),
    ],
)
def test_garbage_in_both_sectors_starts_a(card: Card, content: bytes) -> None:
    for number in SECTORS:
        card.put(number, content)
    assert card("choose") == "a"
    assert card.state() == NOTHING


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("try", "c"), "no slot c: the slots are a and b"),
        (("bad", ""), "no slot : the slots are a and b"),
        (("try", "b", "0"), "tries must be 1 to 9, not 0"),
        (("good", "b"), "usage: boot-state DEVICE"),
        ((), "usage: boot-state DEVICE"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    card: Card, words: tuple[str, ...], sentence: str
) -> None:
    done = card.call(*words)
    assert done.returncode == 2
    assert sentence in done.stderr and done.stderr.count("\n") == 1
    assert not any(card.path.read_bytes())


COMMANDS = [
    ("choose",),
    ("try", "a"),
    ("try", "b"),
    ("try", "b", "3"),
    ("good",),
    ("bad", "a"),
    ("bad", "b"),
]
steps = st.lists(
    st.tuples(st.sampled_from(COMMANDS), st.one_of(st.none(), st.integers(0, 511))), max_size=14
)


@settings(max_examples=extent(20, 100))
@given(steps=steps, filler=st.sampled_from([0, 255, 65]))
def test_after_any_commands_and_cuts_a_state_is_the_old_or_the_new_one(
    steps: list[tuple[tuple[str, ...], int | None]],
    filler: int,
    tmp_path_factory: pytest.TempPathFactory,
    shells: dict[str, dict[str, str]],
) -> None:
    """A cut leaves the first bytes of the written sector and, as flash may, others after them."""
    folder = tmp_path_factory.mktemp("card")
    card = Card(folder / "card", shells.get("busybox", shells["dash"]))
    written = False
    for words, cut in steps:
        before = card.path.read_bytes()
        was = card.state()
        card(*words)
        after = card.path.read_bytes()
        changed = [n for n in SECTORS if before[n * 512 : n * 512 + 512] != card.sector(n)]
        assert len(changed) <= 1  # one write a command
        became = card.state()
        if changed and cut is not None:
            start = changed[0] * 512
            card.put(changed[0], after[start : start + cut] + bytes([filler]) * (512 - cut))
            assert card.state() in (was, became)
        elif changed:
            written = True
        now = card.state()
        assert now["primary"] != now["bad"]
        assert now["trial"] == "-" or now["trial"] not in (now["primary"], now["bad"])
        if written:  # one sector is whole, whatever happened to the other
            assert any(card.sector(n).startswith(b"DDSP-BOOT-1 ") for n in SECTORS)
    expected = card.state()
    chosen = card("choose")
    on_trial = expected["trial"] != "-" and int(expected["tries"]) > 0
    assert chosen == (expected["trial"] if on_trial else expected["primary"])
    shutil.rmtree(folder)


@settings(max_examples=extent(10, 50))
@given(first=st.binary(max_size=512), second=st.binary(max_size=512))
def test_any_bytes_start_a_slot(
    first: bytes,
    second: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    shells: dict[str, dict[str, str]],
) -> None:
    folder = tmp_path_factory.mktemp("card")
    card = Card(folder / "card", shells.get("busybox", shells["dash"]))
    card.put(SECTORS[0], first)
    card.put(SECTORS[1], second)
    assert card("choose") == "a"
    card("try", "b")
    assert card("choose") == "b"
    shutil.rmtree(folder)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="no shellcheck here")
def test_it_is_clean_posix_shell() -> None:
    done = subprocess.run(
        ["shellcheck", "--shell=sh", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
