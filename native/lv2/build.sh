#!/bin/sh
# Builds the plug-in's folder from native/ alone: OUT/ddsp-edge.lv2 with the binary and its
# description. The models come with `ddsp-edge models export-lv2` (`make lv2` does both).
#
#   sh native/lv2/build.sh ARCH OUT       ARCH: amd64, arm64 or armhf (default: this machine's)
#
# CC, CFLAGS and LV2_INCLUDE (a folder with lv2/core/lv2.h) are taken from the environment.
set -eu
arch=${1:-$(dpkg --print-architecture 2>/dev/null || uname -m)} out=${2:-out}
here=$(cd "$(dirname "$0")" && pwd)
native=$(dirname "$here")
stop() {
    printf 'lv2: %s\n' "$*" >&2
    exit 2
}

flags=
case $arch in
amd64 | x86_64) arch=amd64 cross=x86_64-linux-gnu- own=x86_64 ;;
arm64 | aarch64) arch=arm64 cross=aarch64-linux-gnu- own=aarch64 ;;
# NEON is what every 32-bit board has that is fast enough (Raspberry Pi 2, MOD Duo).
armhf | armv7l) arch=armhf cross=arm-linux-gnueabihf- own=armv7l flags='-march=armv7-a -mfpu=neon -mfloat-abi=hard -Wno-psabi' ;;
*) stop "$arch: amd64, arm64 or armhf" ;;
esac
if [ -n "${CC:-}" ]; then
    compiler=$CC
elif [ "$(uname -m)" = "$own" ]; then
    compiler=cc
else
    compiler=${cross}gcc
fi
command -v "${compiler%% *}" >/dev/null ||
    stop "no compiler for $arch ($compiler): apt-get install gcc-${cross%-} libc6-dev-$arch-cross"

# The headers are the same for every machine; only their folder is given to a cross compiler,
# not what else lies in /usr/include.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/include"
for folder in ${LV2_INCLUDE:-} /usr/include /usr/local/include; do
    [ -e "$folder/lv2/core/lv2.h" ] || continue
    ln -s "$folder/lv2" "$work/include/lv2"
    break
done
[ -e "$work/include/lv2" ] || stop "no LV2 headers: apt-get install lv2-dev"

old=
if printf '#include <stdlib.h>\n#ifndef __GLIBC__\n#error\n#endif\n' | $compiler -fsyntax-only -x c - 2>/dev/null; then
    old="-include $here/old_libc.h"
fi

folder=$out/ddsp-edge.lv2
mkdir -p "$folder"
# As native/build_kernel.py; nothing but lv2_descriptor is visible from outside.
options="-std=c11 -O3 -Wall -Wextra -fno-math-errno -fno-trapping-math -ffp-contract=fast -fvisibility=hidden -fPIC $flags ${CFLAGS:-}"
includes="$old -I$native/include -I$native/src -I$native -isystem $work/include"
find "$native/src" "$here" -name '*.c' | sort |
    compiler=$compiler options=$options includes=$includes work=$work xargs -P "$(nproc)" -I '{}' sh -c '
        $compiler $options $includes -c "$1" -o "$work/$(printf %s "$1" | tr -c "A-Za-z0-9\n" _).o"' compile '{}'
# shellcheck disable=SC2086
$compiler -shared -Wl,-z,defs -Wl,--as-needed $options -o "$work/ddsp-edge.so" "$work"/*.o -lm -pthread
# Whole or not at all: a host may have it open.
mv "$work/ddsp-edge.so" "$folder/ddsp-edge.so"
for file in manifest.ttl effect.ttl instrument.ttl; do
    # The manifest with presets is the exporter's.
    if [ "$file" = manifest.ttl ] && [ -e "$folder/presets.ttl" ]; then continue; fi
    cp "$here/$file" "$folder/$file"
done
cp "$here/modgui.ttl" "$here/README.txt" "$folder/"
mkdir -p "$folder/modgui"
cp "$here"/modgui/* "$folder/modgui/"
chmod 755 "$folder" "$folder/ddsp-edge.so"
printf '%s\n' "$folder"
