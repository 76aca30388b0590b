"""An update of the system that lies in a folder of this box, such as a USB stick's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.remote.update import wait_installed
from ddsp_edge.system.atomic_files import opened_plain
from ddsp_edge.update.inbox import UpdateInbox


def take_update(path: Path, allow_downgrade: bool) -> str:
    """Hand the file to the box's installer and wait for it; return what came of it as a sentence.

    The next start of the box tries it. Raises UserError where it is refused, as the version that
    runs is: a stick is left in its place. What the file is, the installer finds out.
    """
    inbox = UpdateInbox()
    with opened_plain(path) as stream:
        inbox.take(stream, os.fstat(stream.fileno()).st_size)
    inbox.ask("install", restart=False, allow_downgrade=allow_downgrade, only_new=True)
    return str(wait_installed(_Installer(inbox), lambda _: None)["text"])


class _Installer:
    """Says how the installer of this box fares, as a box behind a connection does."""

    def __init__(self, inbox: UpdateInbox) -> None:
        self._inbox = inbox

    def call(self, verb: str, *_: Any, **__: Any) -> dict[str, Any]:
        """Return the state of the update; no other verb is known. Raises UserError."""
        if verb != "update_state":
            raise UserError(f"{verb!r} is not known here")
        return self._inbox.box.state()
