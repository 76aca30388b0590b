#!/bin/sh
# `make deb`: the package, from wheels that are made first unless WHEELS names a folder of them:
#
#   sh deploy/deb/make.sh ARCH WHEELS OUT [RELEASE]     WHEELS: '' makes them (deploy/wheels.sh)
set -eu
cd "$(dirname "$0")/../.."
arch=$1 wheels=$2 out=$3 release=${4:-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -z "$wheels" ]; then
    wheels=$scratch/wheels
    sh deploy/wheels.sh "$arch" "$wheels" "$release"
fi
# Man pages and completion are the same for every architecture.
sh deploy/set-up.sh play
.venv/bin/python -c 'import argparse_manpage, shtab' 2>/dev/null ||
    .venv/bin/python -m pip install -qq --disable-pip-version-check -e '.[shell]'
.venv/bin/python deploy/shell_files.py "$scratch/usr"
sh deploy/deb/build.sh "$arch" "$wheels" "$out" "$scratch/usr/share"
