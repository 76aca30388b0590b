"""Model files: the FlatBuffer, its check, its signature, the runtimes that execute it."""
