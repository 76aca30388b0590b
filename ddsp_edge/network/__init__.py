"""The box in its networks, as its programs see it: names, QR codes, asking the network service."""
