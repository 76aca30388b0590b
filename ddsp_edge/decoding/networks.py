"""The network of a bundle, as the kernel executes it."""

from __future__ import annotations

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.tflite.network import UnknownGraphError, read_network
from native.decoder import Network


def network_of(bundle: Bundle) -> Network | None:
    """Return the network, or None where the file holds one that C does not know."""
    try:
        return Network(read_network(bundle.model))
    except UnknownGraphError:
        return None
