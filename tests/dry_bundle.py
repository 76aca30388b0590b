"""A model without its response of body and room: its voices alone."""

from __future__ import annotations

from dataclasses import replace

from ddsp_edge.bundles.bundle import Bundle


def dry(bundle: Bundle) -> Bundle:
    """The bundle as it would be had nothing but its voices been learnt."""
    return replace(bundle, response=None, info=replace(bundle.info, response_gain=None))
