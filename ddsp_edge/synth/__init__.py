"""The sound module's side: feature frames from MIDI."""
