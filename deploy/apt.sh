# Sourced by install.sh and set-up.sh: apt-get that waits for its turn.
#
#   apt_get WORDS...    as apt-get WORDS; what it said is shown only where it fails
#
# Another program that installs packages (the first boot, unattended-upgrades, a person) is waited
# for, APT_WAIT_S seconds at most (default: ten minutes), and is named every few seconds.
# shellcheck shell=sh

# apt's own DPkg::Lock::Timeout waits for dpkg's lock only, and does not always name the holder
# when it gives up: none of it, apt-get is tried again every two seconds, whichever lock it is.
apt_get() (
    wait_s=${APT_WAIT_S:-600} begun=$(date +%s) said=$(mktemp)
    trap 'rm -f "$said"' EXIT
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    while ! $as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
        apt-get -q -o DPkg::Lock::Timeout=0 "$@" >"$said" 2>&1 </dev/null; do
        waited=$(($(date +%s) - begun))
        if ! grep -q 'Could not get lock\|Unable to lock\|Unable to acquire' "$said"; then
            cat "$said" >&2
            return 1
        fi
        holder=$(sed -n 's/.*held by \(process [0-9]* ([^)]*)\).*/\1/p' "$said" | head -n 1)
        if [ "$waited" -ge "$wait_s" ]; then
            echo "  apt's lock is still held by ${holder:-another program} after $waited s" >&2
            return 1
        fi
        echo "  waiting for ${holder:-another program} to let go of apt's lock ($waited s)"
        sleep 2
    done
)
