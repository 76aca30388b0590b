"""Models on this machine: the catalog, installing, the store, the sandbox that tries a model."""
