"""From feature frames to control frames: conditioning, decoding, morphing."""
