"""Update a box's whole system over ssh: send it, have it installed, wait for the restart."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.remote.deploy import Connection
from ddsp_edge.system.atomic_files import opened_plain
from ddsp_edge.update.inbox import MOST_UPDATE_BYTES

#: Bytes of one request: what is sent again at most where a connection breaks.
PIECE = 4 * 1024 * 1024
LOOK_S = 1.0  #: between two questions how it goes
#: For checking and writing half a GB on a slow card.
INSTALL_S = 1800.0
#: Until the box answers again: starting, two minutes of trial, and starting once more.
RESTART_S = 420.0

Step = Callable[[str], None]
Connect = Callable[[], Any]  #: a new connection each time, as a context manager


@dataclass(frozen=True, slots=True)
class UpdateFile:
    """A bundle on this computer, as far as can be seen without its key."""

    path: Path
    size: int
    sha256: str


def look_at(path: Path) -> UpdateFile:
    """Read a file that is to be sent. Raises UserError where it cannot be an update."""
    total = hashlib.sha256()
    with opened_plain(path) as stream:
        if stream.read(4) != b"hsqs":  # a bundle begins as a squashfs
            raise UserError(f"{path}: is no update; `make update` makes a .raucb file")
        stream.seek(0)
        while piece := stream.read(1 << 20):
            total.update(piece)
        size = stream.tell()
    if size > MOST_UPDATE_BYTES:
        raise UserError(f"{path}: has {size} bytes, an update at most {MOST_UPDATE_BYTES}")
    return UpdateFile(path, size, total.hexdigest())


def send(
    file: UpdateFile,
    connection: Connection,
    restart: bool = True,
    allow_downgrade: bool = False,
    sent: Callable[[int], None] = lambda _: None,
) -> None:
    """Send what the box has not got of the file, and ask it to install that. Raises UserError."""
    named: dict[str, Any] = {"size": file.size, "sha256": file.sha256}
    have = int(connection.call("update_begin", **named)["have"])
    if not 0 <= have <= file.size:
        raise UserError("the box has more of the update than there is; send it again")
    sent(have)
    with file.path.open("rb") as stream:
        stream.seek(have)
        while have < file.size:
            piece = stream.read(min(PIECE, file.size - have))
            if not piece:
                raise UserError(f"{file.path}: has become shorter; send it again")
            told = connection.call(
                "update_data", piece, sent=sent, offset=have, length=len(piece), **named
            )
            have += len(piece)
            if told.get("have") != have:
                raise UserError("the box has lost a part of the update; send it again")
    connection.call("update_install", restart=restart, allow_downgrade=allow_downgrade, **named)


def wait_installed(
    connection: Connection, step: Step, look_s: float = LOOK_S, within_s: float = INSTALL_S
) -> dict[str, Any]:
    """Wait until the box has installed or refused it; return its state. Raises UserError where it
    was refused. A connection that ends meanwhile (the box restarts) ends in UserError too."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        state = connection.call("update_state")
        stage = state["stage"]
        if stage == "writing":
            step(f"writing {state['percent']} %")
        elif stage == "checking":
            step("checking")
        elif stage == "refused":
            raise UserError(str(state["text"]))
        elif stage in ("installed", "restarting", "idle"):  # idle: it has restarted already
            return dict(state)
        time.sleep(look_s)
    raise UserError("the box does not say what became of the update; ask it: ddsp-edge update HOST")


def wait_restarted(
    connect: Connect,
    before: str,
    step: Step,
    look_s: float = LOOK_S,
    within_s: float = RESTART_S,
) -> dict[str, Any]:
    """Wait until the box has restarted and its trial is over; return its state then.

    ``before``: the slot that ran. Raises UserError where the box does not come back.
    """
    end = time.monotonic() + within_s
    was_away = False
    while time.monotonic() < end:
        try:
            with connect() as connection:
                state: dict[str, Any] = connection.call("update_state")
        except UserError:
            was_away = True
            step("restarting")
            time.sleep(look_s)
            continue
        if state["slot"] != before and not state["trial"]:
            return state
        if state["slot"] == before and (was_away or state["failed"]) and state["stage"] == "idle":
            return state
        step("on trial" if state["trial"] else "restarting")
        time.sleep(look_s)
    raise UserError(
        "the box has not come back; look whether it plays, and ask it: ddsp-edge update HOST"
    )
