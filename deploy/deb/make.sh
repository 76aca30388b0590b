#!/bin/sh
# `make deb`: the package, from wheels that are made first unless WHEELS names a folder of them:
#
#   sh deploy/deb/make.sh ARCH WHEELS OUT        WHEELS: '' makes them
#
# For this machine's architecture with Debian's own Python; for arm64 elsewhere cross-compiled, as
# for the emulated board (docs/board.md).
set -eu
cd "$(dirname "$0")/../.."
arch=$1 wheels=$2 out=$3
if [ -z "$wheels" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    wheels=$scratch/wheels
    if [ "$arch" = "$(dpkg --print-architecture)" ]; then
        echo "making wheels with $(/usr/bin/python3 --version)"
        /usr/bin/python3 -m venv "$scratch/venv"
        pip="$scratch/venv/bin/pip -q --disable-pip-version-check"
        $pip install wheel # for what has no pyproject.toml
        $pip wheel -w "$wheels" '.[live,pedal,panel]'
    elif [ "$arch" = arm64 ]; then
        TRAIN=${TRAIN:-0} sh deploy/set-up.sh board
        mkdir "$wheels"
        echo "making wheels for arm64"
        PYTHONPATH=tests .venv/bin/python -m board.wheels "$wheels" >/dev/null
    else
        echo "deb: for $arch give the folder of its wheels: make deb ARCH=$arch WHEELS=..." >&2
        exit 2
    fi
fi
sh deploy/deb/build.sh "$arch" "$wheels" "$out"
