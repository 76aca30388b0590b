"""The C kernel and its one Python door, :mod:`native.kernel`."""
