#!/bin/sh
# Puts the program into PREFIX/venv, on the device, as root (install.sh and the Ansible role):
#
#   sh program.sh PREFIX SOURCE EXTRAS           built here, from the repository's files in SOURCE
#   sh program.sh PREFIX SOURCE EXTRAS wheels    from the wheels in the folder SOURCE; pip needs no network
#
# It compiles nothing but our kernel where it can be helped: Debian's own packages bring what PyPI
# has no wheel of for this Python. What concerns hardware is optional; what is left out is said.
# The new environment lies beside the old one, so that a cut leaves that. Exit code 2: see above.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=$1 source=$(cd "$2" && pwd) extras=$3 kind=${4:-sources}
. "$here/apt.sh"

stop() {
    printf 'install: %s\n' "$*" >&2
    exit 2
}
fresh=$prefix/venv-$(date +%s)
trap '[ "$(readlink "$prefix/venv")" = "$fresh" ] || rm -rf "$fresh"' EXIT
/usr/bin/python3 -m venv "$fresh"
python=$fresh/bin/python
# Debian's packages, but neither /usr/local's nor those in somebody's home, as with
# --system-site-packages: the service's home can be written by whoever may deploy.
echo /usr/lib/python3/dist-packages >"$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/distribution.pth"
pip="$python -m pip install -qq --disable-pip-version-check --root-user-action=ignore"
[ "$kind" = sources ] || pip="$pip --no-index --find-links $source"
needs() { "$python" "$here/requirements.py" "$1" "$source" "$extras"; }

from_debian() { # debs or rest
    packages=$(needs "$1" | tr '\n' ' ')
    [ -n "$packages" ] || return 0
    # shellcheck disable=SC2086
    apt_get install -y --no-install-recommends $packages || return 1
    echo "  installed ${packages% }"
}
if [ "$kind" = sources ]; then
    apt_get update || echo "  no package lists can be had now; going on with the old ones"
elif [ -n "$(needs left)" ] && ls "$source"/*.deb >/dev/null 2>&1; then
    # With no lists, apt takes these files: of the same version it would rather fetch its own.
    mkdir -p "$fresh/lists/partial"
    apt_get -o Dir::State::lists="$fresh/lists" install -y --no-install-recommends "$source"/*.deb ||
        echo "  the Debian packages in $source do not fit here; going on"
    rm -rf "$fresh/lists"
fi
from_debian debs || echo "  Debian's packages cannot be fetched now; going on"

ours=$source
[ "$kind" = sources ] || ours=ddsp-edge
needs must >"$fresh/must.txt"
get() { $pip "$@" "$ours" -r "$fresh/must.txt"; }
if ! get --only-binary :all: 2>"$fresh/said"; then
    if [ "$kind" != sources ]; then
        theirs=$(find "$source" -name 'numpy-*.whl' | sed -n 's/.*-cp3\([0-9]*\)-cp.*/3.\1/p' | head -n 1)
        own=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        [ -z "$theirs" ] || [ "$theirs" = "$own" ] ||
            stop "the wheels in $source are for Python $theirs, here is $own: make wheels RELEASE=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")"
        cat "$fresh/said" >&2
        stop "a wheel is missing in $source (see above); it must have all for this board"
    fi
    # A machine that PyPI has no wheels for: Debian's packages first, a compiler last.
    from_debian rest || true
    get || stop "pip could not build or fetch the program (see above)"
fi
needs may >"$fresh/may.txt"
while read -r requirement; do
    $pip "$requirement" 2>"$fresh/said" || true
done <"$fresh/may.txt"
needs left | sed 's/^/  left out: /'
rm -f "$fresh"/*.txt "$fresh/said"

ln -sfn "$fresh" "$prefix/venv.new"
mv -Tf "$prefix/venv.new" "$prefix/venv"
for old in "$prefix"/venv-*; do [ "$old" = "$fresh" ] || rm -rf "$old"; done
