"""Signed bundles, by OpenSSH's own ``ssh-keygen -Y`` and the keys that users already have.

The signature covers the bundle's bytes, so also the instrument's name and the time it was made
(metadata.json): a renamed or older file is no other file to the one who signed it, and the
receiver compares both (:mod:`ddsp_edge.library.store`).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.system.atomic_files import write_atomically

#: What a signature was made for (ssh-keygen's ``-n``): one for git or e-mail is no good here.
NAMESPACE = "ddsp-edge-bundle"
MAX_SIGNATURE_BYTES = 16 * 1024
BEGIN = b"-----BEGIN SSH SIGNATURE-----"
TIMEOUT_S = 60.0  #: a key on a token may wait for a touch


def signature_path(bundle: Path) -> Path:
    """Return the path of a bundle's signature, beside the bundle."""
    return bundle.with_name(bundle.name + ".sig")


def _keygen() -> str:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise UserError("ssh-keygen is missing; install it: sudo apt-get install openssh-client")
    return program


def sign(bundle: Path, key: Path) -> Path:
    """Sign a file with a private key (or a public one whose private one the agent has).

    Returns the signature's path, beside the file. Raises UserError.
    """
    if not key.is_file():
        raise UserError(f"{key}: no such key; make one with: ssh-keygen -t ed25519 -f {key}")
    target = signature_path(bundle)
    # Elsewhere first: an earlier signature stays until there is a new one, and ssh-keygen, which
    # writes beside the file that it is given, would ask.
    with tempfile.TemporaryDirectory(prefix="ddsp-edge-") as folder:
        link = Path(folder) / "bundle"
        link.symlink_to(bundle.resolve())
        command = [_keygen(), "-q", "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(link)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise UserError(f"{key}: signing took more than {TIMEOUT_S:g} s") from None
        made = signature_path(link)
        if done.returncode != 0 or not made.is_file():
            raise UserError(f"{bundle}: not signed with {key}: {_reason(done.stderr)}")
        write_atomically(target, made.read_bytes())
    return target


def verify(data: bytes, signature: bytes, trusted: Path) -> str:
    """Who of the ``trusted`` (an OpenSSH allowed_signers file) signed the bytes.

    Raises UserError, with the reason, where nobody did.
    """
    if not trusted.is_file():
        raise UserError(f"{trusted}: no such file of trusted keys; see docs/deploy.md")
    if len(signature) > MAX_SIGNATURE_BYTES or not signature.startswith(BEGIN):
        raise UserError("the signature is not one of ssh-keygen; sign it with: ddsp-edge sign")
    with tempfile.TemporaryDirectory(prefix="ddsp-edge-") as folder:
        path = Path(folder) / "signature"
        path.write_bytes(signature)
        found = _run(["find-principals", "-s", str(path), "-f", str(trusted)])
        signers = found.stdout.decode("utf-8", "replace").split()
        if found.returncode != 0 or not signers:
            raise UserError(
                f"it is signed by a key that {trusted} does not trust, or the signature is damaged"
            )
        words = ["verify", "-s", str(path), "-f", str(trusted), "-I", signers[0]]
        good = _run([*words, "-n", NAMESPACE], data)
        if good.returncode != 0:
            raise UserError(f"the signature does not fit the file ({_reason(good.stderr)})")
    return signers[0]


def _run(words: list[str], data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [_keygen(), "-Y", *words], input=data, capture_output=True, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"ssh-keygen took more than {TIMEOUT_S:g} s") from None


def _reason(text: str | bytes) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
