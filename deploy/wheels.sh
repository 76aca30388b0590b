#!/bin/sh
# `make wheels`: our wheel and all that it needs, for a board without a network:
#
#   sh deploy/wheels.sh ARCH FOLDER
#
# For this machine's architecture with Debian's own Python; for arm64 elsewhere cross-compiled, as
# for the emulated board (docs/board.md). Either way for the Debian release of this machine.
set -eu
cd "$(dirname "$0")/.."
arch=$1 folder=$2
mkdir -p "$folder"
rm -f "$folder"/*.whl
if [ "$arch" = "$(dpkg --print-architecture)" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    echo "making wheels with $(/usr/bin/python3 --version)"
    /usr/bin/python3 -m venv "$scratch"
    pip="$scratch/bin/pip -q --disable-pip-version-check"
    $pip install wheel # for what has no pyproject.toml
    $pip wheel -w "$folder" '.[live,pedal,panel]'
elif [ "$arch" = arm64 ]; then
    TRAIN=${TRAIN:-0} sh deploy/set-up.sh board
    echo "making wheels for arm64"
    PYTHONPATH=tests .venv/bin/python -m board.wheels "$folder" >/dev/null
else
    echo "wheels: for $arch they are made on such a machine" >&2
    exit 2
fi
