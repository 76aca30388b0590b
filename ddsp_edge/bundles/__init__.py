"""Model bundles: the file format, its metadata, and what DDSP-VST asks of a model."""
