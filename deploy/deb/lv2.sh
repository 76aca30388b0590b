#!/bin/sh
# Makes OUT/ddsp-edge-lv2_VERSION_ARCH.deb from a plug-in's folder (native/lv2/build.sh and
# `ddsp-edge models export-lv2`, or `make lv2`):
#
#   sh deploy/deb/lv2.sh ARCH FOLDER VERSION OUT       ARCH: amd64, arm64 or armhf
#
# It depends on the C library only, and neither needs nor disturbs the package ddsp-edge.
set -eu
arch=${1:?amd64, arm64 or armhf} folder=${2:?ddsp-edge.lv2} version=${3:?version} out=${4:?folder}
root=$(cd "$(dirname "$0")/../.." && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
stop() {
    printf 'deb: %s\n' "$*" >&2
    exit 2
}

case $arch in
amd64) strip=x86_64-linux-gnu-strip ;;
arm64) strip=aarch64-linux-gnu-strip ;;
armhf) strip=arm-linux-gnueabihf-strip ;;
*) stop "$arch: amd64, arm64 or armhf" ;;
esac
[ -e "$folder/ddsp-edge.so" ] && [ -e "$folder/models/violin.ddspw" ] ||
    stop "$folder: no plug-in with its models there (make lv2)"
command -v "$strip" >/dev/null || strip=llvm-strip
command -v "$strip" >/dev/null || stop "no strip for $arch: apt-get install binutils or llvm"

plugin=$stage/usr/lib/lv2/ddsp-edge.lv2
docs=$stage/usr/share/doc/ddsp-edge-lv2
mkdir -p "$plugin" "$docs" "$stage/usr/share/lintian/overrides" "$stage/DEBIAN"
cp -r "$folder"/. "$plugin"
"$strip" --strip-unneeded "$plugin/ddsp-edge.so"
# The newest symbols that it uses of the C library, by the library's own names.
libc=$(LC_ALL=C readelf -V "$plugin/ddsp-edge.so" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
[ -n "$libc" ] || stop "$folder/ddsp-edge.so: cannot be read by readelf"
{
    printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
    printf 'Upstream-Name: ddsp-edge\n\nFiles: *\nCopyright: the authors of ddsp-edge\nLicense: Apache-2.0\n'
    printf ' On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n'
    printf 'Comment: the models are trained on the recordings of others:\n'
    sed -e 's/^$/./' -e 's/^/ /' "$root/NOTICE"
} >"$docs/copyright"
printf 'ddsp-edge-lv2 (%s) stable; urgency=medium\n\n  * See CHANGELOG.md of the sources.\n\n -- ddsp-edge <ddsp-edge@localhost>  %s\n' \
    "$version" "$(date -R -d "@${SOURCE_DATE_EPOCH:-0}")" | gzip -9n >"$docs/changelog.gz"
cat >"$stage/usr/share/lintian/overrides/ddsp-edge-lv2" <<'OVERRIDES'
# The project has no address of its own yet.
ddsp-edge-lv2: bogus-mail-host
ddsp-edge-lv2: bogus-mail-host-in-debian-changelog
OVERRIDES
find "$stage/usr" -type d -exec chmod 755 {} +
find "$stage/usr" -type f -exec chmod 644 {} +
cat >"$stage/DEBIAN/control" <<CONTROL
Package: ddsp-edge-lv2
Version: $version
Architecture: $arch
Maintainer: ddsp-edge <ddsp-edge@localhost>
Section: sound
Priority: optional
Installed-Size: $(du -sk "$stage/usr" | cut -f1)
Depends: libc6 (>= ${libc#GLIBC_})
Description: neural instruments as LV2 plug-ins
 An effect, which follows what is sung or played into it, and an instrument for
 MIDI, for hosts such as Ardour, Carla, Zynthian, MOD and PiPedal. Models in the
 manner of DDSP (differentiable digital signal processing) turn pitch and
 loudness into the harmonics and noise of an instrument.
CONTROL
(cd "$stage" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$stage/DEBIAN/md5sums"
mkdir -p "$out"
dpkg-deb --root-owner-group -Zxz --build "$stage" "$out/ddsp-edge-lv2_${version}_$arch.deb"
