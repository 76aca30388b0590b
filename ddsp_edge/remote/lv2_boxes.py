"""Models on boxes that run another host than ours: a folder of LV2 presets, put there over ssh.

The box needs no ddsp-edge, only sh, tar and sha256sum. What is sent is a folder of its own for
each model, which hosts read beside the plug-in's (:mod:`ddsp_edge.lv2.folder`).
"""

from __future__ import annotations

import hashlib
import io
import re
import shlex
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddsp_edge.bundles.bundle import Bundle
from ddsp_edge.errors import UserError
from ddsp_edge.lv2.folder import export
from ddsp_edge.remote.connection import ssh_words

#: Of a folder of ours on a box: PREFIX, the model's name, ``.lv2``.
PREFIX = "ddsp-edge-model-"
LONGEST_S = 120
MOST_MODELS = 1000


@dataclass(frozen=True, slots=True)
class HostKind:
    """A kind of box: how it is recognised, where its host looks, and what is to be done then."""

    name: str
    title: str
    markers: tuple[str, ...]  #: one of these files or folders is there
    folder: str
    then: str


#: In the order in which they are tried; the last one takes every box. docs/lv2.md says from which
#: of the projects' sources each folder is known.
KINDS = (
    HostKind(
        "zynthian",
        "Zynthian",
        ("/zynthian/zynthian-ui",),
        "/zynthian/zynthian-my-data/presets/lv2",
        "in webconf: Software, Engines, Search for Presets",
    ),
    HostKind(
        "pipedal",
        "PiPedal",
        ("/etc/pipedal/config",),
        "/usr/lib/lv2",
        "PiPedal looks there anew within seconds; else: sudo systemctl restart pipedald",
    ),
    HostKind("mod", "MOD", ("/usr/share/mod",), "~/.lv2", "switch the box off and on"),
    HostKind("lv2", "LV2 host", ("/",), "~/.lv2", "rescan the host's plug-ins"),
)

#: Run on the box. Arguments: verb, folder ("" is found by kind), the model's name, and for each
#: kind its name, folder, number of markers and the markers. Answers lines of "key value".
SCRIPT = r"""
set -eu; umask 022
fail() { printf 'error %s\n' "$1"; exit 3; }
verb=$1 folder=$2 name=$3 kind=; shift 3
while [ $# -gt 0 ]; do
    k=$1 f=$2 n=$3; shift 3
    while [ "$n" -gt 0 ]; do
        if [ -z "$kind" ] && [ -e "$1" ]; then kind=$k; [ -n "$folder" ] || folder=$f; fi
        n=$((n - 1)); shift
    done
done
case $folder in '~') folder=$HOME ;; '~/'*) folder=$HOME/${folder#'~/'} ;; esac
case $folder in /*) ;; *) fail "$folder: name a folder from the root, or from ~/" ;; esac
printf 'kind %s\nfolder %s\n' "$kind" "$folder"
as=
may() {
    mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ] && return
    if sudo -n true 2>/dev/null; then as='sudo -n'; $as mkdir -p "$folder" && return; fi
    fail "$folder: may not be written; log in as root, or allow it: sudo visudo"
}
for d in "$folder" /zynthian/zynthian-plugins/lv2 /usr/lib/lv2 /usr/local/lib/lv2 "$HOME/.lv2"; do
    [ ! -e "$d/ddsp-edge.lv2/ddsp-edge.so" ] || { printf 'plugin %s\n' "$d/ddsp-edge.lv2"; break; }
done
case $verb in
put)
    command -v sha256sum >/dev/null || fail 'no sha256sum there'
    may
    # Hosts read no manifest.ttl two folders down.
    stage=$($as mktemp -d "$folder/.ddsp-edge-XXXXXX") || fail "$folder: cannot be written"
    trap '$as rm -rf "$stage"' EXIT
    trap 'exit 4' HUP INT TERM
    $as mkdir "$stage/new"
    $as tar -x -o -f - -C "$stage/new" || fail 'what came is not whole'
    # The staging folder may be root's alone.
    $as sh -c 'cd "$1" && sha256sum -c SHA256SUMS' sums "$stage/new" >/dev/null 2>&1 ||
        fail 'what came is not whole'
    target=$folder/$name
    trap '' HUP INT TERM PIPE
    $as chmod -R u+rwX,go+rX "$stage/new"
    if [ -e "$target" ]; then
        $as mv "$target" "$stage/old" || fail "$target: cannot be replaced"
        $as mv "$stage/new" "$target" || {
            $as mv "$stage/old" "$target"
            fail "$target: cannot be written"
        }
        printf 'news replaced\n'
    else
        $as mv "$stage/new" "$target" || fail "$target: cannot be written"
        printf 'news added\n'
    fi
    ;;
remove)
    [ -d "$folder/$name" ] || fail "$folder/$name: is not there"
    may
    $as rm -rf "$folder/$name" || fail "$folder/$name: cannot be removed"
    ;;
list)
    for d in "$folder"/PREFIX*.lv2; do
        [ -e "$d/SHA256SUMS" ] || continue
        state=damaged
        ! (cd "$d" && sha256sum -c SHA256SUMS) >/dev/null 2>&1 || state=whole
        d=${d##*/PREFIX}
        d=${d%.lv2}
        case $d in *[!a-z0-9_-]*) continue ;; esac # no name that put gives
        printf 'model %s %s\n' "$state" "$d"
    done
    ;;
esac
printf 'done\n'
""".replace("PREFIX", PREFIX)


