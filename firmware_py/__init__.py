"""The program on the device. Live audio, MIDI ports and the service arrive with a later issue."""
