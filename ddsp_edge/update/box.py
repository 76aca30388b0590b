"""Where updates lie on the box, and what is known of the system that runs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited
from ddsp_edge.update.version import DEFAULT_RELEASE, image_version

RUN_ENVIRONMENT, FOLDER_ENVIRONMENT = "DDSP_EDGE_SYSTEM", "DDSP_EDGE_UPDATES"
RELEASE_ENVIRONMENT = "DDSP_EDGE_SYSTEM_RELEASE"
MOST_BYTES = 64 * 1024  #: of a file that says something
NO_SLOTS = (
    "this box was not made from the card image, so its system is not updated this way; "
    "update its program with: ddsp-edge provision"
)


def _run() -> Path:
    return Path(os.environ.get(RUN_ENVIRONMENT) or "/run/ddsp-edge-system")


def _folder() -> Path:
    return Path(os.environ.get(FOLDER_ENVIRONMENT) or "/var/lib/ddsp-edge/update")


def _release() -> Path:
    return Path(os.environ.get(RELEASE_ENVIRONMENT) or DEFAULT_RELEASE)


@dataclass(frozen=True, slots=True)
class Box:
    """Files by which updates are asked for and told of. Nothing blocks for long; any thread."""

    run: Path = field(default_factory=_run)  #: root's: which system runs, how an update goes
    folder: Path = field(default_factory=_folder)  #: the group's: uploads and requests
    release: Path = field(default_factory=_release)  #: says the version that runs

    @property
    def upload(self) -> Path:
        """The update that is there, whole as it was sent."""
        return self.folder / "update.raucb"

    @property
    def request(self) -> Path:
        """What is wanted; systemd starts the installer as soon as it is there."""
        return self.folder / "request.json"

    @property
    def report(self) -> Path:
        """What the installer is doing, and how far it has come."""
        return self.run / "update.json"

    @property
    def last(self) -> Path:
        """The versions in both slots, and whether the old one played; it stays over a restart."""
        return self.folder / "last.json"

    def slot(self) -> str:
        """Return the slot that runs, "a" or "b"; "" on a box without slots."""
        try:
            text = read_limited(self.run / "slot", MOST_BYTES).decode("ascii", "replace").strip()
        except UserError:
            return ""
        return text if text in ("a", "b") else ""

    def check_offered(self) -> None:
        """Raise UserError where this box has no second system to install into."""
        if not self.slot() or not self.folder.is_dir():
            raise UserError(NO_SLOTS)

    def boot_state(self) -> dict[str, str]:
        """Return what boot-state said at the start and after the trial; {}: not known."""
        try:
            lines = read_limited(self.run / "boot", MOST_BYTES).decode("ascii", "replace").split()
        except UserError:
            return {}
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def version_in(self, slot: str) -> str:
        """Return the version in a slot, as far as an installer has noted it."""
        versions = read_object(self.last).get("versions")
        told = versions.get(slot) if isinstance(versions, dict) else None
        return told[:80] if isinstance(told, str) and told else "another version"

    def state(self) -> dict[str, Any]:
        """Return what a person should know, as JSON takes it.

        ``offered``; ``version`` and ``slot`` of what runs; ``stage`` "idle", "checking",
        "writing", "installed", "refused", "restarting"; ``percent``; ``text``, one sentence, empty
        where there is nothing to say; ``trial``: whether what runs is still on trial; ``waiting``:
        the version that the next start tries; ``failed``: the one that did not play, and was left.
        """
        slot = self.slot()
        found: dict[str, Any] = {
            "offered": bool(slot) and self.folder.is_dir(),
            "version": image_version(self.release),
            "slot": slot,
            "stage": "idle",
            "percent": 0,
            "text": "",
            "trial": False,
            "waiting": "",
            "failed": "",
        }
        if not found["offered"]:
            return found
        found |= _known(read_object(self.report), found)
        if self.request.exists():
            found |= {"stage": "checking", "percent": 0, "text": "The update is being checked."}
        boot = self.boot_state()
        other = "b" if slot == "a" else "a"
        found["trial"] = boot.get("trial") == slot
        if found["stage"] == "installed" or boot.get("trial") == other:
            found["waiting"] = self.version_in(other)
        elif boot.get("failed") == other and found["stage"] == "idle":
            found["failed"] = self.version_in(other)
            found["text"] = (
                f"The update to {found['failed']} did not start and play, so the box went back "
                f"to {found['version']}."
            )
        return found


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; {} where there is none, or something else."""
    try:
        found = json.loads(read_limited(path, MOST_BYTES))
    except (UserError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _known(report: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """Return the report's values that are of the right kind."""
    return {
        key: report[key]
        for key in ("stage", "percent", "text")
        if type(report.get(key)) is type(like[key])
    }
