#!/bin/sh
# Runs inside a bare system (run.sh): what a user does there, as README and docs/deploy.md say.
set -eu
cd /root/ddsp-edge
begun=$(date +%s)

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
step() { printf '%4d s  %s\n' $(($(date +%s) - begun)) "$*"; }
says() { # WORDS COMMAND...: its output has the words
    words=$1
    shift
    "$@" >/tmp/said 2>&1 || {
        cat /tmp/said
        fail "$*"
    }
    [ -z "$words" ] || grep -qF -e "$words" /tmp/said || {
        cat /tmp/said
        fail "$*: does not say \"$words\""
    }
}
# Nothing but our kernel was compiled: what the other sources want is not here.
compiled_nothing_else() {
    for tool in g++ swig pkg-config; do
        ! command -v $tool >/dev/null || fail "$tool was installed"
    done
}

# A computer: README, from a clean clone.
pc() {
    step "make demo"
    # Its speed is this machine's business: everything else that it measures must be right.
    make --no-print-directory demo >/tmp/demo 2>&1 ||
        { grep MISSED /tmp/demo && ! grep 'MISSED$' /tmp/demo | grep -qv 'real time\|loading'; } ||
        {
            cat /tmp/demo
            fail "make demo"
        }
    for file in voice-as-violin tune-on-cello; do
        [ -s out/$file.wav ] && [ -s out/$file.png ] || fail "make demo made no $file"
    done
    step "make demo again finds nothing to do"
    says "" sh deploy/set-up.sh play
    [ ! -s /tmp/said ] || fail "the second time set something up: $(cat /tmp/said)"
    step "make live"
    make --no-print-directory live
    says "python-rtmidi" .venv/bin/ddsp-edge doctor
    says "" .venv/bin/python -c 'import rtmidi, alsaaudio, native._stream'
    step "a quick set of tests, on $(.venv/bin/python --version)"
    sh deploy/set-up.sh quick
    # What needs no sound server, browser, sshd or trainer.
    DDSP_EDGE_SHORT=1 .venv/bin/python -m pytest -q -p no:cacheprovider -n $(($(nproc) + 1)) --dist loadscope \
        --reruns 2 -r fER tests/native tests/ddsp_edge/cards \
        tests/ddsp_edge/midi tests/ddsp_edge/bundles tests/ddsp_edge/offline tests/ddsp_edge/cli \
        tests/firmware_py/controls tests/packaging
}

# A board: what `ddsp-edge provision` does there.
board() {
    step "deploy/install.sh --no-start"
    sh deploy/install.sh --no-start
    compiled_nothing_else
    says "ok  python-rtmidi" ddsp-edge doctor
    says "ok  pyalsaaudio" ddsp-edge doctor
    says "ok  evdev" ddsp-edge doctor
    says "no pins" ddsp-edge doctor # Debian has no lgpio; Raspberry Pi OS has
    says "x real time" ddsp-edge render ddsp_edge/demo/tune.mid --model cello --out /tmp/tune.wav
    step "a second time"
    says "nothing had to be changed" sh deploy/install.sh --no-start
    step "and away"
    says "ddsp-edge is removed" sh deploy/install.sh --uninstall
    [ ! -e /opt/ddsp-edge ] || fail "/opt/ddsp-edge is left"
}

# A board without a network: wheels and a package that this repository's machine made for it.
packages() {
    step "what a board comes with"
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends alsa-utils python3-venv >/dev/null 2>&1
    step "deploy/install.sh --wheelhouse, without a network"
    unshare --net sh deploy/install.sh --no-start --wheelhouse out/wheels
    ! command -v gcc >/dev/null || fail "a compiler was installed"
    says "ok  python-rtmidi" ddsp-edge doctor
    says "ok  pyalsaaudio" ddsp-edge doctor
    says "x real time" ddsp-edge render ddsp_edge/demo/tune.mid --model cello --out /tmp/tune.wav --force
    sh deploy/install.sh --uninstall
    step "wheels for another Python"
    mkdir /tmp/other
    for wheel in out/wheels/*.whl; do
        cp "$wheel" "/tmp/other/$(basename "$wheel" | sed 's/-cp31[2-9]-cp31[2-9]-/-cp311-cp311-/')"
    done
    ! sh deploy/install.sh --no-start --wheelhouse /tmp/other >/tmp/said 2>&1 || fail "they were installed"
    tail -n 1 /tmp/said | grep -q 'are for Python 3.11, here is 3[.]1[3-9]: make wheels RELEASE=[a-z]' ||
        fail "$(cat /tmp/said)"
    sh deploy/install.sh --uninstall
    step "apt-get install ./ddsp-edge_*.deb"
    apt-get purge -y -qq python3-rtmidi python3-evdev >/dev/null 2>&1
    apt-get install -y -qq ./out/ddsp-edge_*.deb >/tmp/said 2>&1 || {
        cat /tmp/said
        fail "apt-get install"
    }
    says "ok  python-rtmidi" ddsp-edge doctor
    says "ok  evdev" ddsp-edge doctor
    says "x real time" ddsp-edge render ddsp_edge/demo/tune.mid --model cello --out /tmp/tune.wav --force
    apt-get purge -y -qq ddsp-edge >/tmp/said 2>&1 || fail "apt-get purge: $(cat /tmp/said)"
    [ ! -e /usr/lib/ddsp-edge ] || fail "/usr/lib/ddsp-edge is left"
}

"$1"
step "done"
