"""Updates of the whole system on boxes made from the card image (docs/update.md)."""
