#!/bin/sh
# `make trixie-test`: what README and docs/deploy.md promise of Debian 13 (Raspberry Pi OS trixie:
# Python 3.13, GCC 14), in bare systems made for it:
#
#   sh tests/trixie/run.sh [--suite SUITE] [STEP ...]     steps: pc board packages
#                                                  (default: all)
#
# Each step is a function of steps.sh and gets a bare system of its own, with this working tree
# (without what git ignores) in /root/ddsp-edge. The bare system is made once, by mmdebstrap, and
# kept for a week in DDSP_EDGE_CACHE (default: ~/.cache/ddsp-edge). It is entered with chroot in a
# mount namespace: root is needed, a virtual machine is not. How apt and pip reach their
# registries is this machine's: settings, certificates and variables are handed in.
#
# --suite forky has Python 3.14. Debian's lists of a release in the making expire after a week:
# with DDSP_EDGE_OLD_MIRROR=1 a mirror that stands still (a snapshot) will do.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
suite=trixie
[ "${1:-}" != --suite ] || {
    suite=$2
    shift 2
}
[ $# -gt 0 ] || set -- board packages pc
cache=${DDSP_EDGE_CACHE:-$HOME/.cache/ddsp-edge}
include=ca-certificates,python3,python3-venv,git,make

stop() {
    echo "trixie-test: $*" >&2
    exit 2
}
[ "$(id -u)" = 0 ] || stop "run it as root: sudo make trixie-test"
command -v unshare >/dev/null || stop "unshare is missing (Debian: util-linux)"
. "$here/deploy/apt.sh"
command -v mmdebstrap >/dev/null || {
    echo "installing mmdebstrap"
    apt_get install -y --no-install-recommends mmdebstrap ||
        { apt_get update && apt_get install -y --no-install-recommends mmdebstrap; } ||
        stop "mmdebstrap is missing; on Debian: apt-get install mmdebstrap"
}

arch=$(dpkg --print-architecture)
stale=
[ -z "${DDSP_EDGE_OLD_MIRROR:-}" ] || stale='Acquire::Check-Valid-Until "false";'
bare=$cache/$suite-$arch-$(echo "$include" | cksum | cut -d' ' -f1).tar
scratch=$(mktemp -d "${TMPDIR:-/tmp}/ddsp-edge-$suite.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
if [ -z "$(find "$bare" -mtime -7 2>/dev/null)" ]; then
    mkdir -p "$cache"
    # The mirror that apt uses here; elsewhere mmdebstrap knows one.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
        2>/dev/null | grep -v security | head -n 1)
    echo "making a bare $suite system"
    # shellcheck disable=SC2086
    mmdebstrap --quiet --variant=minbase --include=$include ${stale:+--aptopt="$stale"} "$suite" "$scratch/bare.tar" $mirror ||
        stop "mmdebstrap could not make $suite (see above)"
    mv "$scratch/bare.tar" "$bare"
fi

# Settings of this machine without which nothing can be fetched.
hand_in() { # root
    mkdir -p "$1/etc/apt/auth.conf.d" "$1/root/.config/pip"
    cp /etc/resolv.conf /etc/hosts "$1/etc/"
    apt-config dump 2>/dev/null | grep '^Acquire::' | grep -v '^Acquire::IndexTargets' \
        >"$1/etc/apt/apt.conf.d/99ddsp-edge-host" || true
    [ -z "$stale" ] || echo "$stale" >>"$1/etc/apt/apt.conf.d/99ddsp-edge-host"
    for file in /etc/apt/auth.conf /etc/apt/auth.conf.d/*.conf /etc/pip.conf \
        "$HOME/.config/pip/pip.conf" /etc/ssl/certs/ca-certificates.crt "${PIP_CERT:-}"; do
        case $file in
        "$HOME"/.config/*) to=$1/root/.config/pip/pip.conf ;;
        *) to=$1$file ;;
        esac
        [ ! -f "$file" ] || { mkdir -p "$(dirname "$to")" && cp -L "$file" "$to"; }
    done
}

for step in "$@"; do
    root=$scratch/$step
    mkdir "$root"
    tar -xf "$bare" -C "$root"
    hand_in "$root"
    mkdir -p "$root/root/ddsp-edge"
    (cd "$here" && git ls-files -z --cached --others --exclude-standard |
        xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh |
        tar --null -T - -cf -) | tar -xf - -C "$root/root/ddsp-edge"
    echo "== $suite, $step"
    if [ "$step" = packages ]; then
        out=$root/root/ddsp-edge/out
        (cd "$here" && sh deploy/wheels.sh "$arch" "$out/wheels" "$suite" &&
            sh deploy/deb/make.sh "$arch" "$out/wheels" "$out" "$suite")
    fi
    # Nothing of this machine's environment goes in but how to reach the registries.
    # shellcheck disable=SC2046
    unshare --mount --pid --fork --kill-child sh -c '
        root=$1 && shift
        mount -t proc proc "$root/proc" && mount --rbind /dev "$root/dev" &&
        exec chroot "$root" env -i "$@"' sh "$root" \
        HOME=/root TERM=dumb LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        $(env | grep -E '^(PIP_(CERT|INDEX_URL|EXTRA_INDEX_URL|DEFAULT_TIMEOUT|TRUSTED_HOST)|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)=' || true) \
        sh /root/ddsp-edge/tests/trixie/steps.sh "$step" </dev/null ||
        stop "$suite, $step: failed (see above)"
    rm -rf "$root"
done
echo "$suite: $* passed"
