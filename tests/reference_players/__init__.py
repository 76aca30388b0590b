"""The players of native/src/player in plain Python: slow, and what the C ones must agree with."""
