"""The server of the control socket: peers, requests, events."""
