"""A device that takes models over ssh."""

from receiving_box import device, keys, lv2_box, pedal, trusted

__all__ = ["device", "keys", "lv2_box", "pedal", "trusted"]
