#!/bin/sh
# What the machine is that it runs on, for install.sh and the Ansible role, which sends this file alone:
#
#   sh board.sh [FILE]      prints the board's profile, a name in deploy/boards; FILE says what the board is
#                           (default: /proc/device-tree/model)
#   sh board.sh --hat NAME  exit code 2 and a sentence where the kernel has no driver for that HAT, which
#                           sits on the board's own bus (it has a .boot file in deploy/hats)
set -eu
if [ "${1:-}" = --hat ]; then
    # Their drivers are in Raspberry Pi OS's kernel only.
    grep -q debian-kernel@ /proc/version || exit 0
    echo "Debian's kernel has no driver for the $2: use Raspberry Pi OS, or a USB sound card (--hat generic-usb)" >&2
    exit 2
fi
case $(tr -d '\0' 2>/dev/null <"${1:-/proc/device-tree/model}" || true) in
*"Zero 2"*) board=pi-zero-2w ;;
*"Pi 3"*) board=pi-3 ;;
*"Pi 4"* | *"Compute Module 4"*) board=pi-4 ;;
*"Pi 5"* | *"Compute Module 5"*) board=pi-5 ;;
*) board=generic ;;
esac
echo "$board"
