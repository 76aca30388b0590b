"""A fresh board made ready over ssh: deploy/install.sh is sent and run there."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.remote.connection import ssh_words

ROOT = Path(__file__).resolve().parents[2]
#: What install.sh needs when it builds on the board.
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE", "native",
           "ddsp_edge", "firmware_py", "deploy")  # fmt: skip
LEFT_OUT = re.compile(r"(^|/)(__pycache__|.*\.(so|o|pyc)|_kernel\.c|_stream\.c|.*\.egg-info)(/|$)")
NO_ROOT = 77  #: exit code of SCRIPT
#: Unpacked beside nothing, run as root, and gone again.
SCRIPT = f"""\
set -e; as=; [ "$(id -u)" = 0 ] || {{ as="sudo -n"; $as true || exit {NO_ROOT}; }}
d=$(mktemp -d); trap '$as rm -rf "$d"' EXIT; tar -x -C "$d" -f -
cd "$d"; $as sh deploy/install.sh "$@" </dev/null"""


def provision(host: str, options: Sequence[str], wheelhouse: Path | None = None) -> int:
    """Run install.sh with ``options`` on ``host``; its output goes to ours. Its exit code, 0 or 2.

    Raises UserError where there is nothing to send or no connection.
    """
    if not (ROOT / "deploy" / "install.sh").is_file():
        raise UserError(
            f"{ROOT}: provisioning is done from a clone of the repository, which has deploy/; "
            "this is an installed package"
        )
    words = list(options)
    if wheelhouse is not None:
        if not any(wheelhouse.glob("ddsp_edge-*.whl")):
            raise UserError(f"{wheelhouse}: holds no wheel of ddsp-edge; make one (docs/deploy.md)")
        words += ["--wheelhouse", "wheels"]
    remote = shlex.join(["sh", "-c", SCRIPT, "install", *words])
    with subprocess.Popen(
        [*ssh_words(host), remote], stdin=subprocess.PIPE, stdout=sys.stdout, stderr=sys.stderr
    ) as process:
        assert process.stdin is not None
        try:
            process.stdin.write(_archive(wheelhouse))
            process.stdin.close()
        except BrokenPipeError:
            pass
        code = process.wait()
    if code == 255:
        raise UserError(f"{host}: ssh has no connection (see above)")
    if code == NO_ROOT:
        raise UserError(
            f"{host}: may not become root there without a password; log in as root, or allow it: "
            "sudo visudo"
        )
    if code not in (0, 2):  # 2: install.sh has said why
        raise UserError(
            f"{host}: provisioning ended with exit code {code} (see above); run it again"
        )
    return code


def _archive(wheelhouse: Path | None) -> bytes:
    """A tar of what is needed, with nothing of this machine's users in it."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if LEFT_OUT.search(member.name):
            return None
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name in SOURCES if wheelhouse is None else ("deploy",):
            archive.add(ROOT / name, name, filter=plain)
        if wheelhouse is not None:
            for wheel in sorted(wheelhouse.glob("*.whl")):
                archive.add(os.path.realpath(wheel), f"wheels/{wheel.name}", filter=plain)
    return stream.getvalue()
