"""The socket's file: made with its permissions, taken from a dead engine, never from a live one."""

from __future__ import annotations

import contextlib
import grp
import os
import socket
import stat
from pathlib import Path

from ddsp_edge.errors import UserError

BACKLOG = 16


def listen(path: Path, mode: int = 0o660, group: str = "") -> socket.socket:
    """A listening, non-blocking Unix socket at ``path``.

    ``group``: who besides this user may connect; "" leaves the process's own. A socket that
    nobody listens to any more (kill -9) is replaced. Raises UserError.
    """
    gid = _group_id(path, group)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Made beside its place, finished, then moved there: nobody meets it half made.
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_to_displace(path)
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        server.bind(str(partial))
        os.chmod(partial, 0o600)
        if gid is not None:
            os.chown(partial, -1, gid)
        os.chmod(partial, mode)
        server.listen(BACKLOG)
        os.replace(partial, path)
    except UserError:
        server.close()
        raise
    except OSError as error:  # also a path longer than 107 bytes
        server.close()
        with contextlib.suppress(OSError):
            partial.unlink()
        raise UserError(
            f"{path}: the control socket cannot be made ({error.strerror or error}); "
            "choose another [control] socket in the config"
        ) from None
    server.setblocking(False)
    return server


def _group_id(path: Path, group: str) -> int | None:
    if not group:
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise UserError(
            f"{path}: no group is called {group!r}; make it (groupadd --system {group}) or "
            'set [control] group = ""'
        ) from None


def _refuse_to_displace(path: Path) -> None:
    """Raises UserError where an engine listens already, or where something else lies."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(kind):
        raise UserError(f"{path}: is there and is no socket; remove it or choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return  # left behind by an engine that was killed
        except OSError:
            pass  # busy, or not ours: somebody is there
    raise UserError(f"{path}: another engine is listening there; stop it first")
