"""The instrument on a stage: sound card in and out, MIDI, models changed while they play."""
