"""A device that takes models over ssh."""

from receiving_box import device, keys, pedal, trusted

__all__ = ["device", "keys", "pedal", "trusted"]
