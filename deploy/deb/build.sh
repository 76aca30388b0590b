#!/bin/sh
# Makes OUT/ddsp-edge_VERSION_ARCH.deb from a folder of wheels (ours and what it needs):
#
#   sh deploy/deb/build.sh ARCH WHEELS OUT SHARE  ARCH: amd64 or arm64; SHARE: for /usr/share
#                                                 (deploy/shell_files.py)
#
# Most of Debian's Python packages are older than what we need, and LiteRT is not among them: the
# wheels lie in /usr/lib/ddsp-edge, for the one Python version that they were built for. Hardware
# packages that the folder has no wheel of are Debian's own, which apt then brings.
set -eu
arch=${1:?amd64 or arm64} wheels=$(cd "${2:?folder of wheels}" && pwd) out=${3:?folder} share=${4:?folder}
. "$(dirname "$0")/common.sh"
here=$(dirname "$deb")

case $arch in
amd64) machine=x86_64 ;;
arm64) machine=aarch64 ;;
*) stop "$arch: amd64 or arm64" ;;
esac
find_strip "$arch"
ours=$(ls "$wheels"/ddsp_edge-*"$machine".whl 2>/dev/null) || stop "$wheels: no wheel of ddsp-edge for $machine"
version=$(basename "$ours" | cut -d- -f2)
python=3.$(find "$wheels" -name 'numpy-*' | sed -n 's/.*numpy-.*-cp3\([0-9]*\)-.*/\1/p')
# Two releases' packages have different names, and an upgrade of the system upgrades ours.
case $python in
3.11) debian=12 ;;
3.13) debian=13 ;;
3.14) debian=14 ;;
*) debian='' ;;
esac
version=$version+${debian:+deb$debian}
[ -n "$debian" ] || version=${version}py$python
depends='' recommends=alsa-utils,\ openssh-server,\ polkitd
# Only boxes with a display of their own need these (docs/display.md).
suggests=network-manager,\ iw,\ avahi-daemon,\ python3-luma.oled,\ python3-luma.lcd,\ python3-gpiozero
for pair in python_rtmidi:python3-rtmidi pyalsaaudio:python3-alsaaudio evdev:python3-evdev; do
    ls "$wheels/${pair%%:*}"-*.whl >/dev/null 2>&1 || depends="$depends, ${pair#*:}"
done
# Raspberry Pi OS has it, Debian has not.
ls "$wheels" | grep -q '^\(adafruit_\)\{0,1\}lgpio-.*\.whl$' || recommends="$recommends, python3-lgpio"

