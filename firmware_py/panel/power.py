"""Restart and shutdown of the box, asked of systemd's logind.

The panel's user may ask for both where deploy/polkit/60-ddsp-edge.rules is installed. busctl asks,
as a child that is ended after TIMEOUT_S; it is part of systemd, and no shell takes part.
"""

from __future__ import annotations

import subprocess
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.system.supervised import started_by_systemd
from ddsp_edge.web.answers import ApiError

TIMEOUT_S = 10.0
#: What can be asked for to logind's method.
METHODS = {"reboot": "Reboot", "power_off": "PowerOff"}
_LOGIN = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
_NO_SERVICE = "the panel does not run as the box's service"


class Power:
    """Every method blocks, and any thread may call it."""

    def possible(self) -> dict[str, Any]:
        """Return for each of METHODS whether it would be carried out now, and the reason if not."""
        if not started_by_systemd():  # a panel on somebody's own computer
            return {**dict.fromkeys(METHODS, False), "reason": _NO_SERVICE}
        can, reason = {}, ""
        for name, method in METHODS.items():
            try:
                said = _ask(f"Can{method}")
            except UserError as error:
                said, reason = "", str(error)
            can[name] = said == 's "yes"'
            if said and not can[name]:
                reason = "the box does not let the panel do that (no polkit rule, or it is busy)"
        return {**can, "reason": reason}

    def carry_out(self, name: str) -> None:
        """Begin it. Raises ApiError, 409 where the box refuses."""
        try:
            if not started_by_systemd():
                raise UserError(_NO_SERVICE)
            _ask(METHODS[name], "b", "false")  # ask nobody for a password
        except UserError as error:
            what = "restarted" if name == "reboot" else "shut down"
            raise ApiError(409, f"the box is not {what}: {error}", "use its power switch") from None


def _ask(method: str, *arguments: str) -> str:
    """Call a method of logind and return its answer as busctl prints it. Raises UserError."""
    options = ("--system", "--allow-interactive-authorization=no", f"--timeout={TIMEOUT_S:g}")
    command = ["busctl", *options, "call", *_LOGIN, method, *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"systemd cannot be asked ({error})") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise UserError(lines[-1].removeprefix("Call failed: "))
    return done.stdout.strip()
