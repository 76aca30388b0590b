#!/bin/sh
# `make wheels`: our wheel and all that it needs, for a board without a network:
#
#   sh deploy/wheels.sh ARCH FOLDER [RELEASE]     ARCH: amd64 or arm64
#
# For this machine's architecture, or cross-compiled for arm64 as for the emulated board
# (docs/board.md). RELEASE is the board's Debian by its codename (bookworm, trixie; default: this
# machine's), not older than this machine's: our own wheel serves every later one. Where PyPI has
# no wheels for that release's Python, Debian packages lie beside the wheels. EXTRAS in the
# environment names the package's extras (default: live,pedal,panel; with a display also display).
set -eu
export EXTRAS="${EXTRAS:-live,pedal,panel}"
cd "$(dirname "$0")/.."
arch=$1 folder=$2
here=$(. /etc/os-release && echo "$VERSION_CODENAME")
release=${3:-$here}
stop() {
    echo "wheels: $*" >&2
    exit 2
}
number() { # of a codename, among those that this can be made for
    case $1 in bookworm) echo 12 ;; trixie) echo 13 ;; forky) echo 14 ;; *) stop "$1: bookworm, trixie or forky" ;; esac
}
wanted=$(number "$release") own=$(number "$here")
[ "$wanted" -ge "$own" ] || stop "for $release they are made on Debian $wanted or older, this is $own"
case $arch in "$(dpkg --print-architecture)" | arm64) ;; *) stop "for $arch they are made on such a machine" ;; esac
mkdir -p "$folder"
rm -f "$folder"/*.whl "$folder"/*.deb
cross=
[ "$arch" = "$(dpkg --print-architecture)" ] || cross=1

if [ -n "$cross" ]; then
    TRAIN=${TRAIN:-0} sh deploy/set-up.sh board
    python=.venv/bin/python
else
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    /usr/bin/python3 -m venv "$scratch"
    python=$scratch/bin/python
fi
echo "making wheels for $arch, Debian $wanted ($release)"
pip="$python -m pip -q --disable-pip-version-check"
board() { PYTHONPATH=tests $python -m "board.$1" "$2" ${3:+"$3" "$4"} >/dev/null; }
if [ "$release" = bookworm ]; then # PyPI has wheels, or they are made
    if [ -n "$cross" ]; then
        board wheels "$folder"
    else
        $pip install wheel # for what has no pyproject.toml
        $pip wheel -w "$folder" ".[$EXTRAS]"
    fi
else
    if [ -n "$cross" ]; then
        PYTHONPATH=tests $python -c 'import shutil, sys; from board.wheels import our_wheel; shutil.copy(our_wheel(), sys.argv[1])' "$folder" >/dev/null
    else
        $pip wheel --no-deps -w "$folder" .
    fi
    board release "$release" "$arch" "$folder"
fi
