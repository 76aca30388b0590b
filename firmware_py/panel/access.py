"""Who may use the panel: a code on the box's own display is exchanged for a token, once."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ddsp_edge.api.pairing_code import ASKED_S, code_json
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited, save_file
from firmware_py.panel.answers import ApiError

log = logging.getLogger(__name__)

DIGITS = 6
CODE_S = 600.0  #: that a code is taken for
TRIES = 5  #: wrong ones, then there is a new code, after a while
ASK_AGAIN_S = 5.0  #: what asks more often changes nothing
LOCKED_S = (60.0, 3600.0)  #: the first while, doubled each time, and the longest
MAX_DEVICES = 32  #: that are paired; with one more the oldest is forgotten
MAX_FILE_BYTES = 64 * 1024
WHERE = "the code is shown by: ddsp-edge panel-code; also in the log, on a paired phone and tuner"


@dataclass(frozen=True, slots=True)
class Device:
    """A browser that was let in. Its token is not kept, only what it can be known by."""

    id: str
    sha256: str  #: of the token
    name: str
    paired: str  #: ISO 8601


class Devices:
    """Those that may use the panel, in a file that only this user reads. One thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._devices: dict[str, Device] = {}  # by hash
        self._read_at: tuple[int, int] | None = None

    def __iter__(self) -> Iterator[Device]:
        self._refresh()
        return iter(tuple(self._devices.values()))

    def _refresh(self) -> None:
        """Read the file again if it is another one: somebody may have removed it."""
        try:
            status = os.stat(self._path)
            version = (status.st_mtime_ns, status.st_ino)
        except OSError:
            self._devices, self._read_at = {}, None
            return
        if version == self._read_at:
            return
        self._read_at = version
        try:
            rows = json.loads(read_limited(self._path, MAX_FILE_BYTES))["devices"]
            self._devices = {row["sha256"]: Device(**row) for row in rows}
        except (UserError, ValueError, KeyError, TypeError) as error:
            log.warning(
                "%s: no pairings can be read (%s); phones must pair anew", self._path, error
            )
            self._devices = {}

    def _keep(self) -> None:
        rows = [asdict(device) for device in self._devices.values()]
        data = json.dumps({"devices": rows}, indent=1).encode()
        save_file(self._path, data, 0o600)
        self._refresh()

    def add(self, name: str) -> str:
        """A new device's token, which is told once. Raises UserError where none can be kept."""
        self._refresh()
        token = secrets.token_urlsafe(32)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        device = Device(secrets.token_hex(8), _hash(token), name, made)
        kept = list(self._devices.values())[-(MAX_DEVICES - 1) :]
        self._devices = {each.sha256: each for each in (*kept, device)}
        self._keep()
        return token

    def find(self, token: str) -> Device | None:
        """Whose token it is; None: nobody's."""
        self._refresh()
        return self._devices.get(_hash(token))

    def remove(self, device_id: str) -> None:
        """Its token is worth nothing any more. Raises ApiError where there is no such device."""
        self._refresh()
        left = {key: each for key, each in self._devices.items() if each.id != device_id}
        if len(left) == len(self._devices):
            raise ApiError(404, "no device has this id", "GET /api/devices lists them")
        self._devices = left
        self._keep()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Pairing:
    """The code: for some minutes, for a few tries, for one device. One thread."""

    def __init__(
        self, devices: Devices, path: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._devices, self._path, self._clock = devices, path, clock
        self._strikes, self._locked_until_s = 0, 0.0
        self._code, self._until_s, self._tries, self._logged = "", 0.0, 0, False
        self._asked_s = -ASKED_S
        self.renew()
        self._log()

    def renew(self) -> None:
        """Another code, left for the box's display."""
        self._code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        self._until_s, self._tries, self._logged = self._clock() + CODE_S, TRIES, False
        self._show()

    def _show(self) -> None:
        """To whoever may read the file: the box's own display is one."""
        ago_s = self._clock() - self._asked_s
        asked = time.time() - ago_s if ago_s < ASKED_S else 0.0
        try:
            save_file(self._path, code_json(self._code, self.due_s(), asked), 0o640)
        except UserError as error:
            log.warning("%s: the code is only in the log", error)

    def ask(self) -> bool:
        """A browser wants to know the code: it is shown for a while. Whether that is news."""
        now = self._clock()
        if now - self._asked_s < ASK_AGAIN_S:
            return False
        self._asked_s = now
        if not self.due_s():
            self.renew()
        self._show()
        self._log()
        return True

    def shown(self) -> tuple[str, float]:
        """(the code, seconds for which it is good), for who is paired already."""
        if not self.due_s():
            self.renew()
        return self._code, self.due_s()

    def due_s(self) -> float:
        """Seconds until the code is no longer taken, at least 0."""
        return max(0.0, self._until_s - self._clock())

    def _log(self) -> None:
        if not self._logged:
            log.info("pairing code: %s (for %.0f minutes, once)", self._code, self.due_s() / 60)
            self._logged = True

    def close(self) -> None:
        """No code is taken any more."""
        self._path.unlink(missing_ok=True)

    def pair(self, code: str, name: str) -> str:
        """A token for who knows the code. Raises ApiError, UserError."""
        now = self._clock()
        if now < self._locked_until_s:
            wait_s = round(self._locked_until_s - now) + 1
            raise ApiError(
                429, "too many wrong codes", f"wait {wait_s} s", {"Retry-After": str(wait_s)}
            )
        if now >= self._until_s:
            self.renew()
        if hmac.compare_digest(code.encode("utf-8", "surrogatepass"), self._code.encode()):
            token = self._devices.add(name)
            self._strikes = 0
            self.renew()
            log.info("%s is paired", name)
            return token
        self._tries -= 1
        if self._tries <= 0:
            first, longest = LOCKED_S
            self._locked_until_s = now + min(longest, first * 2.0**self._strikes)
            self._strikes = min(self._strikes + 1, 16)
            log.warning("pairing: %d wrong codes; none is taken for a while", TRIES)
            self.renew()
        else:
            self._log()  # somebody is at it who may need it
        raise ApiError(403, "this is not the code", WHERE)
