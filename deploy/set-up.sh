#!/bin/sh
# Makes .venv beside this repository's files and installs ddsp-edge into it, editable.
#
#   sh deploy/set-up.sh play     what rendering and pictures need
#   sh deploy/set-up.sh live     that, and sound cards (ALSA) and MIDI ports
#   sh deploy/set-up.sh quick    that, and what tests need that need no more of the system
#   sh deploy/set-up.sh test     all that, and the tools of the tests; with TRAIN=1 the trainer too
#   sh deploy/set-up.sh extras   all that in .venv, and in .venv-extras what few tests need: Ray, librosa, parselmouth, OpenCV,
#                                swift-f0, Ansible, build and twine; arm64 tools and lintian
#   sh deploy/set-up.sh lv2      what play needs, LV2's headers and cross compilers for boards: make lv2
#   sh deploy/set-up.sh hosts    what make lv2-test runs the plug-in in besides: valgrind, Ardour (200 MB)
#   sh deploy/set-up.sh image    what play needs, QEMU and what writes file systems: make image
#   sh deploy/set-up.sh board    all that of test, QEMU and cross compilers: the emulated board, make deb ARCH=arm64
#   sh deploy/set-up.sh machines all that of board and image, User-Mode Linux and the kernel's sources: make image-test
#
# With the distribution's own Python, the distribution brings what PyPI has no wheel of
# (requirements.py), and .venv sees its packages: nothing but our kernel is compiled.
# A second run finds nothing to do. Exit code 2: something is missing that only the user can
# install; the last line is the command for it.
# From the environment: VENV (where, instead of .venv), PYTHON (which interpreter),
# TORCH_INDEX (where pip finds the CPU build).
set -eu
cd "$(dirname "$0")/.."
want=${1:?play, live, quick, test, extras, lv2, hosts, image, board or machines}
venv=${VENV:-.venv}
# The one that exporting is tested with; a newer one may be installed by hand.
torch=torch==2.13.0
export PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONDONTWRITEBYTECODE
. deploy/apt.sh

say() { printf '%s\n' "$*"; }
stop() {
    printf '%s\n' "$@" >&2
    exit 2
}
# LiteRT has wheels for these.
right_version='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
good() { "$1" -c "$right_version" >/dev/null 2>&1; }

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        good "$PYTHON" && say "$PYTHON"
        return 0
    fi
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if good "$name"; then
            command -v "$name"
            return 0
        fi
    done
}

# Debian, Ubuntu, Raspberry Pi OS: install the named packages, or say how and stop.
apt_install() {
    command="apt-get install -y $*"
    if ! command -v apt-get >/dev/null; then
        stop "Missing here, by their Debian names: $*" "Install them with your system's packages."
    elif [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        as_root=sudo
    else
        stop "Missing packages. Run this as root, then try again:" "    $command"
    fi
    say "installing packages: ${as_root:+$as_root }$command"
    # Lists may be missing or old: fetch them only then.
    apt_get install -y "$@" 2>/dev/null || { apt_get update && apt_get install -y "$@"; } ||
        stop "That did not work. Run it yourself and see why:" "    ${as_root:+$as_root }$command"
}

need_python() {
    python=$(find_python)
    if [ -z "$python" ] && [ -z "${PYTHON:-}" ] && command -v apt-cache >/dev/null; then
        for version in 3.14 3.13 3.12 3.11; do
            if [ -n "$(apt-cache search --names-only "^python$version\$")" ]; then
                apt_install "python$version" "python$version-dev" "python$version-venv"
                break
            fi
        done
        python=$(find_python)
    fi
    [ -n "$python" ] && return
    stop "ddsp-edge needs Python 3.11 to 3.14${PYTHON:+; PYTHON=$PYTHON is none of them}." \
        "Debian 12 and 13, Ubuntu 24.04 and Raspberry Pi OS have one (sudo apt-get install python3)." \
        "On older systems uv installs one without touching yours:" \
        "    uv python install 3.12 && make PYTHON=\"\$(uv python find 3.12)\" demo"
}

# What pip cannot bring: a C compiler with Python's headers, venv, on rare boards libsndfile.
need_packages() {
    missing=
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    compiler=${CC:-$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("CC") or "cc")')}
    include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    # shellcheck disable=SC2086  # the compiler may come with options
    if ! printf '#include <stdlib.h>\nint main(void) { return 0; }\n' |
        $compiler -fsyntax-only -x c - >/dev/null 2>&1; then
        missing="$missing build-essential"
    fi
    [ -e "$include/Python.h" ] || missing="$missing python$version-dev"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python$version-venv"
    case $(uname -m) in
    x86_64 | aarch64 | arm64) ;; # soundfile's wheels bring it
    *) ldconfig -p 2>/dev/null | grep -q libsndfile || missing="$missing libsndfile1" ;;
    esac
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt_install $missing
}

