"""The LV2 plug-in's files: its description in Turtle, its presets and its models."""
