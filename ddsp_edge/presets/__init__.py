"""Presets, control mappings and the actions of controls."""