def model_folder(bundle: Bundle, name: str) -> bytes:
    """Return a tar of a model's folder, with its checksums. Raises UserError.

    ``name`` is the model's on the box: small letters, digits, ``-`` and ``_``.
    """
    check_name(name)
    with tempfile.TemporaryDirectory(prefix="ddsp-edge-") as scratch:
        folder = Path(scratch) / f"{PREFIX}{name}.lv2"
        export([(name, bundle)], folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        contents = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {n}\n" for n, data in contents.items())
    contents["SHA256SUMS"] = sums.encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, data in contents.items():
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def check_name(name: str) -> None:
    """Raise UserError for what is no name of a model on a box."""
    if not re.fullmatch(r"[a-z0-9_][a-z0-9_-]{0,63}", name):
        raise UserError(
            f"{name!r} is no name of a model on a box: small letters, digits, - and _ "
            "(--name chooses one)"
        )


def put(host: str, folder: str, name: str, data: bytes, batch: bool = False) -> dict[str, Any]:
    """Put :func:`model_folder`'s tar onto a box; the old one stays until the new one is whole.

    ``folder`` is where the box's host looks, "" where its kind decides. Raises UserError.
    """
    return _call(host, "put", folder, f"{PREFIX}{name}.lv2", data, batch)


def remove(host: str, folder: str, name: str, batch: bool = False) -> dict[str, Any]:
    """Remove a model from a box. Raises UserError."""
    check_name(name)
    return _call(host, "remove", folder, f"{PREFIX}{name}.lv2", b"", batch)


def listed(host: str, folder: str, batch: bool = False) -> dict[str, Any]:
    """Return the models on a box: ``models`` has a name and whether it is whole for each."""
    return _call(host, "list", folder, "", b"", batch)


def kind_named(name: str) -> HostKind:
    """Return the kind of box that SCRIPT names; the last one for a name that is none."""
    return next((kind for kind in KINDS if kind.name == name), KINDS[-1])


def _call(host: str, verb: str, folder: str, name: str, data: bytes, batch: bool) -> dict[str, Any]:
    words = [verb, folder, name]
    for kind in KINDS:
        words += [kind.name, kind.folder, str(len(kind.markers)), *kind.markers]
    remote = shlex.join(["sh", "-c", SCRIPT, "lv2", *words])
    try:
        done = subprocess.run(
            [*ssh_words(host, batch), remote], input=data, capture_output=True, timeout=LONGEST_S
        )
    except OSError as error:
        raise UserError(f"ssh: cannot be started ({error.strerror})") from None
    except subprocess.TimeoutExpired:
        raise UserError(f"{host}: no answer within {LONGEST_S} s") from None
    answer = _answer(done.stdout.decode("utf-8", "replace"))
    if "error" in answer:
        raise UserError(f"{host}: {answer['error']}")
    if not answer.pop("done", False):
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line]
        last = _printable(said[-1]) if said else f"exit code {done.returncode}"
        why = "ssh has no connection" if done.returncode == 255 else "the box broke off"
        raise UserError(f"{host}: {why} ({last})")
    found = kind_named(str(answer.get("kind")))
    return {"ok": True, **answer, "host_kind": found.title, "then": found.then}


def _answer(text: str) -> dict[str, Any]:
    """SCRIPT's lines, whatever a box's shell prints before them."""
    found: dict[str, Any] = {"models": []}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        value = _printable(value)
        if key == "done":
            found["done"] = True
        elif key in ("kind", "folder", "plugin", "news", "error"):
            found[key] = value
        elif key == "model" and len(found["models"]) < MOST_MODELS:
            state, _, name = value.partition(" ")
            found["models"].append({"name": name, "whole": state == "whole"})
    return found


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:500])
