"""Which decoder plays a bundle: C where it agrees with the TFLite runtime, else the runtime.

The first time that a file is met, C and the runtime play it side by side
(:mod:`ddsp_edge.decoding.agreement`); the verdict is kept by the SHA-256 of the file, so that a
later start needs no runtime. The verdicts on the shipped models come with the program.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import write_atomically
from ddsp_edge.tflite.network import UnknownGraphError, read_network
from ddsp_edge.tflite.runtimes import RuntimeMissing
from native.decoder import Network

#: The most that C may differ from the runtime, in dB.
LIMIT_DB = 0.05
#: Raised when the C decoder or the comparison changes: older verdicts are made anew.
CHECKS = 1
SHIPPED = Path(__file__).resolve().parents[1] / "models" / "verdicts.json"
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether C or a TFLite runtime decodes a model's file, and the reason."""

    network: Network | None  #: None: a TFLite runtime decodes
    reason: str  #: one line, for people

    def __str__(self) -> str:
        return f"C, {self.reason}" if self.network else f"LiteRT, because {self.reason}"


def network_of(bundle: Bundle) -> Network | None:
    """The network that C plays, or None where a TFLite runtime has to. See :func:`judge`."""
    return judge(bundle).network


def judge(bundle: Bundle) -> Verdict:
    """Which decoder plays a bundle that was tried; any thread may ask.

    Costs some milliseconds for a file that was judged before, a second for a new one. Raises
    UserError where the runtime that is to be compared with refuses the file.
    """
    return _judge(_Once(bundle, _digest(bundle)))


def is_known(bundle: Bundle) -> bool:
    """Whether the file is known to play in C, without asking a runtime."""
    worst_db = _kept(_digest(bundle))
    return worst_db is not None and worst_db <= LIMIT_DB


def forget() -> None:
    """Judge every file anew in this process; what is kept on disk stays."""
    _judge.cache_clear()
    _shipped.cache_clear()


@dataclass(frozen=True, slots=True)
class _Once:
    """A bundle as the key of a cache: the same bytes are the same file."""

    bundle: Bundle
    digest: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Once) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


@lru_cache(maxsize=32)
def _judge(which: _Once) -> Verdict:
    try:
        network = Network(read_network(which.bundle.model))
    except UnknownGraphError as error:
        return Verdict(None, f"its network is not one of this program's ({error})")
    except ValueError as error:  # larger than the kernel's bounds
        return Verdict(None, f"its network is too large for C ({error})")
    worst_db = _kept(which.digest)
    if worst_db is None:
        # Imported here: most files have been compared before.
        from ddsp_edge.decoding import agreement

        try:
            worst_db = agreement.compare(which.bundle, network).worst_db
        except RuntimeMissing:
            return Verdict(network, "not compared: no TFLite runtime is installed")
        _keep(which.digest, worst_db)
    if worst_db <= LIMIT_DB:
        return Verdict(network, f"within {max(worst_db, 1e-4):.1g} dB of LiteRT")
    far = f"{worst_db:.2g} dB" if math.isfinite(worst_db) else "not finite"
    return Verdict(None, f"C would be {far} from it, more than {LIMIT_DB} dB")


def _digest(bundle: Bundle) -> str:
    return hashlib.sha256(bundle.model).hexdigest()


@lru_cache(maxsize=1)
def _shipped() -> dict[str, float]:
    """Return the verdicts that come with the program: SHA-256 to dB."""
    try:
        told = json.loads(SHIPPED.read_text(encoding="utf-8"))
        if told["checks"] != CHECKS:
            return {}
        return {str(key): float(value) for key, value in told["worst_db"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _kept(digest: str) -> float | None:
    """The difference that was found earlier, in dB; None where there is no (sane) record."""
    if digest in (shipped := _shipped()):
        return shipped[digest]
    try:
        with _record(digest).open("rb") as stream:
            told = json.loads(stream.read(_MOST_BYTES))
        value = told["worst_db"]
        return math.inf if value is None else max(0.0, float(value))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _keep(digest: str, worst_db: float) -> None:
    """Write a record; where nothing can be written it is compared again next time."""
    path = _record(digest)
    value = worst_db if math.isfinite(worst_db) else None
    with contextlib.suppress(OSError, UserError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"worst_db": value}).encode())


def _record(digest: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "ddsp-edge" / "verdicts" / f"{digest}-{CHECKS}.json"
