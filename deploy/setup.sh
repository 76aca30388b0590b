#!/bin/sh
# Set up what is missing for `make demo` or `make test`: system packages, .venv, this package.
# Usage: deploy/setup.sh demo|test     Environment: PYTHON, TRAIN=0 (test without torch).
# Says what it installs; does nothing twice.
set -eu

cd "$(dirname "$0")/.."
purpose=${1:?usage: deploy/setup.sh demo|test}
venv=.venv

say() { printf '%s\n' "setup: $*"; }
fail() {
    printf '%s\n' "setup: $*" >&2
    exit 2
}

# A Python that the decoder's runtime has wheels for, with venv, pip and headers for C.
usable() {
    command -v "$1" >/dev/null 2>&1 && "$1" - >/dev/null 2>&1 <<'PYTHON'
import ensurepip, os, sys, sysconfig, venv
assert (3, 11) <= sys.version_info < (3, 14)
assert os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
PYTHON
}

find_python() {
    for candidate in "${PYTHON:-python3}" python3 python3.13 python3.12 python3.11; do
        if usable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
}

apt_install() {
    command -v apt-get >/dev/null 2>&1 ||
        fail "this system has no apt-get; install by hand what stands for: $*"
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        as_root=sudo
    else
        fail "needs system packages; run: sudo apt-get install -y $*"
    fi
    say "installing system packages: $*"
    $as_root apt-get update -qq ||
        fail "apt-get update did not work; mend it, or install by hand: $*"
    # shellcheck disable=SC2086  # $as_root is empty or one word
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" ||
        fail "apt-get could not install $*"
}

python=$(find_python)
packages=
if [ -z "$python" ]; then
    if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        packages="python3 python3-venv python3-dev"
    else # Ubuntu 22.04: Python 3.10 is its own, 3.11 is there beside it
        packages="python3.11 python3.11-venv python3.11-dev"
    fi
fi
command -v cc >/dev/null 2>&1 || packages="$packages gcc libc6-dev"
case $(uname -m) in
x86_64 | aarch64 | arm64) ;; # soundfile's wheels bring libsndfile
*) ldconfig -p 2>/dev/null | grep -q 'libsndfile\.so' || packages="$packages libsndfile1" ;;
esac
if [ -n "$packages" ]; then
    # shellcheck disable=SC2086  # a list of words
    apt_install $packages
    python=$(find_python)
    [ -n "$python" ] || fail "no Python 3.11 to 3.13 with venv and headers was found; set PYTHON"
fi

if ! "$venv/bin/python" -c 'import pip' >/dev/null 2>&1; then
    say "making $venv with $("$python" --version)"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi

pip_install() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

extras=picture
if [ "$purpose" = test ]; then
    extras=picture,test,dev
    if [ "${TRAIN:-1}" != 0 ]; then
        extras=$extras,train
        if ! "$venv/bin/python" -c 'import torch' >/dev/null 2>&1; then
            say "installing torch (a big one; README: the small CPU build, or TRAIN=0 to do without)"
            # One fixed release: a range would let a newer build with CUDA in.
            pip_install "torch==2.13.0"
        fi
    fi
fi
say "installing ddsp-edge[$extras] into $venv, with its kernel compiled here"
pip_install --editable ".[$extras]"
"$venv/bin/ddsp-edge" --version
