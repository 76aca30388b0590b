"""Opens the sound card, watches it, and takes it back after it was unplugged."""

from __future__ import annotations


class CardKeeper:
    """To come with native.stream."""
