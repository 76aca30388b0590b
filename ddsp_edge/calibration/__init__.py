"""A model measured over its whole range, and the loudness map that follows from it."""
