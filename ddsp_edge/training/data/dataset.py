"""A folder of recordings to training data: read, cut or joined into pieces, analysed, cached.

Files are read and pieces prepared by a pool of processes. Each piece is kept by the hash of its
content as soon as it is ready, so that a preparation that was cut off goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ddsp_edge.errors import UserError
from ddsp_edge.training.data import piece_cache, sources
from ddsp_edge.training.data.features import FINE_HOP_S, Piece
from ddsp_edge.training.data.phrase_maker import phrases
from ddsp_edge.training.data.pool import WorkerPool
from ddsp_edge.training.data.sources import LeftOut, Source
from ddsp_edge.training.profiles import EDGE, Profile
from ddsp_edge.training.recipes import Recipe
from ddsp_edge.units import db_to_gain
from native.kernel import Analyser

LOUD_DB = -12.0  #: the 99th percentile of the loudness after normalising a collection
HELD_OUT_EVERY = 12  #: one piece or note in so many is never trained on
PIECE_S = 10.0  #: recordings are cut so: the held-out share is then spread over all of them
SHORTEST_PIECE_S = 2.0
ROUNDS_S = 480.0  #: fewer seconds of single notes are joined into phrases more than once
MOST_ROUNDS = 3
MOST_LINES = 25  #: of files that are left out; the report has all of them
INDEX_VERSION = 4  #: of which files are used and of what the index holds of them
MOST_S = 2 * 3600.0  #: more is left out: it would not fit into memory, nor help
PARTS = ("train", "held_out")
Item = TypeVar("Item")


@dataclass
class Dataset:
    """Pieces to train on and pieces held out, of one profile."""

    train: list[Piece]
    held_out: list[Piece]
    summary: dict[str, float]
    profile: Profile = EDGE
    rounds: int = 1  #: how often each single note is in ``train``, each time played otherwise
    sources: list[Source] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms of the pieces to train on, the one with the most usable sound first."""
        usable: dict[str, int] = {}
        for piece in self.train:
            usable[piece.room] = usable.get(piece.room, 0) + int(piece.usable.sum())
        return tuple(sorted(usable, key=lambda room: (-usable[room], room)))

    def minutes(self) -> float:
        """Length of the material in minutes; notes joined into several phrases count once."""
        train, held = (sum(len(p.audio) for p in part) for part in (self.train, self.held_out))
        return (train / self.rounds + held) / self.profile.sample_rate / 60


def prepare(
    folder: Path,
    recipe: Recipe,
    cache: Path,
    seed: int = 0,
    say: Callable[[str], None] = print,
    profile: Profile = EDGE,
) -> Dataset:
    """Dataset of ``folder``, from ``cache`` where nothing has changed.

    Says of each file that is left out why. Raises UserError: nothing is left, or too little.
    """
    files, left = sources.find(folder, recipe.skip, (cache, cache.parent))
    kept, copies = sources.without_copies(files, [sources.digest(p) for p in files], folder)
    named = [(path, str(path.relative_to(folder)), mark) for path, mark in kept]
    mark = piece_cache.key([part[1:] for part in named], recipe, seed, profile, INDEX_VERSION)
    index_path = cache / f"{recipe.name.lower()}-{profile.name}-{mark}.json"
    index = piece_cache.read_index(index_path)
    left += copies
    if index is None:
        say(f"preparing {len(named)} files of {folder}")
        with WorkerPool() as pool:
            sounds, used, bad = _read(pool, named, recipe, profile)
            _say_left_out(left + bad, say)
            if not sounds:
                raise UserError(f"{folder}: none of its {len(named)} audio files can be trained on")
            names = [source.file for source in used]
            train, held, rounds = _cut(sounds, names, recipe, seed, profile.sample_rate)
            gain = _gain(pool, [a for a, _ in train + held], profile.sample_rate)
            louder, louder_held = (
                [(a * gain).astype(np.float32) for a, _ in part] for part in (train, held)
            )
            index = {
                "train": _made(pool, louder, recipe, cache, profile),
                "held_out": _made(pool, louder_held, recipe, cache, profile),
                "train_files": [file for _, file in train],
                "held_out_files": [file for _, file in held],
                "rounds": rounds,
                "sources": [source.as_dict() for source in used],
                "left_out": [asdict(item) for item in bad],
            }
        piece_cache.write_index(index_path, index)
    else:
        _say_left_out(left + [LeftOut(**item) for item in index["left_out"]], say)
    train_pieces, held_pieces = (_loaded(index, part, cache, recipe) for part in PARTS)
    if len(train_pieces) + len(held_pieces) < len(index["train"]) + len(index["held_out"]):
        index_path.unlink()  # a piece is gone or damaged
        return prepare(folder, recipe, cache, seed, say, profile)
    return Dataset(
        train_pieces,
        held_pieces,
        _summary(train_pieces, profile, index["rounds"]),
        profile,
        index["rounds"],
        [Source.of(item) for item in index["sources"]],
        left + [LeftOut(**item) for item in index["left_out"]],
    )


