"""What the operating system offers: files, archives, configuration, audio files, the host."""
