"""Deploy a model onto one device or many."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ddsp_edge.bundles.bundle import Bundle, read_bundle, write_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.remote import signing
from ddsp_edge.remote.connection import DeviceConnection
from ddsp_edge.system.atomic_files import read_limited

T = TypeVar("T")
MAX_SIGNATURE_BYTES = 64 * 1024  #: ssh-keygen's have less than 3,000
#: Devices at a time.
AT_ONCE = 8


class Connection(Protocol):
    """Carries requests to ``ddsp-edge receive``, as :class:`DeviceConnection` does."""

    def call(
        self,
        verb: str,
        data: bytes = b"",
        step: Callable[[str], None] = ...,
        sent: Callable[[int], None] = ...,
        **arguments: Any,
    ) -> dict[str, Any]:
        """One request, with the bytes that follow it; the answer. Raises UserError."""


@dataclass(frozen=True)
class Parcel:
    """What is sent: a checked bundle as bytes, with its signature where it has one."""

    path: Path
    bundle: Bundle
    data: bytes = field(repr=False)
    signature: bytes | None = field(repr=False)


def pack(path: Path, scratch: Path) -> Parcel:
    """Read and check what is to be sent. Raises UserError.

    DDSP-VST's files become bundles on the way (in the folder ``scratch``). A signature beside
    the file (``FILE.sig``) goes with it.
    """
    bundle = read_bundle(path)
    source, signature = path, signing.signature_path(path)
    if bundle.info.profile == "vst" and not bundle.card:
        source = scratch / "bundle.zip"
        bundle = write_bundle(source, replace(bundle, card=f"# {bundle.info.name}\n"))
        if signature.exists():
            raise UserError(
                f"{signature}: signs a DDSP-VST file, which is sent as a bundle; make it one "
                "first (ddsp-edge models add) and sign that"
            )
    signed = read_limited(signature, MAX_SIGNATURE_BYTES) if signature.is_file() else None
    return Parcel(path, bundle, source.read_bytes(), signed)


def deploy(
    parcel: Parcel,
    connection: Connection,
    activate: bool = True,
    allow_downgrade: bool = False,
    step: Callable[[str], None] = lambda _: None,
    sent: Callable[[int], None] = lambda _: None,
    name: str | None = None,
) -> dict[str, Any]:
    """Send it; the device's answer with ``seconds`` added. Raises UserError."""
    begun = time.monotonic()
    signature = parcel.signature
    answer = connection.call(
        "put",
        parcel.data,
        step,
        sent,
        size=len(parcel.data),
        sha256=hashlib.sha256(parcel.data).hexdigest(),
        signature=base64.b64encode(signature).decode() if signature else None,
        activate=activate,
        allow_downgrade=allow_downgrade,
        name=name,
    )
    return {**answer, "seconds": round(time.monotonic() - begun, 2)}


@dataclass(frozen=True)
class Outcome:
    """The result of a deployment on one host."""

    host: str
    answer: dict[str, Any] | None  #: None where it failed
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON takes it."""
        if self.answer is None:
            return {"host": self.host, "ok": False, "error": self.error}
        return {"host": self.host, **self.answer}


def on_each(
    hosts: Sequence[str],
    work: Callable[[DeviceConnection], dict[str, Any]],
    done: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Do the same on every device, as :func:`on_each_host`, through ``ddsp-edge receive``."""

    def connected(host: str, batch: bool) -> dict[str, Any]:
        with DeviceConnection(host, batch) as connection:
            return work(connection)

    return on_each_host(hosts, connected, done)


def on_each_host(
    hosts: Sequence[str],
    work: Callable[[str, bool], dict[str, Any]],
    done: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Do the same for every host, AT_ONCE at a time; a host that fails stops no other.

    ``work`` gets the host, and whether ssh must never ask the user anything.
    """
    batch = len(hosts) > 1

    def one(host: str) -> Outcome:
        try:
            outcome = Outcome(host, work(host, batch))
        except UserError as error:
            outcome = Outcome(host, None, str(error))
        done(outcome)
        return outcome

    with ThreadPoolExecutor(min(AT_ONCE, max(1, len(hosts)))) as pool:
        try:
            return list(pool.map(one, dict.fromkeys(hosts)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
