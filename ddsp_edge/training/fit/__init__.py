"""Losses, the differentiable synthesiser, the training loop and what it writes."""
