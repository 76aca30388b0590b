"""Shutting down and restarting the machine, through systemd as an ordinary user.

Only programs that the box's units start may do it (they set ENVIRONMENT): an engine in a
terminal must not shut down somebody's computer.
"""

from __future__ import annotations

import os

from ddsp_edge.errors import UserError

#: Which systemd must agree to: deploy/polkit lets the box's own users do it.
POWER_OFF = ("systemctl", "--no-ask-password", "poweroff")
RESTART = ("systemctl", "--no-ask-password", "reboot")
ENVIRONMENT = "DDSP_EDGE_MAY_SHUT_DOWN"
ANSWER_S = 20.0


def power_off(command: tuple[str, ...] = POWER_OFF) -> None:
    """Shut the machine down: programs end, file systems are unmounted, then it halts.

    Returns as soon as systemd has begun. Raises UserError where it refuses. Blocks; any thread.
    """
    _run(command, "the box cannot be shut down")


def restart(command: tuple[str, ...] = RESTART) -> None:
    """Restart the machine, as :func:`power_off`. Raises UserError where systemd refuses."""
    _run(command, "the box cannot be restarted")


def _run(command: tuple[str, ...], problem: str) -> None:
    import subprocess  # not before the first sound

    remedy = f"at a terminal: sudo systemctl {command[-1]}"
    if os.environ.get(ENVIRONMENT) != "1":
        raise UserError(f"{problem}: this program is not the box's service; {remedy}")
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_S,
        )
    except FileNotFoundError:
        raise UserError(f"{problem}: there is no {command[0]} here") from None
    except subprocess.TimeoutExpired:
        raise UserError(f"{problem}: systemd does not answer; {remedy}") from None
    except OSError as error:
        raise UserError(f"{problem} ({error.strerror or error}); {remedy}") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        said = " ".join((lines or [f"exit code {done.returncode}"])[0].split())[:120]
        raise UserError(f"{problem} ({said}); {remedy}")
