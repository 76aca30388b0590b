"""The networks that the trainer knows."""
