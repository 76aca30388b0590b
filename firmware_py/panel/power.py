"""Restart and shutdown of the box from a phone.

Whether systemd's logind would let the panel's user do it (deploy/polkit) is asked with busctl,
which is part of systemd, as a child that is ended after TIMEOUT_S.
"""

from __future__ import annotations

import os
import subprocess
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.system.power import ENVIRONMENT, power_off, restart
from ddsp_edge.web.answers import ApiError, from_user_error

TIMEOUT_S = 10.0
#: What can be asked for: logind's method that says whether it may be, and what does it.
WAYS = {"reboot": ("CanReboot", restart), "power_off": ("CanPowerOff", power_off)}
_LOGIN = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")


class Power:
    """Every method blocks, and any thread may call it."""

    def possible(self) -> dict[str, Any]:
        """Return for each of WAYS whether it would be carried out now, and the reason if not."""
        if os.environ.get(ENVIRONMENT) != "1":  # a panel on somebody's own computer
            reason = "the panel does not run as the box's service"
            return {**dict.fromkeys(WAYS, False), "reason": reason}
        can, reason = {}, ""
        for name, (method, _) in WAYS.items():
            try:
                said = _ask(method)
            except UserError as error:
                said, reason = "", str(error)
            can[name] = said == 's "yes"'
            if said and not can[name]:
                reason = "the box does not let the panel do that (no polkit rule, or it is busy)"
        return {**can, "reason": reason}

    def carry_out(self, name: str) -> None:
        """Begin it. Raises ApiError, 409 where the box refuses."""
        _, act = WAYS[name]
        try:
            act()
        except UserError as error:
            told = from_user_error(error, 409)
            raise ApiError(409, told.error, "use its power switch") from None


def _ask(method: str) -> str:
    """Call a method of logind and return its answer as busctl prints it. Raises UserError."""
    command = ["busctl", "--system", f"--timeout={TIMEOUT_S:g}", "call", *_LOGIN, method]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"systemd cannot be asked ({error})") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise UserError(lines[-1].removeprefix("Call failed: ").rstrip("."))
    return done.stdout.strip()
