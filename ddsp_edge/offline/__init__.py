"""Rendering a file: the renderer, its report and its picture."""
