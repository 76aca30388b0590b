"""MIDI input: ports, the network, the byte parser, the ALSA sequencer."""
