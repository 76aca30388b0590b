"""Recordings are read, assessed, cut into pieces and analysed here."""
