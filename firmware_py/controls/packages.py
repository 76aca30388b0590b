"""The packages that controls need. Each is optional: without one the device plays all the same."""

from __future__ import annotations

from typing import Any

from ddsp_edge.errors import UserError


class MissingPackage(UserError):
    """A package is not installed; what it is needed for is left out, everything else works."""


def load_gpiozero() -> Any:
    """Import gpiozero. Raises MissingPackage with the command that installs it."""
    try:
        import gpiozero
    except ImportError:
        raise MissingPackage(
            "controls: gpiozero is not installed; pip install 'ddsp-edge[pedal]'"
        ) from None
    return gpiozero


def load_lgpio_factory() -> Any:
    """Make gpiozero's pin factory over lgpio.

    Raises MissingPackage with the command that installs it.
    """
    try:
        from gpiozero.pins.lgpio import LGPIOFactory
    except ImportError as error:
        raise MissingPackage(
            f"controls: the board's pins need lgpio ({error}); on Raspberry Pi OS: "
            "sudo apt-get install -y python3-lgpio"
        ) from None
    return LGPIOFactory()


def load_evdev() -> Any:
    """Import evdev. Raises MissingPackage with the command that installs it."""
    try:
        import evdev
    except ImportError:
        raise MissingPackage(
            "controls: evdev is not installed; pip install 'ddsp-edge[pedal]'"
        ) from None
    return evdev
