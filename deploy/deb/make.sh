#!/bin/sh
# `make deb`: the package, from wheels that are made first unless WHEELS names a folder of them:
#
#   sh deploy/deb/make.sh ARCH WHEELS OUT [RELEASE]     WHEELS: '' makes them (deploy/wheels.sh)
set -eu
cd "$(dirname "$0")/../.."
arch=$1 wheels=$2 out=$3 release=${4:-}
if [ -z "$wheels" ]; then
    wheels=$(mktemp -d)
    trap 'rm -rf "$wheels"' EXIT
    sh deploy/wheels.sh "$arch" "$wheels" "$release"
fi
sh deploy/deb/build.sh "$arch" "$wheels" "$out"
