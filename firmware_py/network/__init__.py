"""The box's networks: a program of its own that joins Wi-Fi networks and opens a hotspot."""
