#!/bin/sh
# Makes this board a ddsp-edge: packages, user, program, service, limits. Run it as root, from
# the folder it lies in or any other:
#
#   sudo sh deploy/install.sh [--board NAME] [--hat NAME] [--wheelhouse DIR] [--extras LIST]
#                             [--as USE] [--panel WHERE] [--login USER] [--read-only-root] [--no-start]
#   sudo sh deploy/install.sh --uninstall [--keep]
#
#   --board NAME       a file of deploy/boards; found out where it is not given
#   --hat NAME         a file of deploy/hats: the audio hardware
#   --as USE           pedal (follows its input), module (follows MIDI notes) or both (the default)
#   --panel WHERE      all: the panel is served on every network; box: on the board itself only (the default)
#   --wheelhouse DIR   wheels for this board, ours too; then nothing is fetched by pip
#   --extras LIST      of the package (default: live,pedal,panel; with a display of its own also display)
#   --login USER       may deploy models and use the control socket (default: who called sudo)
#   --read-only-root   the root file system is read-only from the next start (overlayroot)
#   --no-start         install and enable only
#   --uninstall        nothing stays; with --keep your models, presets and configuration do
#
# A second run changes nothing and says so. Exit code 2: what is missing is said in the last line.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
prefix=/opt/ddsp-edge
state=/var/lib/ddsp-edge
etc=/etc/ddsp-edge
overlay=/etc/overlayroot.local.conf overlaid='overlayroot="tmpfs:recurse=0"'
board='' hat='' use='' panel='' wheelhouse='' extras=live,pedal,panel login=${SUDO_USER:-}
start=1 uninstall='' keep='' read_only='' changed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say() { printf '%s\n' "$*"; }
stop() {
    printf 'install: %s\n' "$*" >&2
    exit 2
}
did() {
    changed=$((changed + 1))
    say "  $*"
}

while [ $# -gt 0 ]; do
    case $1 in
    --board | --hat | --as | --panel | --wheelhouse | --extras | --login)
        [ $# -ge 2 ] || stop "$1 needs a value"
        case $1 in
        --board) board=$2 ;;
        --hat) hat=$2 ;;
        --as) use=$2 ;;
        --panel) panel=$2 ;;
        --wheelhouse) wheelhouse=$2 ;;
        --extras) extras=$2 ;;
        --login) login=$2 ;;
        esac
        shift
        ;;
    --read-only-root) read_only=1 ;;
    --no-start) start= ;;
    --uninstall) uninstall=1 ;;
    --keep) keep=1 ;;
    *) stop "unknown option $1; see the head of $0" ;;
    esac
    shift
done
[ "$(id -u)" = 0 ] || stop "run it as root: sudo sh $0"

# The kernel's first process is systemd: units can be started, not only enabled.
running() { [ -d /run/systemd/system ]; }
services="ddsp-edge.service ddsp-edge-panel.service ddsp-edge-display.service ddsp-edge-network.service"
# What the box is to a computer that it hangs on: not every board can be that, and it plays without.
optional="ddsp-edge-gadget.path ddsp-edge-gadget.service"
groups="audio gpio i2c input spi"
made=$etc/.groups # those of them that were not here before

cores=/etc/systemd/system/ddsp-edge.service.d irqs=/etc/tmpfiles.d/ddsp-edge-four-cores.conf
audio_core() { grep -q '^cpu = 3' "$here/boards/$board.toml"; } # the board's profile gives the audio thread one

