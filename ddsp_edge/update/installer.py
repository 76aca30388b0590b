"""What root does about an update: `python -m ddsp_edge.update.installer`, started by
ddsp-edge-update.path when somebody of the group has asked.

The file is hostile until RAUC has verified its signature; what its signer says is then compared
with this box: machine, kernel, version.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import platform
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import save_file
from ddsp_edge.update import rauc
from ddsp_edge.update.box import Box, read_object
from ddsp_edge.update.playing import sounds_now
from ddsp_edge.update.version import numbers

log = logging.getLogger(__name__)

BOOT_STATE = ("/usr/lib/ddsp-edge/boot-state",)
REBOOT = ("systemctl", "reboot")
TOOL_S = 30.0


class Installer:
    """Carries out one request. ``boot_state`` and ``reboot`` are commands, ``rauc`` a program."""

    def __init__(
        self,
        box: Box,
        boot_state: tuple[str, ...] = BOOT_STATE,
        reboot: tuple[str, ...] = REBOOT,
        program: str = "rauc",
        sounds: Callable[[], bool] = sounds_now,
    ) -> None:
        self._box, self._boot_state, self._reboot = box, boot_state, reboot
        self._program, self._sounds = program, sounds

    def run(self) -> int:
        """Carry out what is asked for, and forget it. Return 1 where it was refused, else 0."""
        request = read_object(self._box.request)
        self._tell("checking", "The update is being checked.")
        try:
            # First: a box that loses power now must not do it again at each start.
            self._box.request.unlink(missing_ok=True)
            acts = {"install": self._install, "back": self._back}
            act = acts.get(str(request.get("do")))
            if act is None:
                raise UserError("what is asked for is neither install nor back")
            act(request)
        except UserError as error:
            log.warning("%s", error)
            self._tell("refused", _sentence(str(error)))
            return 1
        if request.get("restart") is True:
            self._restart()
        return 0

    def _install(self, request: dict[str, Any]) -> None:
        upload = self._box.upload
        try:
            if self._shown().get("trial") == self._box.slot():
                raise UserError(
                    "the system that runs is still on trial after an update; wait two minutes"
                )
            with held(upload) as bundle:
                version = self._write(bundle, request)
        finally:
            upload.unlink(missing_ok=True)  # half a GB that is of no further use
        log.info("version %s is installed", version)
        self._tell("installed", f"Version {version} is installed; the next start tries it.")

    def _write(self, bundle: Path, request: dict[str, Any]) -> str:
        """Compare the bundle with this box, have it written, and return its version."""
        found = self._checked(bundle, request.get("allow_downgrade") is True)
        if request.get("only_new") is True and found.version == self._box.state()["version"]:
            raise UserError(f"version {found.version} is the one that runs")
        self._note(found.version)
        writing = f"Version {found.version} is being written; the box plays on."
        self._tell("writing", writing)
        rauc.install(bundle, lambda at: self._tell("writing", writing, at), self._program)
        return found.version

    def _checked(self, bundle: Path, allow_downgrade: bool) -> rauc.BundleContents:
        found = rauc.contents(bundle, self._program)
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "")
        if found.compatible != f"ddsp-edge-{machine}":
            raise UserError(
                f"the update is for {found.compatible[:60]}, this box is ddsp-edge-{machine}"
            )
        running = platform.release()
        if found.kernel != running:
            raise UserError(
                f"the update needs Linux {found.kernel or 'of an unknown release'}, this card "
                f"starts Linux {running}, which an update cannot change: write the new card "
                "image (docs/image.md) and restore a backup"
            )
        version = self._box.state()["version"]
        if numbers(found.version) < numbers(version or "0") and not allow_downgrade:
            raise UserError(
                f"version {found.version} is older than {version}, which runs here; "
                "--allow-downgrade installs it nevertheless"
            )
        return found

    def _note(self, version: str) -> None:
        """Keep over the restart what is where, and whether the engine plays to a card now."""
        other = "b" if self._box.slot() == "a" else "a"
        versions = {self._box.slot(): self._box.state()["version"], other: version}
        noted = {"versions": versions, "sounded": self._sounds()}
        save_file(self._box.last, json.dumps(noted).encode(), 0o644)

    def _back(self, _: dict[str, Any]) -> None:
        other, boot = "b" if self._box.slot() == "a" else "a", self._shown()
        if boot.get("bad") == other and boot.get("failed") != other:
            raise UserError("the other system is not whole: an update of it was interrupted")
        if self._box.version_in(other) == "another version":
            raise UserError("there is no other system: this box was never updated")
        self._note(self._box.version_in(other))
        self._tool("try", other)
        self._tell("installed", "The next start tries the other system.")

    def _shown(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self._tool("show").split() if "=" in line)

    def _tool(self, *words: str) -> str:
        command = [*self._boot_state, str(self._box.run / "card"), *words]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TOOL_S
        )
        if done.returncode != 0:
            raise UserError(done.stderr.strip() or "the boot state cannot be changed")
        return done.stdout

    def _restart(self) -> None:
        self._tell("restarting", "The box restarts with it.")
        subprocess.run(self._reboot, stdin=subprocess.DEVNULL, check=False, timeout=TOOL_S)

    def _tell(self, stage: str, text: str, percent: int = 0) -> None:
        told = {"stage": stage, "text": text, "percent": percent}
        save_file(self._box.report, json.dumps(told).encode(), 0o644)


@contextlib.contextmanager
def held(upload: Path) -> Iterator[Path]:
    """A path of the uploaded file that stays this very file, and that nobody can write to any more.

    Without it somebody of the group could put an older update, signed as well, in its place after
    its version was compared. Raises UserError.
    """
    try:
        handle = os.open(upload, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise UserError("there is no update to install; send it again") from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UserError("there is no update to install; send it again")
        if os.geteuid() == 0:
            os.fchown(handle, 0, 0)
        os.fchmod(handle, 0o600)
        try:  # granted only where no program has it open for writing
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except BlockingIOError:
            raise UserError("the update is still being written to; send it again") from None
        except OSError as error:  # a file system without leases; RAUC looks for itself, too
            log.info("no lease of the update (%s)", error.strerror)
        yield Path(f"/proc/{os.getpid()}/fd/{handle}")
    finally:
        os.close(handle)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def main() -> int:
    """Carry out the request that is there."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    os.umask(0o002)
    Installer(Box()).run()
    return 0  # a refusal is told where it is shown; the unit did its work


if __name__ == "__main__":
    sys.exit(main())
