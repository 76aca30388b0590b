#!/bin/sh
# Puts what updates need into the files of a system that is being made:
#
#   sh deploy/image/update/install.sh ROOT ARCH VERSION CERT
#
# VERSION: numbers with dots between, which grow. CERT: whose updates the box accepts (keys.sh makes it).
set -eu
[ $# = 4 ] || {
    echo "usage: install.sh ROOT ARCH VERSION CERT" >&2
    exit 2
}
root=$1 arch=$2 version=$3 cert=$4
here=$(dirname "$0")

put() { install -D -m "$1" "$here/$2" "$root/$3"; }

put 755 ../boot-state usr/lib/ddsp-edge/boot-state
put 755 rauc-boot usr/lib/ddsp-edge/rauc-boot
put 755 ddsp-edge-confirm usr/lib/ddsp-edge/ddsp-edge-confirm
for unit in ddsp-edge-confirm.service ddsp-edge-update.path ddsp-edge-update.service; do
    put 644 $unit usr/lib/systemd/system/$unit
done
put 644 rauc.service usr/lib/systemd/system/rauc.service
put 644 watchdog.conf usr/lib/systemd/system.conf.d/ddsp-edge-watchdog.conf
put 644 bus.conf etc/dbus-1/system.d/ddsp-edge-rauc.conf
put 644 tmpfiles.conf usr/lib/tmpfiles.d/ddsp-edge-update.conf
printf 'IMAGE_ID=ddsp-edge\nIMAGE_VERSION=%s\n' "$version" >"$root/usr/lib/ddsp-edge/system-release"
mkdir -p "$root/etc/rauc" "$root/etc/systemd/system/sysinit.target.wants" "$root/etc/systemd/system/multi-user.target.wants"
sed "s/@COMPATIBLE@/ddsp-edge-$arch/" "$here/system.conf" >"$root/etc/rauc/system.conf"
install -D -m 644 "$cert" "$root/etc/ddsp-edge/update-cert.pem"
ln -sf /usr/lib/systemd/system/ddsp-edge-confirm.service "$root/etc/systemd/system/sysinit.target.wants/"
ln -sf /usr/lib/systemd/system/ddsp-edge-update.path "$root/etc/systemd/system/multi-user.target.wants/"