def _read(
    pool: WorkerPool, named: list[tuple[Path, str, str]], recipe: Recipe, profile: Profile
) -> tuple[list[np.ndarray], list[Source], list[LeftOut]]:
    rate = profile.sample_rate
    jobs = [(path, name, rate, recipe) for path, name, _ in named]
    heard = pool.run_all(sources.read_and_assess, jobs, "reading")
    left = list(sources.left_out(heard, [name for _, name, _ in named]))
    good, used, total = [], [], 0.0
    for sound in heard:
        if sound is None or sound.audio is None:
            continue
        seconds = len(sound.audio) / rate
        if not recipe.single_notes and seconds < SHORTEST_PIECE_S:
            reason = f"is shorter than {SHORTEST_PIECE_S:g} s; single notes need --single-notes"
            left.append(LeftOut(sound.file, reason))
        elif total + seconds > MOST_S:
            reason = f"is beyond the first {MOST_S / 3600:g} hours; that is plenty"
            left.append(LeftOut(sound.file, reason))
        else:
            total += seconds
            good.append(sound.audio * np.float32(db_to_gain(recipe.level_db(sound.file))))
            used.append(Source(sound.file, seconds, sound.assessment, sound.remarks))
    return good, used, left


def _say_left_out(left: list[LeftOut], say: Callable[[str], None]) -> None:
    for item in left[:MOST_LINES]:
        say(f"left out: {item.file}: {item.reason}")
    if len(left) > MOST_LINES:
        say(f"left out: {len(left) - MOST_LINES} more files")


def _loaded(index: dict[str, Any], part: str, cache: Path, recipe: Recipe) -> list[Piece]:
    """The pieces of one part that are still in the cache, each with its room."""
    found = []
    for name, file in zip(index[part], index[f"{part}_files"], strict=True):
        piece = piece_cache.load(cache / name)
        if piece is not None:
            found.append(replace(piece, room=recipe.room_of(file)))
    return found


def _cut(
    sounds: list[np.ndarray], files: list[str], recipe: Recipe, seed: int, rate: int
) -> tuple[list[tuple[np.ndarray, str]], list[tuple[np.ndarray, str]], int]:
    """Return the training pieces, the held-out ones, and how often each note is in the former.

    Each piece with the name of its file; phrases of notes have none.
    """
    if sum(map(len, sounds)) < 10 * rate:
        raise UserError("less than ten seconds of sound; record at least two minutes")
    rounds = 1
    if recipe.single_notes:
        # Notes are held out, not phrases: another round of them would give them away.
        notes, held_notes = _share(sounds)
        rounds = round(ROUNDS_S * rate / sum(map(len, notes)))
        rounds = min(max(1, rounds), MOST_ROUNDS)
        train = [(p, "") for i in range(rounds) for p in phrases(notes, rate, seed + 1000 * i)]
        held = [(p, "") for p in phrases(held_notes, rate, seed)]
    else:
        size, least = int(PIECE_S * rate), int(SHORTEST_PIECE_S * rate)
        cut = [
            (a[i : i + size], file)
            for a, file in zip(sounds, files, strict=True)
            for i in range(0, len(a) - least + 1, size)
        ]
        train, held = _share(cut)
    if not train or not held:
        raise UserError("the recordings are too short; record a minute in one go, or many notes")
    return train, held, rounds


def _share(items: list[Item]) -> tuple[list[Item], list[Item]]:
    """Split into (train, held out): every twelfth is held out, or one of fewer than twelve."""
    every = max(2, min(HELD_OUT_EVERY, len(items)))
    held = [item for i, item in enumerate(items) if i % every == every // 2]
    return [item for i, item in enumerate(items) if i % every != every // 2], held


def _gain(pool: WorkerPool, pieces: list[np.ndarray], rate: int) -> float:
    loud = pool.run_all(loudness_db, [(piece, rate) for piece in pieces], "measuring")
    level = np.percentile(np.concatenate([part for part in loud if part is not None]), 99)
    return float(db_to_gain(LOUD_DB - level))


def loudness_db(audio: np.ndarray, rate: int) -> np.ndarray:
    """Return the loudness of mono ``audio`` in dBFS, (frames,), every FINE_HOP_S seconds."""
    return np.asarray(Analyser(rate, FINE_HOP_S).process(audio)["loudness_db"])


def _made(
    pool: WorkerPool, pieces: list[np.ndarray], recipe: Recipe, cache: Path, profile: Profile
) -> list[str]:
    """Prepare the pieces that the cache lacks and return the file names of all of them."""
    cache.mkdir(parents=True, exist_ok=True)
    paths = [piece_cache.piece_path(cache, audio, recipe, profile) for audio in pieces]
    jobs = [
        (path, audio, recipe, profile)
        for path, audio in zip(paths, pieces, strict=True)
        if piece_cache.load(path) is None
    ]
    pool.run_all(piece_cache.make, jobs, "analysing")
    lost = [path for path in paths if not path.exists()]
    if lost:
        raise UserError(
            f"{len(lost)} of {len(paths)} pieces could not be analysed, the process ended; "
            "is there enough memory? Run it again"
        )
    return [path.name for path in paths]


def _summary(train: list[Piece], profile: Profile, rounds: int) -> dict[str, float]:
    loud = np.concatenate([p.loudness_db[p.usable] for p in train])
    f0 = np.concatenate([p.f0_hz[p.usable] for p in train])
    if len(f0) < 10 * profile.frame_rate:
        raise UserError("less than ten seconds of the recordings have a clear single pitch")
    return {
        "usable_minutes": float(len(f0) / profile.frame_rate / 60 / rounds),
        "f0_low_hz": float(np.percentile(f0, 1)),
        "f0_high_hz": float(np.percentile(f0, 99)),
        "loudness_low_db": float(np.percentile(loud, 5)),
        "loudness_high_db": float(np.percentile(loud, 99)),
    }
