"""From recordings to training data."""
