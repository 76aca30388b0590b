"""The thread that alone changes the box's networks: joins, opens the hotspot, looks around."""

from __future__ import annotations

import logging
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.network.box_name import own_network_name
from ddsp_edge.network.local_name import LocalName, given_name
from ddsp_edge.system.addresses import addresses
from firmware_py.network.decision import HotspotDecision, HotspotMode, Situation
from firmware_py.network.network_manager import (
    ADDRESS,
    HOTSPOT,
    NetworkManager,
    NetworkManagerError,
)
from firmware_py.network.own_hotspot import OwnHotspot, write_hotspot
from firmware_py.network.seen import (
    KnownNetwork,
    Lock,
    RadioState,
    SeenNetwork,
    checked_join,
    listed,
)

log = logging.getLogger(__name__)

SETTLED_S, UNSETTLED_S = 10.0, 2.0  #: between two looks at what the radio does
MOST_JOBS = 4


class NetworkKeeper:
    """Runs in a thread of its own (:meth:`run`); the other methods return at once, from any."""

    def __init__(self, manager: NetworkManager, file: Path, own: OwnHotspot, allowed: bool) -> None:
        self._manager, self._file, self._own = manager, file, own
        self._name, self._local = own_network_name(), LocalName()
        self._host = given_name()
        self._decision = HotspotDecision(own.mode if allowed else "off")
        self._allowed = allowed
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(MOST_JOBS)
        self._lock = threading.Lock()
        self._radio = RadioState()
        self._hotspot = False
        self._known: list[KnownNetwork] = []
        self._seen: list[SeenNetwork] = []
        self._seen_s = float("-inf")
        self._busy, self._problem, self._reason = "", "", "one moment"
        self._joined, self._signal = "", 0

    # ---- for any thread

    def state(self) -> dict[str, Any]:
        """Return all that is known, as docs/network.md has it."""
        given = given_name()
        with self._lock:
            hotspot = {"name": self._name, "password": self._own.password, "address": ADDRESS}
            age_s = time.monotonic() - self._seen_s
            return {
                "possible": not self._reason,
                "reason": self._reason,
                "busy": self._busy,
                "problem": self._problem,
                "host": self._host,
                "given_host": given,
                "addresses": [address for _, address in addresses()],
                "mode": self._decision.mode,
                "cable": self._radio.cable,
                "joined": {"name": self._joined, "signal": self._signal} if self._joined else None,
                "hotspot": {**hotspot, "open": self._hotspot},
                "networks": listed(self._seen),
                "seen_s": round(age_s) if age_s < 1e6 else None,
                "known": [{"uuid": each.uuid, "name": each.name} for each in self._known],
            }

    def join(self, name: str, password: str, hidden: bool) -> None:
        """Begin to join a network. Raises UserError for what cannot succeed."""
        with self._lock:
            seen = next((each for each in self._seen if each.name == name), None)
            self._check_possible()
        lock: Lock = seen.lock if seen else ("wpa" if password else "open")
        checked_join(name, password, lock)
        self._begin(f"joining {name}", lambda: self._join(name, password, lock, hidden))

    def forget(self, uuid: str) -> None:
        """Begin to forget a known network. Raises UserError where none is called that."""
        with self._lock:
            if uuid not in [each.uuid for each in self._known]:
                raise UserError("that network is not known here any more; look at the list again")
        self._begin("forgetting a network", lambda: self._manager.forget(uuid))

    def look(self) -> None:
        """Begin to look for networks; an open hotspot is closed for some seconds meanwhile."""
        self._begin("looking for networks", self._look_around)

    def set_mode(self, mode: HotspotMode) -> None:
        """Open the hotspot and keep it open ("hotspot"), or only where it is needed ("auto").
        Raises UserError where the configuration forbids it."""
        if not self._allowed:
            raise UserError('the hotspot is off; set [network] hotspot = "auto" in the config')
        self._begin("changing over", lambda: self._set_mode(mode))

    def stop(self) -> None:
        """Ask :meth:`run` to end after what it does now."""
        with self._lock:
            self._busy = "ending"
        try:
            self._jobs.put_nowait(None)
        except queue.Full:  # a job is still to be done, and systemd ends us after it
            return

    def _begin(self, what: str, job: Callable[[], None]) -> None:
        with self._lock:
            self._check_possible()
            if self._busy:
                raise UserError(f"the box is {self._busy}; wait a moment")
            self._jobs.put_nowait(lambda: self._carry_out(job))
            self._busy, self._problem = what, ""

    def _check_possible(self) -> None:
        if self._reason:
            raise UserError(f"Wi-Fi cannot be used: {self._reason}")

    # ---- the thread

    def run(self) -> None:
        """Look, decide, act, until :meth:`stop`."""
        while True:
            settled = self._tick()
            try:
                job = self._jobs.get(timeout=SETTLED_S if settled else UNSETTLED_S)
            except queue.Empty:
                continue
            if job is None:
                return
            job()

    def _carry_out(self, job: Callable[[], None]) -> None:
        try:
            job()
        except UserError as error:
            self._tell(str(error))
        finally:
            self._decision.begin_anew()
            with self._lock:
                self._busy = ""

    def _tell(self, problem: str) -> None:
        log.warning("%s", problem)
        with self._lock:
            self._problem = problem

    def _tick(self) -> bool:
        """Look and take one step; returns whether nothing is under way."""
        try:
            situation = self._look()
            step = self._decision.step(situation, time.monotonic())
            if step == "open":
                self._open()
            elif step == "close":
                log.info("the hotspot is closed: are known networks back?")
                self._manager.close_hotspot()
            return step == "wait" and (
                situation.hotspot or situation.state in ("connected", "unavailable", "unmanaged")
            )
        except UserError as error:
            with self._lock:
                said, self._reason = self._reason, str(error).partition("; ")[0]
            if said != self._reason:
                log.warning("%s", error)
            return True

    def _look(self) -> Situation:
        """Ask NetworkManager how things are. Raises UserError where it does not answer."""
        radio = self._manager.state()
        active = self._manager.connection(radio.uuid) if radio.uuid else {}
        hotspot = active.get("connection.id") == HOTSPOT and radio.state == "connected"
        known = self._manager.known()
        joined = "" if hotspot or radio.state != "connected" else active.get("802-11-wireless.ssid")
        signal = self._manager.signal(radio.device) if joined else 0
        host = self._local.now()
        with self._lock:
            if host not in (self._host, given_name()):
                log.warning("another box is called %s; this one is %s.local", given_name(), host)
            self._host = host
            if (joined or "") != self._joined and joined:
                log.info("joined %s", joined)
            self._radio, self._hotspot, self._known = radio, hotspot, known
            self._joined, self._signal = joined or "", signal
            self._reason = _why_not(radio)
        guests = _guests(radio.device) if hotspot and known else None
        return Situation(radio.state, hotspot, radio.cable, len(known), guests)

    def _scan(self) -> None:
        """Look what is in reach; what was seen before stays where that fails."""
        seen = self._manager.seen(self._radio.device, True)
        if seen:
            with self._lock:
                self._seen, self._seen_s = seen, time.monotonic()

    def _open(self) -> None:
        """Open the hotspot. It is looked around before: a hotspot sees no other network."""
        try:
            self._scan()
        except NetworkManagerError as error:
            log.info("no list of networks: %s", error)
        self._manager.open_hotspot(self._radio.device, self._name, self._own.password)
        log.info("hotspot %s is open", self._name)
        with self._lock:
            self._hotspot = True

    def _join(self, name: str, password: str, lock: Lock, hidden: bool) -> None:
        was_open = self._hotspot
        try:
            self._manager.join(self._radio.device, name, password, lock, hidden)
        except NetworkManagerError as error:
            if was_open or not self._manager.known():
                self._reopen()
            raise UserError(why_not_joined(name, error, lock)) from None
        if self._own.mode == "hotspot":  # whoever joins a network wants to be in it
            self._keep("auto")

    def _reopen(self) -> None:
        if self._decision.mode == "off":
            return
        try:
            self._manager.open_hotspot(self._radio.device, self._name, self._own.password)
            with self._lock:
                self._hotspot = True
        except NetworkManagerError as error:  # the next step tries again
            log.warning("the hotspot does not come back: %s", error)

    def _look_around(self) -> None:
        if self._hotspot:
            self._manager.close_hotspot()
            with self._lock:
                self._hotspot = False
            try:
                self._scan()
            finally:
                self._reopen()
        else:
            self._scan()

    def _set_mode(self, mode: HotspotMode) -> None:
        self._keep(mode)
        if mode == "auto" and self._hotspot and self._manager.known():
            self._manager.close_hotspot()

    def _keep(self, mode: HotspotMode) -> None:
        self._own = replace(self._own, mode=mode)
        write_hotspot(self._file, self._own)
        self._decision.mode = mode


def _why_not(radio: RadioState) -> str:
    if not radio.device:
        return "there is no Wi-Fi here"
    if radio.state == "unmanaged":
        return "another program than NetworkManager has the radio"
    if radio.state == "unavailable":
        return "the radio is switched off, or its country is not set"
    return ""


def why_not_joined(name: str, error: NetworkManagerError, lock: Lock) -> str:
    """Say in one sentence why a network was not joined: what nmcli said, as people know it."""
    said = error.said.lower()
    if "secrets were required" in said or "802.1x supplicant" in said:
        return f"{name} was not joined: the password is wrong"
    if "could not be found" in said or "no network with ssid" in said:
        return f"{name} was not joined: it is out of reach, or its name is another"
    if "ip configuration" in said:
        return f"{name} was not joined: it gave the box no address"
    if "timeout" in said or error.code in (3, 124):
        wrong = " (is the password right?)" if lock != "open" else ""
        return f"{name} was not joined: it did not answer in time{wrong}"
    return f"{name} was not joined: {error.said.rstrip('.')}"


def _guests(device: str) -> int | None:
    """Return how many devices are in the hotspot; None without the program iw."""
    program = shutil.which("iw", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "dev", device, "station", "dump"], capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.count("Station ") if done.returncode == 0 else None
