"""Experiments: network search, hyperparameter sweeps, the baseline."""
