#!/bin/sh
# Makes OUT/ddsp-edge-lv2_VERSION_ARCH.deb from a plug-in's folder (native/lv2/build.sh and
# `ddsp-edge models export-lv2`, or `make lv2`):
#
#   sh deploy/deb/lv2.sh ARCH FOLDER VERSION OUT       ARCH: amd64, arm64 or armhf
#
# It depends on the C library only, and neither needs nor disturbs the package ddsp-edge.
set -eu
arch=${1:?amd64, arm64 or armhf} folder=${2:?ddsp-edge.lv2} version=${3:?version} out=${4:?folder}
. "$(dirname "$0")/common.sh"

case $arch in
amd64 | arm64 | armhf) find_strip "$arch" ;;
*) stop "$arch: amd64, arm64 or armhf" ;;
esac
[ -e "$folder/ddsp-edge.so" ] && [ -e "$folder/models/violin.ddspw" ] ||
    stop "$folder: no plug-in with its models there (make lv2)"

plugin=$stage/usr/lib/lv2/ddsp-edge.lv2
mkdir -p "$plugin"
cp -r "$folder"/. "$plugin"
"$strip" --strip-unneeded "$plugin/ddsp-edge.so"
# The newest symbols that it uses of the C library, by the library's own names.
libc=$(LC_ALL=C readelf -V "$plugin/ddsp-edge.so" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
[ -n "$libc" ] || stop "$folder/ddsp-edge.so: cannot be read by readelf"
write_docs ddsp-edge-lv2 "$version" 'the models are trained on the recordings of others:' </dev/null
write_overrides ddsp-edge-lv2 </dev/null
find "$stage/usr" -type d -exec chmod 755 {} +
find "$stage/usr" -type f -exec chmod 644 {} +
write_control ddsp-edge-lv2 "$version" "$arch" <<CONTROL
Depends: libc6 (>= ${libc#GLIBC_})
Description: neural instruments as LV2 plug-ins
 An effect, which follows what is sung or played into it, and an instrument for
 MIDI, for hosts such as Ardour, Carla, Zynthian, MOD and PiPedal. Models in the
 manner of DDSP (differentiable digital signal processing) turn pitch and
 loudness into the harmonics and noise of an instrument.
CONTROL
pack ddsp-edge-lv2 "$version" "$arch" "$out"
