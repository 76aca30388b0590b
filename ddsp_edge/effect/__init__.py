"""The pedal's side: feature frames from analysed audio."""
