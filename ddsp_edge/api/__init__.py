"""The control socket as clients see it: its verbs, its protocol, a client, the pairing code."""
