"""Sending an instrument to a box, as ``ddsp-edge deploy`` does."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.remote.connection import DeviceConnection
from ddsp_edge.remote.deploy import deploy, pack
from ddsp_edge.studio.project import Project


def send(project: Project, host: str) -> dict[str, Any]:
    """Deploy the instrument to ``host`` ([USER@]HOST[:PORT]) and play it there; the box's answer.

    ssh asks nothing here: keys and known hosts are those that a terminal uses. Blocks. Raises
    UserError.
    """
    path = project.finished().path
    assert path is not None  # it was read from there
    with tempfile.TemporaryDirectory(prefix="ddsp-edge-") as scratch:
        parcel = pack(path, Path(scratch))
    try:
        with DeviceConnection(host, batch=True) as connection:
            return deploy(parcel, connection)
    except UserError as error:
        if "ssh has no connection" in str(error):
            raise UserError(f"{error}; try `ssh {host}` in a terminal once") from None
        raise
