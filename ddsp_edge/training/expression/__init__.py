"""Learns how an instrument is played from recordings: notes, what they do, what it depends on."""
