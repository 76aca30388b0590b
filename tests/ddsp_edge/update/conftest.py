"""A box with two slots."""

from update_box import update_box, update_keys

__all__ = ["update_box", "update_keys"]
