"""Power cuts while presets are saved, models deployed and an update is written, all at once.

The work is done once, by the box's own code and RAUC, on a card whose every write and flush is
recorded; then the box is started from what a cut at a random moment may have left of it
(write_log.py). The count is DDSP_EDGE_CUTS, else 60, or 250 with DDSP_EDGE_LONG=1; 50 of 250 fall
into the writing of a slot. DDSP_EDGE_SEED repeats a run.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
import tomli_w
from board.debian import unpack
from board.store import digest, made
from builder.debs import packages
from bundle_versions import make_version, put_request
from extent import extent
from image import power_card
from image.power_card import KEPT, SECTOR, check, check_system, first_sector, fsck, in_parallel
from image.write_log import WriteLog
from update_box import make_bundle

from ddsp_edge.presets.preset import preset_bytes
from ddsp_edge.system.atomic_files import PARTIAL

sys.path.insert(0, str(power_card.GUEST))
from marker import SECTORS
from saves import SONGS, played, song

ROOT = Path(__file__).resolve().parents[2]
CUTS = int(os.environ.get("DDSP_EDGE_CUTS", extent(60, 250)))
SEED = int(os.environ.get("DDSP_EDGE_SEED", random.SystemRandom().randrange(1 << 32)))
SAVES, VERSIONS = 200, 4
FILLER = 16 << 20
WORK_S = 600.0
LOG_MB = 1024
#: Sectors of the card that may be written: the boot state's pages, the notes, slot B, the data.
BOOT_STATE_SECTORS = (2048, 6144)


def rauc_system() -> Path:
    """Debian 13's RAUC and D-Bus as a squashfs: the image's packages, unpacked."""
    debs = packages("amd64") / "root"

    def build(folder: Path) -> None:
        root = folder / "root"
        unpack(debs, root)
        for each in ("usr/share/doc", "usr/share/locale", "usr/lib/python3", "usr/lib/firmware"):
            shutil.rmtree(root / each, ignore_errors=True)
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (root / "etc/group").write_text("root:x:0:\n")
        subprocess.run(
            ["mksquashfs", root, folder / "rauc.squashfs", "-noappend", "-quiet", "-no-progress",
             "-all-root", "-comp", "zstd", "-Xcompression-level", "1"],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        shutil.rmtree(root)

    return made("image-rauc", digest(debs.parent.name, 1), build) / "rauc.squashfs"


@dataclass(frozen=True, slots=True)
class Work:
    """A card before the work, the record of the work, and every whole content of each file."""

    card: Path
    log: WriteLog
    systems: dict[str, Path]
    models: list[str]  #: SHA-256 of the model's versions, in the order of their deployment
    said: str


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """The work, done and recorded."""
    power_card.need_tools()
    power_card.initramfs()  # before several ask for it at once
    home = tmp_path_factory.mktemp("power")
    systems = {name: check_system(name, FILLER) for name in ("B0", "B1", "B2")}
    systems["A1"] = check_system("A1")
    keys, folder = home / "keys", home / "work"
    folder.mkdir()
    subprocess.run(["sh", ROOT / "deploy/image/update/keys.sh", keys], check=True)
    for number in (1, 2):
        make_bundle(systems[f"B{number}"], "amd64", f"0.1.0.{number + 1}", power_card.release(),
                    folder / f"{number}.raucb", keys)  # fmt: skip
    models = []
    for number in range(VERSIONS):
        model = make_version(home / "model.zip", number)
        (folder / f"put-{number}").write_bytes(put_request(model, allow_downgrade=True))
        models.append(_sha256(model.read_bytes()))
    data = home / "data"
    for name in ("presets", "models", "update"):
        (data / KEPT / name).mkdir(parents=True)
    card, recorded, log = home / "card.img", home / "recorded.img", home / "log.img"
    power_card.make_card(card, systems["A1"], systems["B0"], data)
    subprocess.run(["cp", "--sparse=always", card, recorded], check=True)
    with log.open("wb") as empty:
        empty.truncate(LOG_MB << 20)
    settings = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHON": sys.executable,
        "REPOSITORY": ROOT,
        "MODULES": power_card.MODULES[-1],
        "KINDS": '"saves deploys updates"',
        "SAVES": SAVES,
        "UPDATES": '"1 2"',
        "CERT": keys / "update-cert.pem",
    }
    for number, name in ((2, "slot_a"), (3, "slot_b"), (4, "data")):
        settings |= {
            f"{name}_start": first_sector(number),
            f"{name}_size": power_card.SIZES_MB[number - 1] * 2048,
        }
    (folder / "settings").write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
    drives = {"ubd0": recorded, "ubd1": log, "ubd2": rauc_system()}
    words = ("rootfstype=hostfs", "rootflags=/", "ro", f"init={power_card.GUEST / 'work'}",
             f"ddsp.work={folder}")  # fmt: skip
    said = power_card.run(power_card.uml(drives, home, *words, memory_mb=1024), WORK_S)
    assert "WORK end" in said and "WORK failed" not in said, said[-4000:]
    recorded.unlink()
    return Work(card, WriteLog(log), systems, models, said)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def acknowledged(work: Work, kind: str, cut: int) -> int:
    """How many saves or deploys had been acknowledged before that entry of the record."""
    done = 0
    for entry in work.log.entries[:cut]:
        if entry.sector == SECTORS[kind] and entry.size:
            done = int(work.log.data(entry).split(b"\n")[0].split()[1])
    return done


def wrong_files(work: Work, files: dict[str, str], cut: int) -> list[str]:
    """What is neither the old nor the new one, or is older than what was acknowledged."""
    saves, deploys = acknowledged(work, "saves", cut), acknowledged(work, "deploys", cut)
    allowed: dict[str, set[str]] = {}
    for number in range(max(0, saves - SONGS) + 1, saves + 2):
        allowed.setdefault(f"presets/{song(number).name}.toml", set()).add(
            _sha256(preset_bytes(song(number)))
        )
    allowed["last.toml"] = {
        _sha256(tomli_w.dumps(asdict(played(number))).encode())
        for number in (saves, saves + 1)
        if number
    }
    for number in range(max(1, saves - SONGS + 2), saves + 1):  # the one that follows may be there
        name = f"presets/{song(number).name}.toml"
        if name not in files:
            return [f"{name} is gone, which save {number} had acknowledged"]
    model = "models/toy-flute.zip"
    allowed[model] = {
        work.models[number % VERSIONS] for number in (deploys - 1, deploys) if number >= 0
    }
    problems = []
    for name, sha256 in files.items():
        base = name.rsplit("/", 1)[-1]
        if base.startswith((PARTIAL, ".upload-")) or "/.staging/" in name:
            continue  # swept at the next start or change
        if name.startswith("models/.history/"):
            if sha256 not in work.models:
                problems.append(f"{name} is no whole model")
        elif name in allowed and sha256 not in allowed[name]:
            problems.append(f"{name} is neither the old nor the new one")
        elif name.startswith("presets/") and name not in allowed:
            problems.append(f"{name} was never saved")
    if saves and "last.toml" not in files:
        problems.append("last.toml is gone")
    if deploys and model not in files:
        problems.append(f"{model} is gone")
    return problems


def look(work: Work, card: Path, cut: int) -> str:
    """Start the box from what is left; return which system it was. Raises AssertionError."""
    found = check(card)
    assert "data mounted" in found.notes and "data written" in found.notes, found
    if found.slot == "a":
        assert found.name == "A1"
    else:
        assert found.slot == "b" and found.name in ("B1", "B2"), found
        content = work.systems[found.name].read_bytes()
        with card.open("rb") as stream:
            stream.seek(first_sector(3) * SECTOR)
            assert stream.read(len(content)) == content, "slot b was started and is not whole"
    assert wrong_files(work, found.files, cut) == []
    assert fsck(card) == ""
    return found.name


def choose_cuts(work: Work) -> list[int]:
    """Random moments: a fifth of them while a slot is written, the others at any time; and as many
    as there are changes of the boot state, each just before and after one."""
    chance = random.Random(SEED)
    entries = work.log.entries
    slot_b, data = first_sector(3), first_sector(4)
    writing = [n for n, entry in enumerate(entries) if slot_b <= entry.sector < data and entry.size]
    during = [chance.choice(writing) for _ in range(CUTS // 5)]
    anywhere = [chance.randrange(len(entries)) for _ in range(CUTS - len(during))]
    changes = [n for n, entry in enumerate(entries) if entry.sector in BOOT_STATE_SECTORS]
    around = [n + after for n in changes for after in (0, 2)]
    return sorted([*during, *anywhere, *around, len(entries)])


def test_the_work_was_done_and_recorded(work: Work) -> None:
    entries = work.log.entries
    assert "WORK saves 200" in work.said and "WORK deploys 20" in work.said
    assert work.said.count('"stage": "installed"') == 2
    assert acknowledged(work, "saves", len(entries)) == SAVES
    slot_b = first_sector(3)
    outside = [
        entry.sector
        for entry in entries
        if entry.size
        and entry.sector < slot_b
        and not any(0 <= entry.sector - page < 8 for page in (*BOOT_STATE_SECTORS, 7000, 7008))
    ]
    assert outside == []  # nothing of the running system, the boot partition, the table


def test_after_any_cut_the_box_starts_and_every_file_is_whole(work: Work, tmp_path: Path) -> None:
    cuts = choose_cuts(work)
    print(f"\n{len(cuts)} cuts, DDSP_EDGE_SEED={SEED}, {len(work.log.entries)} requests recorded")
    chance = random.Random(SEED + 1)
    durable = tmp_path / "durable.img"
    subprocess.run(["cp", "--sparse=always", work.card, durable], check=True)
    started: dict[str, int] = {}

    def jobs() -> Iterator[Callable[[], None]]:
        done = 0
        with durable.open("r+b", buffering=0) as stream:
            for number, cut in enumerate(cuts):
                flushed = work.log.last_flush(cut)
                for entry in work.log.entries[done:flushed]:
                    work.log.apply(entry, stream.fileno())
                done = max(done, flushed)
                card = tmp_path / f"cut-{number}.img"
                subprocess.run(["cp", "--sparse=always", durable, card], check=True)
                with card.open("r+b", buffering=0) as left:
                    work.log.lose(left.fileno(), flushed, cut, chance)
                yield lambda card=card, cut=cut: one(card, cut)  # type: ignore[misc]

    def one(card: Path, cut: int) -> None:
        try:
            name = look(work, card, cut)
        except AssertionError as error:
            raise AssertionError(f"cut before request {cut}, seed {SEED}: {error}") from None
        started[name] = started.get(name, 0) + 1
        card.unlink()

    in_parallel(jobs(), len(os.sched_getaffinity(0)))
    print(f"started: {json.dumps(started, sort_keys=True)}")
    assert sum(started.values()) == len(cuts)
    assert started.get("A1", 0) > 0 and len(started) > 1  # cuts before and after an update


def test_a_cut_that_must_be_seen_is_seen(work: Work, tmp_path: Path) -> None:
    """A slot that is started and not whole, a preset of which half is new: the checks fail."""
    card = tmp_path / "card.img"
    subprocess.run(["cp", "--sparse=always", work.card, card], check=True)
    with card.open("r+b", buffering=0) as stream:
        for entry in work.log.entries:
            work.log.apply(entry, stream.fileno())
        os.pwrite(stream.fileno(), b"damage", first_sector(3) * SECTOR + FILLER // 2)
    with pytest.raises(AssertionError, match="is not whole"):
        look(work, card, len(work.log.entries))
    half = {f"presets/{song(SAVES).name}.toml": _sha256(b"half of it")}
    assert wrong_files(work, half, len(work.log.entries)) != []
