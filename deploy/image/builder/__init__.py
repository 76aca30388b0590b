"""Makes the card image: `make image` (docs/image.md). Nothing here needs root, and no maintainer
script of Debian's runs outside a virtual machine."""
