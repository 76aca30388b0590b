# What the packages have in common. Sourced by build.sh and lv2.sh, which are run with `set -eu`:
#
#   . deploy/deb/common.sh    makes the folder $stage, which is removed at the end
#
# A package is laid out under $stage and closed by `pack`.
deb=$(cd "$(dirname "$0")" && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

stop() {
    printf 'deb: %s\n' "$*" >&2
    exit 2
}

# find_strip ARCH: sets $strip to what strips that machine's binaries.
find_strip() {
    case $1 in
    amd64) strip=x86_64-linux-gnu-strip ;;
    arm64) strip=aarch64-linux-gnu-strip ;;
    armhf) strip=arm-linux-gnueabihf-strip ;;
    esac
    command -v "$strip" >/dev/null || strip=llvm-strip
    command -v "$strip" >/dev/null || stop "no strip for $1: apt-get install llvm"
}

# write_docs PACKAGE VERSION COMMENT: copyright, with NOTICE under the comment, and changelog; more
# lines of the copyright's comment come from the standard input.
write_docs() {
    docs=$stage/usr/share/doc/$1
    mkdir -p "$docs"
    {
        printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n'
        printf 'Upstream-Name: ddsp-edge\n\nFiles: *\nCopyright: the authors of ddsp-edge\nLicense: Apache-2.0\n'
        printf ' On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.\n'
        printf 'Comment: %s\n' "$3"
        sed -e 's/^$/./' -e 's/^/ /' "$deb/../../NOTICE"
        cat
    } >"$docs/copyright"
    printf '%s (%s) stable; urgency=medium\n\n  * See CHANGELOG.md of the sources.\n\n -- ddsp-edge <ddsp-edge@localhost>  %s\n' \
        "$1" "$2" "$(date -R -d "@${SOURCE_DATE_EPOCH:-0}")" | gzip -9n >"$docs/changelog.gz"
}

# write_overrides PACKAGE: what lintian need not say; more from the standard input.
write_overrides() {
    mkdir -p "$stage/usr/share/lintian/overrides"
    {
        printf '# The project has no address of its own yet.\n'
        printf '%s: bogus-mail-host\n%s: bogus-mail-host-in-debian-changelog\n' "$1" "$1"
        cat
    } >"$stage/usr/share/lintian/overrides/$1"
}

# write_control PACKAGE VERSION ARCH: the fields that come from the standard input follow.
write_control() {
    mkdir -p "$stage/DEBIAN"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: %s\n' "$1" "$2" "$3"
        printf 'Maintainer: ddsp-edge <ddsp-edge@localhost>\nSection: sound\nPriority: optional\n'
        printf 'Installed-Size: %s\n' "$(du -sk --exclude=DEBIAN "$stage" | cut -f1)"
        cat
    } >"$stage/DEBIAN/control"
}

# pack PACKAGE VERSION ARCH OUT: writes OUT/PACKAGE_VERSION_ARCH.deb. Files in /etc belong to the
# administrator. DEB_COMPRESSION, dpkg-deb's options, serves where nobody carries the package.
pack() {
    if [ -d "$stage/etc" ]; then
        (cd "$stage" && find etc -type f | sed 's|^|/|') >"$stage/DEBIAN/conffiles"
    fi
    (cd "$stage" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z |
        xargs -0 md5sum) >"$stage/DEBIAN/md5sums"
    mkdir -p "$4"
    # shellcheck disable=SC2086
    dpkg-deb --root-owner-group ${DEB_COMPRESSION:--Zxz} --build "$stage" "$4/$1_$2_$3.deb"
}
