"""Models onto a device over ssh: what the sender and the receiving device do."""
