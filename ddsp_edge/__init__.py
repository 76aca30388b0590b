"""ddsp-edge: neural instruments on a Raspberry Pi-class board."""

__version__ = "0.1.0"
