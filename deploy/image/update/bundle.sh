#!/bin/sh
# Makes a signed update of a slot's content:
#
#   sh deploy/image/update/bundle.sh SQUASHFS ARCH VERSION KERNEL OUT.raucb
#
# KERNEL: the release whose modules it holds (uname -r): a box with another one refuses it. Needs rauc and squashfs-tools
# (Debian 12 and 13).
set -eu
[ $# = 5 ] || {
    echo "usage: bundle.sh SQUASHFS ARCH VERSION KERNEL OUT.raucb" >&2
    exit 2
}
system=$1 arch=$2 version=$3 kernel=$4 out=$5
stop() {
    echo "update: $*" >&2
    exit 2
}
for tool in rauc mksquashfs; do
    command -v $tool >/dev/null || stop "$tool is missing: apt-get install --no-install-recommends rauc squashfs-tools"
done
[ -s "$system" ] || stop "$system is not there: make image first"
keys=$(sh "$(dirname "$0")/keys.sh")
scratch=$(mktemp -d "$(dirname "$out")/.update.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
mkdir "$scratch/content"
ln "$system" "$scratch/content/system.img" 2>/dev/null || cp "$system" "$scratch/content/system.img"
cat >"$scratch/content/manifest.raucm" <<END
[update]
compatible=ddsp-edge-$arch
version=$version
description=ddsp-edge with Linux $kernel

[bundle]
format=verity

[image.system]
filename=system.img
END
rauc --cert="$keys/update-cert.pem" --key="$keys/update-key.pem" bundle "$scratch/content" "$scratch/made.raucb" \
    >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    stop "rauc made no bundle (see above)"
}
mv "$scratch/made.raucb" "$out"
echo "$out: $(($(stat -c %s "$out") / 1000000)) MB, version $version, Linux $kernel, for $arch"