has_header() { printf '#include <%s>\n' "$1" | $compiler -fsyntax-only -x c - >/dev/null 2>&1; }

# As apt_install, but without them some things are left out, and that is all.
apt_try() {
    (apt_install --no-install-recommends "$@") ||
        say "going on without $*: what needs them is left out (tests skip, saying why)"
}

# For more than rendering. The audio thread is built where ALSA's headers are. The tests play through jackd's dummy
# driver, which keeps time like a card, and ALSA's plug-in for it.
need_more() {
    wanted=
    has_header alsa/asoundlib.h || wanted=libasound2-dev
    if [ "$want" = test ]; then
        command -v jackd >/dev/null || wanted="$wanted jackd2"
        command -v aplay >/dev/null || wanted="$wanted alsa-utils"
        ls /usr/lib/*/alsa-lib/libasound_module_pcm_jack.so >/dev/null 2>&1 ||
            wanted="$wanted libasound2-plugins"
        has_header jack/jack.h || wanted="$wanted libjack-jackd2-dev"
        # Models are deployed to a real sshd on loopback.
        command -v ssh-keygen >/dev/null || wanted="$wanted openssh-client"
        [ -x /usr/sbin/sshd ] || wanted="$wanted openssh-server"
        # Recordings as m4a are decoded by ffmpeg; the trumpet is trained on a sound font, and tunes
        # are compared with that and with physical models.
        command -v ffmpeg >/dev/null || wanted="$wanted ffmpeg"
        command -v fluidsynth >/dev/null || wanted="$wanted fluidsynth"
        [ -e /usr/share/sounds/sf2/FluidR3_GM.sf2 ] || wanted="$wanted fluid-soundfont-gm"
        command -v stk-demo >/dev/null || wanted="$wanted stk"
        # The plug-in is built against LV2's headers, and checked and played by lilv's and drobilla's programs.
        has_header lv2/core/lv2.h || wanted="$wanted lv2-dev"
        [ -e /usr/include/lilv-0/lilv/lilv.h ] || wanted="$wanted liblilv-dev"
        command -v sord_validate >/dev/null || wanted="$wanted sordi"
        command -v lv2info >/dev/null || wanted="$wanted lilv-utils"
        command -v jalv >/dev/null || wanted="$wanted jalv"
    fi
    # shellcheck disable=SC2086
    [ -z "$wanted" ] || apt_try $wanted
    [ "$want" != test ] || need_browser
}

# The panel's tests drive a real browser: 300 MB, so only where nobody has to be asked.
need_browser() {
    if [ -x /usr/bin/chromedriver ] || [ "$(id -u)" != 0 ] || [ ! -e /etc/debian_version ]; then
        return 0
    fi
    apt_try chromium chromium-driver
}

# Packages of THING:PACKAGE pairs whose thing, a program or a file by its path, is not here.
need_things() {
    missing=
    for pair in "$@"; do
        thing=${pair%%:*}
        [ -e "$thing" ] || [ -n "$(PATH="$PATH:/usr/sbin:/sbin" command -v "$thing")" ] ||
            missing="$missing ${pair#*:}"
    done
    # shellcheck disable=SC2086
    [ -z "$missing" ] || apt_install --no-install-recommends $missing
}
# The C library's headers are only recommended by a cross compiler.
arm64="aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu /usr/aarch64-linux-gnu/include/stdlib.h:libc6-dev-arm64-cross"
armhf="arm-linux-gnueabihf-gcc:gcc-arm-linux-gnueabihf /usr/arm-linux-gnueabihf/include/stdlib.h:libc6-dev-armhf-cross"
emulators="qemu-aarch64:qemu-user lintian:lintian"

# The card image, which needs no root. QEMU configures Debian's packages, once.
if [ "$want" = image ]; then
    sh deploy/set-up.sh play
    need_things qemu-system-aarch64:qemu-system-arm mksquashfs:squashfs-tools mkfs.vfat:dosfstools mcopy:mtools \
        xz:xz-utils cpio:cpio depmod:kmod mke2fs:e2fsprogs rauc:rauc openssl:openssl /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring
    exit 0
fi

# QEMU, cross compilers and what makes a disk image; Debian packages for the board come later,
# from the same releases (tests/board/debian.py).
if [ "$want" = board ]; then
    sh deploy/set-up.sh test
    # shellcheck disable=SC2086
    need_things $arm64 $armhf $emulators qemu-system-aarch64:qemu-system-arm cpio:cpio depmod:kmod mke2fs:e2fsprogs \
        qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap debugfs:e2fsprogs \
        avahi-daemon:avahi-daemon avahi-resolve:avahi-utils # two boxes of one name (tests/mdns_boxes.py)
    exit 0
fi

# The card image's tests. Kernels as processes: Debian's for power cuts and updates (tests/image/power_card.py), one with radios
# and USB that is built from Debian's sources (tests/image/uml_kernel.py).
if [ "$want" = machines ]; then
    sh deploy/set-up.sh board
    sh deploy/set-up.sh image
    if [ "$(uname -m)" = x86_64 ]; then
        need_things linux.uml:user-mode-linux dmsetup:dmsetup busybox:busybox-static flex:flex bison:bison bc:bc
        ls /usr/src/linux-source-*.tar.xz >/dev/null 2>&1 || apt_install --no-install-recommends linux-source
    fi
    exit 0
fi

# The plug-in for PC and boards. A machine whose compiler is missing is left out by native/lv2/build.sh, which says so.
if [ "$want" = lv2 ]; then
    sh deploy/set-up.sh play
    wanted=
    [ -e /usr/include/lv2/core/lv2.h ] || wanted=lv2-dev
    for pair in x86_64:x86-64:amd64 aarch64:aarch64:arm64 arm:arm:armhf; do
        machine=${pair%%:*} rest=${pair#*:}
        abi=linux-gnu
        [ "$machine" != arm ] || abi=linux-gnueabihf
        [ "$machine" != "$(uname -m)" ] || continue
        command -v "$machine-$abi-gcc" >/dev/null || wanted="$wanted gcc-${rest%:*}-$abi"
        [ -e "/usr/$machine-$abi/include/stdlib.h" ] || wanted="$wanted libc6-dev-${rest#*:}-cross"
    done
    # shellcheck disable=SC2086
    [ -z "$wanted" ] || apt_try $wanted
    exit 0
fi

if [ "$want" = hosts ]; then
    wanted=
    command -v valgrind >/dev/null || wanted=valgrind
    ls /usr/bin/ardour*-lua >/dev/null 2>&1 || wanted="$wanted ardour"
    # shellcheck disable=SC2086
    [ -z "$wanted" ] || apt_try $wanted
    exit 0
fi

# An environment beside .venv, of which it sees the packages: what comes here is rare and large.
if [ "$want" = extras ]; then
    sh deploy/set-up.sh test
    # shellcheck disable=SC2086
    need_things $arm64 $emulators
    more=$venv-extras
    now=$(cat pyproject.toml $venv/.ready-test-* | cksum)
    [ "$(cat $more/.ready 2>/dev/null)" != "$now" ] || exit 0
    say "installing ddsp-edge[sweep,bench,fleet,publish] into $more"
    rm -rf $more
    $venv/bin/python -m venv $more
    path='import sysconfig; print(sysconfig.get_path("purelib"))'
    # Its .pth file, and so the editable ddsp-edge, is read from there too.
    echo "import site; site.addsitedir('$("$(pwd)/$venv/bin/python" -c "$path")')" >"$($more/bin/python -c "$path")/venv.pth"
    # OpenCV reads the QR codes that the panel shows.
    $more/bin/python -m pip install -qq --no-compile 'ddsp-edge[sweep,bench,fleet,publish]' 'opencv-python-headless>=4.10'
    say "$now" >$more/.ready
    exit 0
fi

fingerprint() {
    {
        pwd
        say "$want ${TRAIN:-0} $torch"
        cat pyproject.toml setup.py deploy/set-up.sh deploy/train-constraints.txt native/build_*.py \
            native/include/*.h native/src*/*.c native/src*/*.h native/src/*/*.c native/src/*/*.h
    } | cksum
}

works() { [ -x $venv/bin/python ] && good $venv/bin/python; }

mark=$venv/.ready-$want-${TRAIN:-0}
now=$(fingerprint)
if works && [ -e native/_kernel.abi3.so ] && [ "$(cat "$mark" 2>/dev/null)" = "$now" ]; then
    exit 0
fi

need_python
need_packages
[ "$want" = play ] || need_more
if ! works || [ "$(cat $venv/.root 2>/dev/null)" != "$(pwd)" ]; then
    say "making $venv with $("$python" --version) ($python)"
    rm -rf $venv
    "$python" -m venv $venv
    pwd >$venv/.root
fi
# What is imported is compiled then; pip would compile every file, for minutes.
pip="$venv/bin/python -m pip install -qq --no-compile"
extras=picture
[ "$want" = play ] || extras=$extras,live
case $want in test | quick) extras=$extras,test,dev ;; esac
if [ "$want" = test ] && [ "${TRAIN:-0}" = 1 ]; then
    extras=$extras,train
    say "installing $torch (the trainer)"
    if [ -n "${TORCH_INDEX:-}" ]; then
        $pip $torch --index-url "$TORCH_INDEX"
    else
        if [ "$(uname -sm)" = "Linux x86_64" ] && ! $venv/bin/python -c 'import torch' 2>/dev/null; then
            say "  pip's usual build brings several gigabytes of CUDA; to avoid that: TRAIN=0, or" \
                "TORCH_INDEX=address of the CPU build (PyTorch's install page has it)"
        fi
        $pip $torch
    fi
fi

needs() { $venv/bin/python deploy/requirements.py "$1" . "$extras"; }
# The distribution's Python sees the distribution's packages, and neither /usr/local's nor the user's.
if "$python" -c 'import sys; sys.exit(sys.base_prefix != "/usr")' &&
    [ "$(readlink -f "$(command -v "$python")")" = "$(readlink -f /usr/bin/python3)" ] &&
    [ -n "$(needs left)" ]; then
    echo /usr/lib/python3/dist-packages >"$($venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/distribution.pth"
    debs=$(needs debs | tr '\n' ' ')
    if [ -z "$debs" ] && [ "$(id -u)" = 0 ]; then # perhaps for want of lists
        apt_get update || true
        debs=$(needs debs | tr '\n' ' ')
    fi
    # shellcheck disable=SC2086
    [ -z "$debs" ] || apt_try $debs
fi
say "building the kernel and installing ddsp-edge[$extras] into $venv"
# Whatever was built before: the sources, their flags or Python may have changed.
rm -rf build native/_kernel.abi3.so native/_stream.abi3.so
needs must >$venv/must.txt
# With the trainer's version of torch, which is there already: else pip may look for one that suits an older converter.
trainer=
case ",$extras," in *,train,*) trainer="$torch -c deploy/train-constraints.txt" ;; esac
# shellcheck disable=SC2086
$pip -e . -r $venv/must.txt $trainer
needs may >$venv/may.txt
while read -r requirement; do
    $pip "$requirement" >$venv/said 2>&1 </dev/null || true
done <$venv/may.txt
needs left | sed 's/^/  left out: /'
# Once, before every process of the tests does it at the same time.
case ",$extras," in *,train,*) $venv/bin/python -c 'import litert_torch' >/dev/null 2>&1 || true ;; esac
say "$now" >"$mark"