site=$stage/usr/lib/ddsp-edge/site
mkdir -p "$site"
for wheel in "$wheels"/*.whl; do
    case $(basename "$wheel") in
    setuptools-*) ;; # wanted by a build, not here
    *) python3 -m zipfile -e "$wheel" "$site" ;;
    esac
done
rm -rf "${site:?}"/*.data "${site:?}"/bin
# LiteRT's plug-ins for the accelerators of telephones.
rm -rf "$site/ai_edge_litert/vendors"
# Tests, headers and sources of others are of no use on a device.
find "$site" \( -name tests -o -name include \) -type d -prune ! -path '*/ddsp_edge/*' ! -path '*/native/*' -exec rm -rf {} +
find "$site" -name '*.a' -delete
# Only our own: what auditwheel has patched does not load after strip.
"$strip" --strip-unneeded "$site"/native/*.so
find "$site" -type d -exec chmod 755 {} +
find "$site" -type f -exec chmod 644 {} +
find "$site" -name '*.py' -exec sed -i '1s|^#!.*|# (run by python3)|' {} +

put() { install -D -m "${3:-644}" "$1" "$stage$2"; }
mkdir -p "$stage/usr/bin" "$stage/usr/lib/systemd/system"
cat >"$stage/usr/bin/ddsp-edge" <<'WRAPPER'
#!/bin/sh
PYTHONPATH=/usr/lib/ddsp-edge/site exec /usr/bin/python3 -s -P -m ddsp_edge "$@"
WRAPPER
sed 's/-m ddsp_edge/-m firmware_py.panel/' "$stage/usr/bin/ddsp-edge" >"$stage/usr/bin/ddsp-edge-panel"
sed 's/-m ddsp_edge/-m firmware_py.display/' "$stage/usr/bin/ddsp-edge" >"$stage/usr/bin/ddsp-edge-display"
chmod 755 "$stage/usr/bin/ddsp-edge" "$stage/usr/bin/ddsp-edge-panel" "$stage/usr/bin/ddsp-edge-display"
for unit in "$here"/systemd/ddsp-edge*.service "$here"/systemd/*.path "$here"/systemd/on-demand/*.service; do
    sed -e 's|/opt/ddsp-edge/venv/bin/python|/usr/bin/python3|' \
        -e 's|^\[Service\]$|&\nEnvironment=PYTHONPATH=/usr/lib/ddsp-edge/site PYTHONNOUSERSITE=1|' "$unit" \
        >"$stage/usr/lib/systemd/system/$(basename "$unit")"
done
mkdir -p "$stage/usr/share"
cp -r "$share"/. "$stage/usr/share/"
for rule in "$here"/udev/*.rules; do put "$rule" "/usr/lib/udev/rules.d/$(basename "$rule")"; done
for rule in "$here"/polkit/*.rules; do put "$rule" "/usr/share/polkit-1/rules.d/$(basename "$rule")"; done
for users in "$here"/sysusers.d/*.conf; do put "$users" "/usr/lib/sysusers.d/$(basename "$users")"; done
put "$here/tmpfiles.d/ddsp-edge-panel.conf" /usr/lib/tmpfiles.d/ddsp-edge-panel.conf
put "$here/files/ddsp-edge-governor.conf" /usr/lib/tmpfiles.d/ddsp-edge-governor.conf
printf 'd %s 2775 ddsp-edge ddsp-edge -\n' /var/lib/ddsp-edge /var/lib/ddsp-edge/models \
    /var/lib/ddsp-edge/presets >"$stage/usr/lib/tmpfiles.d/ddsp-edge.conf"
put "$here/files/ddsp-edge-limits.conf" /etc/security/limits.d/ddsp-edge.conf
put "$here/config.toml" /etc/ddsp-edge/config.toml
put "$here/deploy.toml" /etc/ddsp-edge/deploy.toml
for kind in boards hats uses; do
    for file in "$here/$kind"/*; do put "$file" "/usr/share/ddsp-edge/$kind/$(basename "$file")"; done
done

mkdir -p "$stage/usr/share/man/man1"
write_docs ddsp-edge "$version" 'what is not ours:' <<'COPYRIGHT'
 .
 Python packages in /usr/lib/ddsp-edge/site: each has its licence in its .dist-info.
COPYRIGHT
printf '.TH DDSP-EDGE 1\n.SH NAME\nddsp-edge \\- neural instruments\n.SH SYNOPSIS\n.B ddsp-edge\nCOMMAND ...\n.SH DESCRIPTION\nPitch and loudness in, a violin out. ddsp-edge --help names the commands.\n' |
    gzip -9n >"$stage/usr/share/man/man1/ddsp-edge.1.gz"
printf '.TH DDSP-EDGE-PANEL 1\n.SH NAME\nddsp-edge-panel \\- the instrument in a browser\n.SH SYNOPSIS\n.B ddsp-edge-panel\n[--config PATH] [--host ADDRESS] [--port PORT]\n.SH DESCRIPTION\nServes the panel; ddsp-edge panel-code shows the code that lets a phone in.\n' |
    gzip -9n >"$stage/usr/share/man/man1/ddsp-edge-panel.1.gz"
printf '.TH DDSP-EDGE-DISPLAY 1\n.SH NAME\nddsp-edge-display \\- the display and knob of the box\n.SH SYNOPSIS\n.B ddsp-edge-display\n[--config PATH] [--picture FILE]\n.SH DESCRIPTION\nShows what plays on an OLED or a display of characters, and acts on an encoder, as [display] in the configuration says. With --picture it writes what an OLED would show as a PNG.\n' |
    gzip -9n >"$stage/usr/share/man/man1/ddsp-edge-display.1.gz"
write_overrides ddsp-edge <<'OVERRIDES'
# Wheels bring their own libraries, built for many systems.
ddsp-edge: embedded-library
# They are as their projects made them: strip breaks what auditwheel has patched.
ddsp-edge: unstripped-binary-or-object
ddsp-edge: custom-library-search-path
ddsp-edge: library-not-linked-against-libc
OVERRIDES

minor=${python#3.}
write_control ddsp-edge "$version" "$arch" <<CONTROL
Depends: libc6, libgcc-s1, libstdc++6, python3 (>= $python), python3 (<< 3.$((minor + 1))), systemd, libasound2t64 | libasound2 (>= 1.1)$depends
Recommends: $recommends
Suggests: $suggests
Description: neural instruments: sing or play in, a violin comes out
 A stage pedal and a headless MIDI sound module. Models in the manner of DDSP
 (differentiable digital signal processing) turn pitch and loudness into the
 harmonics and noise of an instrument, in real time on a small board.
CONTROL
install -m 755 "$deb/postinst" "$deb/prerm" "$deb/postrm" "$stage/DEBIAN/"
pack ddsp-edge "$version" "$arch" "$out"
echo "for $arch${debian:+, Debian $debian} (Python $python)"
