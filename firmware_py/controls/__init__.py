"""Footswitches, expression pedals, encoders, USB pedals, lights and the bypass relay.

The service uses :class:`ControlDispatcher` alone. The table ``[controls]`` of the config says what
is wired to which pin (:mod:`firmware_py.controls.config`, docs/pedal.md).
"""

from firmware_py.controls.config import ControlsConfig
from firmware_py.controls.dispatcher import ControlDispatcher

__all__ = ["ControlDispatcher", "ControlsConfig"]
