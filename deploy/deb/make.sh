#!/bin/sh
# `make deb`: wheels for this Debian's own Python, unless WHEELS names a folder of them, then the
# package.  sh deploy/deb/make.sh ARCH WHEELS OUT
set -eu
cd "$(dirname "$0")/../.."
arch=$1 wheels=$2 out=$3
if [ -z "$wheels" ]; then
    if [ "$arch" != "$(dpkg --print-architecture)" ]; then
        echo "deb: for $arch give the folder of its wheels: make deb ARCH=$arch WHEELS=..." >&2
        exit 2
    fi
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    wheels=$scratch/wheels
    echo "making wheels with $(/usr/bin/python3 --version)"
    /usr/bin/python3 -m venv "$scratch/venv"
    "$scratch/venv/bin/pip" -q --disable-pip-version-check wheel -w "$wheels" '.[live,pedal,panel]'
fi
sh deploy/deb/build.sh "$arch" "$wheels" "$out"
