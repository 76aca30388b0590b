"""Feet and hands: footswitches, expression pedals, encoders, USB pedals, lights, the relay.

:class:`Controls` is all that the program needs; what is wired where is ``[controls]`` of the
config (:mod:`firmware_py.controls.config`, docs/pedal.md).
"""

from firmware_py.controls.config import ControlsConfig
from firmware_py.controls.dispatcher import Controls

__all__ = ["Controls", "ControlsConfig"]
