"""Access to the panel: a code that the box itself shows is exchanged for a token, once."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ddsp_edge.api.pairing_code import ASKED_S, code_json
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import read_limited, save_file
from ddsp_edge.web.answers import ApiError

log = logging.getLogger(__name__)

DIGITS = 6
CODE_S = 600.0  #: that a code is taken for
TRIES = 5  #: wrong codes of one address; then it must wait
#: Wrong codes of all addresses together: so many at once and a day. Somebody with many addresses
#: can use them up, and nobody else can pair then until the box itself unlocks it.
GUESSES, GUESSES_A_DAY = 100.0, 120.0
MAX_ADDRESSES = 1024  #: that are remembered; those silent longest are forgotten
ASK_AGAIN_S = 5.0  #: what asks more often changes nothing
LOCKED_S = (60.0, 3600.0)  #: an address's first wait, doubled each time, and the longest
UNLOCK = "at the box: ddsp-edge panel-code --unlock, or a footswitch with the action pairing_unlock"
MAX_DEVICES = 32  #: that are paired; with one more the oldest is forgotten
MAX_FILE_BYTES = 64 * 1024
#: Where a person finds the code.
WHERE = (
    "the box shows it on its tuner, in its log and to ddsp-edge panel-code; so does a paired phone"
)


@dataclass(frozen=True, slots=True)
class Device:
    """A paired browser. Its token is not stored, only the hash that identifies it."""

    id: str
    sha256: str  #: of the token
    name: str
    paired: str  #: ISO 8601


class Devices:
    """The paired browsers, in a file that only this user can read. For one thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._devices: dict[str, Device] = {}  # by hash
        self._read_at: tuple[int, int] | None = None

    def __iter__(self) -> Iterator[Device]:
        self._refresh()
        return iter(tuple(self._devices.values()))

    def _refresh(self) -> None:
        """Read the file again where it has changed: somebody may have removed it."""
        try:
            status = os.stat(self.path)
            version = (status.st_mtime_ns, status.st_ino)
        except OSError:
            self._devices, self._read_at = {}, None
            return
        if version == self._read_at:
            return
        self._read_at = version
        try:
            rows = json.loads(read_limited(self.path, MAX_FILE_BYTES))["devices"]
            self._devices = {row["sha256"]: Device(**row) for row in rows}
        except (UserError, ValueError, KeyError, TypeError) as error:
            log.warning("%s: no pairings can be read (%s); phones must pair anew", self.path, error)
            self._devices = {}

    def _keep(self) -> None:
        rows = [asdict(device) for device in self._devices.values()]
        data = json.dumps({"devices": rows}, indent=1).encode()
        save_file(self.path, data, 0o600)
        self._refresh()

    def add(self, name: str) -> str:
        """Pair a device; returns its token, which is not shown again. Raises UserError where it
        cannot be stored."""
        self._refresh()
        token = secrets.token_urlsafe(32)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        device = Device(secrets.token_hex(8), _hash(token), name, made)
        kept = list(self._devices.values())[-(MAX_DEVICES - 1) :]
        self._devices = {each.sha256: each for each in (*kept, device)}
        self._keep()
        return token

    def find(self, token: str) -> Device | None:
        """Return the device with this token, or None where there is none."""
        self._refresh()
        return self._devices.get(_hash(token))

    def remove(self, device_id: str) -> None:
        """Revoke a device's token. Raises ApiError where there is no such device."""
        self._refresh()
        left = {key: each for key, each in self._devices.items() if each.id != device_id}
        if len(left) == len(self._devices):
            raise ApiError(404, "no device has this id", "GET /api/devices lists them")
        self._devices = left
        self._keep()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Pairing:
    """The code, which is valid for some minutes and for one device. One thread.

    Wrong codes make an address wait, so that nobody can lock others out; see GUESSES for the
    total.
    """

    def __init__(
        self, devices: Devices, path: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._devices, self._path, self._clock = devices, path, clock
        self._addresses: OrderedDict[str, _Address] = OrderedDict()  # silent longest first
        self._guesses, self._guesses_s = GUESSES, clock()
        self._code, self._until_s, self._logged = "", 0.0, False
        self._asked_s = -ASKED_S
        self.renew()
        self._log()

    def renew(self) -> None:
        """Replace the pairing code by another and show that."""
        self._code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        self._until_s, self._logged = self._clock() + CODE_S, False
        self._show()

    def _show(self) -> None:
        """Store the code in the file that the box's own display reads."""
        asked = time.time() - (self._clock() - self._asked_s) if self.asked_left_s() else 0.0
        try:
            save_file(self._path, code_json(self._code, self.due_s(), asked), 0o640)
        except UserError as error:
            log.warning("%s: the code is only in the log", error)

    def ask(self) -> bool:
        """Show the code for a while, for a browser that asks; False where one asked just now."""
        now = self._clock()
        if now - self._asked_s < ASK_AGAIN_S:
            return False
        self._asked_s = now
        if not self.due_s():
            self.renew()
        self._show()
        self._log()
        return True

    def asked_left_s(self) -> float:
        """Return the seconds for which tuners show the code still; 0.0 where no browser asks."""
        return max(0.0, ASKED_S - (self._clock() - self._asked_s))

    def shown(self) -> tuple[str, float]:
        """Return the code and the seconds for which it is valid, for a browser that is paired."""
        if not self.due_s():
            self.renew()
        return self._code, self.due_s()

    def due_s(self) -> float:
        """Return the seconds until the code expires, at least 0."""
        return max(0.0, self._until_s - self._clock())

    def _log(self) -> None:
        if not self._logged:
            log.info("pairing code: %s (for %.0f minutes, once)", self._code, self.due_s() / 60)
            self._logged = True

    def close(self) -> None:
        """Remove the code: no browser can be paired until the next one."""
        self._path.unlink(missing_ok=True)

    def unlock(self) -> None:
        """Let every address try again, and show a new code: somebody at the box asks for it."""
        self._addresses.clear()
        self._guesses = GUESSES
        self.renew()
        self._asked_s = self._clock()
        self._show()
        log.info("pairing is unlocked")

    def pair(self, code: str, name: str, address: str = "") -> str:
        """A token for who knows the code. ``address``: the client's, see ``network_of``.

        Raises ApiError with 403 for a wrong code and 429 where the address, or (after very many
        wrong codes) everybody, must wait; UserError where no token can be stored.
        """
        now = self._clock()
        who = self._addresses.pop(address, None) or _Address()
        self._addresses[address] = who
        if len(self._addresses) > MAX_ADDRESSES:
            self._addresses.popitem(last=False)
        passed_s, self._guesses_s = now - self._guesses_s, now
        self._guesses = min(GUESSES, self._guesses + passed_s * GUESSES_A_DAY / 86_400.0)
        wait_s = who.locked_until_s - now
        if self._guesses < 1.0:
            wait_s = max(wait_s, (1.0 - self._guesses) * 86_400.0 / GUESSES_A_DAY)
        if wait_s > 0.0:
            seconds = round(wait_s) + 1
            raise ApiError(
                429,
                "too many wrong codes",
                f"wait {seconds} s, or unlock it {UNLOCK}",
                {"Retry-After": str(seconds)},
            )
        if now >= self._until_s:
            self.renew()
        if hmac.compare_digest(code.encode("utf-8", "surrogatepass"), self._code.encode()):
            token = self._devices.add(name)
            self._addresses.pop(address, None)
            self.renew()
            log.info("%s is paired", name)
            return token
        self._guesses -= 1.0
        who.wrong += 1
        if who.wrong % TRIES == 0:
            first, longest = LOCKED_S
            locks = who.wrong // TRIES - 1
            who.locked_until_s = now + min(longest, first * 2.0 ** min(locks, 16))
            log.warning("pairing: %d wrong codes from %s, which must wait", TRIES, address or "?")
        else:
            self._log()  # somebody may be looking for the code
        raise ApiError(403, "the code is wrong", WHERE)


@dataclass(slots=True)
class _Address:
    """Counts the wrong codes of one address, which has to wait after several."""

    wrong: int = 0
    locked_until_s: float = 0.0
