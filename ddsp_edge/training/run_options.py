"""The options of a training, kept in its run folder: the studio goes on with what the command
line began, and the other way round."""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited, write_atomically

TRIES = 25
FILE, LOCK = "options.json", "in-use"
MAX_BYTES = 64 * 1024
#: Option of ``train`` to its kind. What is not here belongs to one call and is not kept.
KEPT: dict[str, type] = {
    "folder": str,
    "name": str,
    "recipe": str,
    "single_notes": bool,
    "lowest": float,
    "highest": float,
    "licence": str,
    "attribution": str,
    "least_minutes": float,
    "profile": str,
    "size": str,
    "teacher": str,
    "quantize": str,
    "room": bool,
    "response": bool,
    "response_of": str,
    "start": str,
    "all_frames": bool,
    "allow_failed_sweep": bool,
    "warm_steps": int,
    "steps": int,
    "teacher_warm_steps": int,
    "teacher_steps": int,
    "seed": int,
    "threads": int,
    "device": str,
}
Options = dict[str, str | float | int | bool]


def write_options(run_folder: Path, options: Mapping[str, object]) -> None:
    """Keep those of ``options`` that say what is trained; the folder as a whole path.

    Raises UserError where the file cannot be written.
    """
    kept = {key: options[key] for key in KEPT if _is_given(options.get(key))}
    kept["folder"] = str(Path(str(kept["folder"])).resolve())
    write_atomically(run_folder / FILE, (json.dumps(kept, indent=1) + "\n").encode())


def read_options(run_folder: Path) -> Options:
    """Read what :func:`write_options` kept. Raises UserError where it is no such file."""
    path = run_folder / FILE
    try:
        found = json.loads(read_limited(path, MAX_BYTES))
        if not isinstance(found, dict) or not isinstance(found.get("folder"), str):
            raise ValueError("it names no folder")
        for key, value in found.items():
            wanted = KEPT.get(key)
            number = wanted is float and type(value) is int
            if wanted is None or not (type(value) is wanted or number):
                raise ValueError(f"{key} is wrong")
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: cannot be read ({error}); start the training anew") from None
    return found


def arguments(options: Mapping[str, object]) -> list[str]:
    """The words after ``ddsp-edge train`` that mean these options."""
    words = [str(options["folder"])]
    for key in KEPT:
        value, option = options.get(key), f"--{key.replace('_', '-')}"
        if key == "folder" or not _is_given(value):
            continue
        # As one word: a name may begin with a hyphen.
        words.append(option if value is True else f"{option}={_text(value)}")
    return words


def _is_given(value: object) -> bool:
    return value is not None and value is not False  # 0 is a value


def _text(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


@contextlib.contextmanager
def only_one(run_folder: Path) -> Iterator[None]:
    """Hold a run folder for the time of a training.

    Raises UserError where another program trains there.
    """
    run_folder.mkdir(parents=True, exist_ok=True)
    with (run_folder / LOCK).open("w") as stream:
        for _ in range(TRIES):  # somebody may be looking whether it is in use
            with contextlib.suppress(OSError):
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(0.02)
        else:
            raise UserError(f"{run_folder}: another program trains here; stop it first")
        yield


def is_in_use(run_folder: Path) -> bool:
    """Whether a program trains in this run folder now."""
    try:
        with (run_folder / LOCK).open("r") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True
