"""What a device accepts: /etc/ddsp-edge/deploy.toml, or $DDSP_EDGE_DEPLOY."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ddsp_edge.api.protocol import default_socket
from ddsp_edge.library.catalog import user_folder
from ddsp_edge.system.toml_config import from_dict, read_toml

ENVIRONMENT = "DDSP_EDGE_DEPLOY"
PATH = Path("/etc/ddsp-edge/deploy.toml")


@dataclass(frozen=True, slots=True)
class Policy:
    """The keys of deploy.toml; without the file, any valid bundle is taken from any login."""

    models: Path = field(default_factory=user_folder)  #: where models are installed
    require_signature: bool = False
    trusted_keys: Path = PATH.parent / "allowed_signers"  #: OpenSSH's format
    allow_downgrade: bool = True  #: whether --allow-downgrade is obeyed
    socket: Path = field(default_factory=default_socket)  #: of the engine
    unit: str = "ddsp-edge.service"  #: whose log is shown


def load_policy(path: Path | None = None) -> Policy:
    """Return the file's policy, or the default one where there is no file. Raises UserError."""
    chosen = path or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if chosen is None and not PATH.exists():
        return Policy()
    return from_dict(Policy, read_toml(chosen or PATH), str(chosen or PATH))
