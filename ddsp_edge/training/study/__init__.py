"""Searches, sweeps and baselines."""
