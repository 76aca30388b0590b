"""Sound cards: which there are, what they can do, their settings and mixer levels."""
