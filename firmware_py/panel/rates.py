"""Rate limits: a token bucket for each client, by its address or IPv6 network."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import OrderedDict

MAX_CLIENTS = 1024


def network_of(address: str) -> str:
    """Return what an address counts as: itself, or its network of 2^64 addresses in IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(found), 64), strict=False))


class Bucket:
    """A token bucket: ``burst`` requests at once, then ``rate_hz``. For one thread."""

    __slots__ = ("_at_s", "_burst", "_rate_hz", "_tokens")

    def __init__(self, rate_hz: float, burst: float) -> None:
        self._rate_hz, self._burst, self._tokens = rate_hz, burst, burst
        self._at_s = time.monotonic()

    def take(self) -> bool:
        """Take a token; return whether there was one, so that one more may pass."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at_s) * self._rate_hz)
        self._at_s = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    async def wait(self) -> None:
        """Wait until there is a token, and take it."""
        while not self.take():
            await asyncio.sleep((1.0 - self._tokens) / self._rate_hz)


class Buckets:
    """A bucket for each client; those silent longest are forgotten. For one thread."""

    def __init__(self, rate_hz: float, burst: float) -> None:
        self._rate_hz, self._burst = rate_hz, burst
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, client: str) -> bool:
        """Return whether the client may send one more request now."""
        bucket = self._buckets.pop(client, None) or Bucket(self._rate_hz, self._burst)
        self._buckets[client] = bucket
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return bucket.take()