# from | to | mode: every file that is simply put into its place.
files() {
    for unit in $services $optional; do
        echo "$here/systemd/$unit /etc/systemd/system/$unit 644"
    done
    for unit in "$here"/systemd/on-demand/*.service; do # started by udev, not at the start
        [ -e "$unit" ] && echo "$unit /etc/systemd/system/$(basename "$unit") 644"
    done
    for rule in "$here"/udev/*.rules; do
        [ -e "$rule" ] && echo "$rule /etc/udev/rules.d/$(basename "$rule") 644"
    done
    for rule in "$here"/polkit/*.rules; do # where there is polkit, which may allow it
        [ -d /etc/polkit-1/rules.d ] && [ -e "$rule" ] && echo "$rule /etc/polkit-1/rules.d/$(basename "$rule") 644"
    done
    echo "$here/files/ddsp-edge-governor.conf /etc/tmpfiles.d/ddsp-edge-governor.conf 644"
    if audio_core; then
        echo "$here/systemd/four-cores.conf $cores/four-cores.conf 644"
        echo "$here/files/ddsp-edge-four-cores.conf $irqs 644"
    fi
    echo "$here/files/ddsp-edge-limits.conf /etc/security/limits.d/ddsp-edge.conf 644"
}

boot_config() {
    for path in /boot/firmware/config.txt /boot/config.txt; do
        [ -e $path ] && echo $path && return
    done
    return 0
}

# Needs no other file: the Ansible role sends this one alone. What it goes by is removed last, so
# that a second run finishes what was cut off.
if [ -n "$uninstall" ]; then
    last=$etc
    [ -z "$keep" ] || last=$prefix
    if [ ! -e "$last" ]; then
        say "nothing of ddsp-edge is here"
        exit 0
    fi
    for unit in $optional $services; do
        ! running || systemctl -q disable --now "$unit" 2>/dev/null || true
        rm -f "/etc/systemd/system/$unit" "/etc/systemd/system/multi-user.target.wants/$unit"
        [ -n "$keep" ] || rm -rf "/etc/systemd/system/$unit.d"
    done
    rm -f /etc/systemd/system/ddsp-edge-stick@.service
    [ ! -d /sys/kernel/config/usb_gadget/ddsp-edge ] ||
        $prefix/venv/bin/python -P -m firmware_py.usb_gadget stop || true # until the next start then
    rm -f /etc/udev/rules.d/60-ddsp-edge.rules /etc/udev/rules.d/90-ddsp-edge-stick.rules /etc/polkit-1/rules.d/60-ddsp-edge*.rules /etc/tmpfiles.d/ddsp-edge-governor.conf $irqs \
        /etc/security/limits.d/ddsp-edge.conf /usr/local/bin/ddsp-edge
    rm -rf /run/ddsp-edge /run/ddsp-edge-panel /run/ddsp-edge-display /run/ddsp-edge-network
    if [ "$(cat $overlay 2>/dev/null)" = "$overlaid" ]; then rm $overlay; fi
    config=$(boot_config)
    [ -z "$config" ] || sed -i '/^# ddsp-edge: begin$/,/^# ddsp-edge: end$/d' "$config"
    if [ -z "$keep" ]; then
        if mountpoint -q "$state"; then # the partition stays, empty
            find "$state" -mindepth 1 -delete
        else
            rm -rf "$state"
        fi
        for user in ddsp-edge-network ddsp-edge-panel ddsp-edge; do
            if getent passwd $user >/dev/null; then userdel $user; fi
            if getent group $user >/dev/null; then groupdel $user; fi
        done
        [ ! -e "$made" ] || while read -r group; do # unless others have joined since
            if getent group "$group" | grep -q ':$'; then groupdel "$group"; fi
        done <"$made"
    fi
    ! running || systemctl daemon-reload
    rm -rf "$prefix"
    [ -n "$keep" ] || rm -rf "$etc"
    say "ddsp-edge is removed${keep:+; $etc and $state are kept}"
    exit 0
fi

# ---- what is asked for, checked before anything changes --------------------------------
names() { for each in "$here/$1"/*.toml; do basename "$each" .toml; done | tr '\n' ' '; }
[ -n "$board" ] || board=$(sh "$here/board.sh")
[ -e "$here/boards/$board.toml" ] || stop "no board is called $board; there are: $(names boards)"
[ -z "$hat" ] || [ -e "$here/hats/$hat.toml" ] || stop "no hat is called $hat; there are: $(names hats)"
if [ -n "$hat" ] && [ -e "$here/hats/$hat.boot" ]; then
    said=$(sh "$here/board.sh" --hat "$hat" 2>&1) || stop "$said"
fi
[ -z "$use" ] || [ "$use" = both ] || [ -e "$here/uses/$use.toml" ] ||
    stop "--as $use: choose both or one of: $(names uses)"
case $panel in '' | all | box) ;; *) stop "--panel $panel: choose all or box" ;; esac
[ -z "$wheelhouse" ] || [ -d "$wheelhouse" ] || stop "$wheelhouse: no such folder of wheels"
[ -z "$login" ] || getent passwd "$login" >/dev/null || stop "no user is called $login here"
# What is read-only forgets at power-off: models and presets need a partition of their own.
[ -z "$read_only" ] || mountpoint -q "$state" ||
    stop "--read-only-root: mount a partition at $state first (docs/deploy.md)"

# ---- packages -----------------------------------------------------------------------------
say "packages"
. "$here/apt.sh"
need=
have() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
for package in python3 python3-venv alsa-utils; do # alsa-utils brings ALSA's library, whatever its name
    have $package || need="$need $package"
done
if [ -z "$wheelhouse" ]; then # built here
    for package in gcc libc6-dev python3-dev libasound2-dev; do
        have $package || need="$need $package"
    done
fi
[ -z "$read_only" ] || have overlayroot || need="$need overlayroot"
if [ -n "$need" ]; then
    # shellcheck disable=SC2086
    apt_get install -y --no-install-recommends $need 2>"$scratch/apt" || {
        apt_get update || stop "no package lists can be had; connect the board, or install:$need"
        # shellcheck disable=SC2086
        apt_get install -y --no-install-recommends $need || stop "apt-get could not install$need"
    }
    did "installed$need"
fi
# What makes it found and reached without a terminal: it plays without that, too.
if running; then
    need=
    for package in avahi-daemon avahi-utils polkitd; do
        have $package || need="$need $package"
    done
    ! have network-manager || for package in dnsmasq-base iw; do # its hotspot
        have $package || need="$need $package"
    done
    if [ -n "$need" ]; then
        # shellcheck disable=SC2086
        if apt_get install -y --no-install-recommends $need >"$scratch/apt" 2>&1; then
            did "installed$need"
        else
            say "  notice: not installed:$need; what is missing without: docs/deploy.md"
        fi
    fi
fi
version=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $version in 3.11 | 3.12 | 3.13 | 3.14) ;; *) stop "Python $version is here; ddsp-edge needs 3.11 to 3.14" ;; esac

# ---- user, files, folders -------------------------------------------------------------------
say "user and files"
mkdir -p "$etc"
for group in $groups; do
    getent group "$group" >/dev/null && continue
    say "$group" >>"$made"
    groupadd -r "$group"
    did "made the group $group"
done
if ! getent passwd ddsp-edge >/dev/null; then
    useradd -r -U -d "$state" -s /usr/sbin/nologin -c "ddsp-edge" ddsp-edge
    did "made the user ddsp-edge"
fi
if ! getent passwd ddsp-edge-panel >/dev/null; then
    useradd -r -U -d "$state/panel" -s /usr/sbin/nologin -c "ddsp-edge panel" ddsp-edge-panel
    did "made the user ddsp-edge-panel"
fi
if ! getent passwd ddsp-edge-network >/dev/null; then
    useradd -r -U -d "$state/network" -s /usr/sbin/nologin -c "ddsp-edge network" ddsp-edge-network
    did "made the user ddsp-edge-network"
fi
member() { id -nG "$1" | tr ' ' '\n' | grep -qx "$2"; }
join() { member "$1" "$2" || { usermod -aG "$2" "$1" && did "$1 is in the group $2 now"; }; }
for group in $groups; do join ddsp-edge "$group"; done
join ddsp-edge-panel ddsp-edge
join ddsp-edge-network ddsp-edge
! getent group systemd-journal >/dev/null || join ddsp-edge-panel systemd-journal
[ -z "$login" ] || [ "$login" = root ] || join "$login" ddsp-edge

put() { # from to mode
    cmp -s "$1" "$2" && return
    mkdir -p "$(dirname "$2")"
    install -m "$3" "$1" "$2.new"
    mv -f "$2.new" "$2"
    did "$2"
}
files >"$scratch/files"
while read -r from to mode; do put "$from" "$to" "$mode"; done <"$scratch/files"
audio_core || for path in "$cores/four-cores.conf" $irqs; do # as another board before
    [ ! -e "$path" ] || { rm "$path" && did "$path removed"; }
done
folder() { # path owner mode
    [ "$(stat -c '%U:%G %a' "$1" 2>/dev/null)" = "$2 $3" ] && return
    install -d -o "${2%:*}" -g "${2#*:}" -m "$3" "$1"
    did "$1"
}
folder "$etc" root:root 755
folder "$state" ddsp-edge:ddsp-edge 2775
folder "$state/models" ddsp-edge:ddsp-edge 2775
folder "$state/presets" ddsp-edge:ddsp-edge 2775
folder "$state/panel" ddsp-edge-panel:ddsp-edge 2700
put "$here/boards/$board.toml" "$etc/board.toml" 644
[ -z "$hat" ] || put "$here/hats/$hat.toml" "$etc/hat.toml" 644
case $use in
'') ;; # as it is
both) [ ! -e "$etc/use.toml" ] || { rm "$etc/use.toml" && did "$etc/use.toml removed"; } ;;
*) put "$here/uses/$use.toml" "$etc/use.toml" 644 ;;
esac
case $panel in
all) put "$here/files/panel.toml" "$etc/panel.toml" 644 ;;
box) [ ! -e "$etc/panel.toml" ] || { rm "$etc/panel.toml" && did "$etc/panel.toml removed"; } ;;
esac
# Yours from then on: never overwritten.
[ -e "$etc/config.toml" ] || put "$here/config.toml" "$etc/config.toml" 644
[ -e "$etc/deploy.toml" ] || put "$here/deploy.toml" "$etc/deploy.toml" 644

# ---- the program ------------------------------------------------------------------------------
say "program"
sources() { # what decides whether it must be installed again
    say "$extras $version"
    cat "$here/program.sh" "$here/requirements.py"
    if [ -n "$wheelhouse" ]; then
        (cd "$wheelhouse" && cksum ./*)
    else
        (cd "$here/.." && cat pyproject.toml setup.py && find native ddsp_edge firmware_py -type f \
            ! -name '*.so' ! -path '*__pycache__*' | LC_ALL=C sort | xargs cksum)
    fi
}
now=$(sources | cksum)
if [ "$(cat $prefix/.installed 2>/dev/null)" != "$now" ] || [ ! -x $prefix/venv/bin/ddsp-edge ]; then
    rm -f $prefix/.installed
    sh "$here/program.sh" $prefix "${wheelhouse:-$here/..}" "$extras" ${wheelhouse:+wheels} || exit 2
    say "$now" >$prefix/.installed
    did "installed $($prefix/venv/bin/ddsp-edge --version)"
fi
if [ "$(readlink /usr/local/bin/ddsp-edge)" != $prefix/venv/bin/ddsp-edge ]; then
    ln -sfn $prefix/venv/bin/ddsp-edge /usr/local/bin/ddsp-edge
    did /usr/local/bin/ddsp-edge
fi

# ---- the board --------------------------------------------------------------------------------
say "board: $board${hat:+, $hat}"
config=$(boot_config)
if [ -n "$hat" ] && [ -e "$here/hats/$hat.boot" ] && [ -n "$config" ]; then
    block=$(printf '# ddsp-edge: begin\n%s\n# ddsp-edge: end' "$(cat "$here/hats/$hat.boot")")
    if [ "$(sed -n '/^# ddsp-edge: begin$/,/^# ddsp-edge: end$/p' "$config")" != "$block" ]; then
        # Whole at every moment: without this file the board does not start.
        { sed '/^# ddsp-edge: begin$/,/^# ddsp-edge: end$/d' "$config" && say "$block"; } >"$config.new"
        sync "$config.new" && mv -f "$config.new" "$config"
        did "$config: $(cat "$here/hats/$hat.boot") (from the next start on)"
    fi
fi
if [ -n "$read_only" ] && ! grep -qs '^overlayroot="tmpfs' $overlay; then
    say "$overlaid" >$overlay
    did "read-only root from the next start on (overlayroot-chroot changes it)"
fi

# ---- start -------------------------------------------------------------------------------------
wants=/etc/systemd/system/multi-user.target.wants
mkdir -p $wants
for unit in $services $optional; do
    if [ "$(readlink "$wants/$unit")" != "/etc/systemd/system/$unit" ]; then
        ln -sfn "/etc/systemd/system/$unit" "$wants/$unit"
        did "enabled $unit"
    fi
done
if running && [ $changed != 0 ]; then
    systemctl daemon-reload
    udevadm control --reload 2>/dev/null || true
    udevadm trigger --subsystem-match=sound 2>/dev/null || true
    systemd-tmpfiles --create 2>/dev/null || true
    # shellcheck disable=SC2086
    [ -z "$start" ] || systemctl restart $services || stop "the service does not start: journalctl -u ddsp-edge"
    # shellcheck disable=SC2086
    [ -z "$start" ] || systemctl restart $optional 2>/dev/null || true # said below
fi
# -P: from a checkout, whose own native/ has no kernel, too.
gadget() { STATE_DIRECTORY=$state $prefix/venv/bin/python -P -m firmware_py.usb_gadget "$1" 2>&1; }
said=$(gadget check) || say "  notice: ${said#ddsp-edge-gadget: error: }"

say "check"
$prefix/venv/bin/ddsp-edge doctor >"$scratch/doctor" 2>&1 || {
    cat "$scratch/doctor" >&2
    stop "installed, but not ready to play: see above"
}
tail -n 1 "$scratch/doctor"
if [ $changed = 0 ]; then say "nothing had to be changed"; else say "done: $changed changes"; fi
