"""A trained network is converted, quantized, measured and bundled here."""
