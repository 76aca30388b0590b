"""The box as a MIDI device: dummy_hcd is its controller and the computer's, in one kernel.

Debian without its systemd on User-Mode Linux (uml_kernel.py): our program is the second process,
the note goes from the host's port through USB to the box's.
"""

from __future__ import annotations

import shutil

import pytest
from image import debian_box, power_card, uml_kernel

INIT = """#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 PYTHONPATH=/program
for each in proc:proc sysfs:sys devtmpfs:dev tmpfs:tmp tmpfs:run; do
    mountpoint -q /${each#*:} || mount -t ${each%:*} none /${each#*:}
done
mount -t configfs none /sys/kernel/config
mount -o ro /dev/ubdb /program
hostname ddsp-1a2b
cat >/tmp/config.toml <<'END'
[usb]
gadget = "midi"
[audio]
card = "hw:CARD=Loopback,DEV=0"
period = 2048
[instrument]
source = "synth"
state = "/tmp/state"
[control]
socket = "/tmp/control.sock"
END
gadget() { python3 -s -P -m firmware_py.usb_gadget "$1" --config /tmp/config.toml; }
gadget apply
echo "CODE $?"
insmod /board/dummy_hcd.ko
gadget apply
echo "CODE $?"
until amidi -l | grep -q ddsp-1a2b || [ $((tries += 1)) -gt 100 ]; do sleep 1; done
echo "PRODUCT $(cat /sys/bus/usb/devices/1-1/product)"
python3 -s -P -c 'from ddsp_edge.system import usb_device as usb; print(usb.usb_device_state())'
host=$(amidi -l | sed -n 's/^IO *\\(hw:[0-9,]*\\) .*ddsp-1a2b.*/\\1/p')
box=$(amidi -l | sed -n 's/^IO *\\(hw:[0-9,]*\\) .*f_midi.*/\\1/p')
amidi -p "$box" -d >/tmp/heard &
sleep 5
amidi -p "$host" -S "90 3C 64 80 3C 00"
sleep 5
kill $!
echo "BOX $(tr '\\n' ' ' </tmp/heard)"
amidi -p "$host" -d >/tmp/heard &
sleep 5
amidi -p "$box" -S "B0 07 40"
sleep 5
kill $!
echo "HOST $(tr '\\n' ' ' </tmp/heard)"
python3 -s -P -m firmware_py --config /tmp/config.toml &
engine=$!
python3 -s -P - <<'END'
import subprocess, time
from pathlib import Path
from ddsp_edge.api.client import ControlClient
from ddsp_edge.errors import UserError

def asked(verb):
    for _ in range(300):
        try:
            with ControlClient(Path("/tmp/control.sock"), timeout_s=60) as engine:
                return engine.call(verb)
        except UserError:
            time.sleep(1)
    raise SystemExit("ENGINE none")

for _ in range(300):
    if "f_midi" in [each["port"] for each in asked("midi_ports")["ports"]]:
        break
    time.sleep(1)
time.sleep(10)
words = subprocess.run(["amidi", "-l"], capture_output=True, text=True).stdout
host = next(line.split()[1] for line in words.splitlines() if "ddsp-1a2b" in line)
print("BEFORE", asked("status")["output_dbfs"], flush=True)
subprocess.run(["amidi", "-p", host, "-S", "90 3C 64"], check=True)
loudest = -200.0
for _ in range(60):
    loudest = max(loudest, asked("status")["output_dbfs"])
    if loudest > -50.0:
        break
    time.sleep(0.5)
print("PLAYED", loudest, flush=True)
END
python3 -s -P - <<'END'
from pathlib import Path
from ddsp_edge.api.client import ControlClient
with ControlClient(Path("/tmp/control.sock"), timeout_s=60) as engine:
    print("SWITCH", engine.call("usb_gadget"), engine.call("usb_choose", on=False)["configured"])
END
kill $engine
gadget apply
echo "LEFT $(ls /sys/kernel/config/usb_gadget | wc -l) $(amidi -l | grep -c ddsp-1a2b)"
echo o >/proc/sysrq-trigger
sleep 60
"""

#: For what takes a minute of an idle machine.
LIMIT_S = 900.0


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the machine said until it switched itself off."""
    if reason := debian_box.missing():
        pytest.skip(reason)
    home, base, kernel = tmp_path_factory.mktemp("gadget"), debian_box.debian(), uml_kernel.kernel()
    debian_box.program(base, home / "program.img")
    work, own = home / "work", home / "own"
    for folder in (work, own):
        folder.mkdir()
    (work / "init").write_text(INIT)
    shutil.copy(kernel / "dummy_hcd.ko", work)
    drives = {"ubd0": f"{home / 'changes'},{base / 'disk.img'}",
              "ubd1r": str(home / "program.img")}  # fmt: skip
    command = power_card.uml(
        drives, own, "root=/dev/ubda", "rw", "init=/usr/lib/radio-agent", f"ddsp.work={work}",
        memory_mb=768, program=kernel / "linux",
    )  # fmt: skip
    said = power_card.run(command, LIMIT_S).replace("\r", "")
    shutil.rmtree(home)
    return said


def test_without_a_controller_the_reason_is_said(console: str) -> None:
    before = console.partition("CODE 2")[0]
    assert "this box has no USB device controller" in before and "dtoverlay=dwc2" in before


def test_the_computer_sees_a_device_of_our_name(console: str) -> None:
    assert "CODE 0" in console and "PRODUCT ddsp-1a2b\n" in console, console
    assert "gadget='ddsp-edge', connected=True)" in console, console


def test_the_panels_switch_knows_it_and_puts_it_off(console: str) -> None:
    told = next(line for line in console.splitlines() if line.startswith("SWITCH "))
    assert "'possible': True" in told and "'active': True, 'connected': True} off" in told


def test_notes_go_both_ways(console: str) -> None:
    heard = {line.partition(" ")[0]: line.split()[1:] for line in console.splitlines() if line}
    assert heard["BOX"] == ["90", "3C", "64", "80", "3C", "00"], console
    assert heard["HOST"] == ["B0", "07", "40"], console


def test_the_engine_plays_what_the_computer_sends(console: str) -> None:
    levels = {line.split()[0]: line.split()[1] for line in console.splitlines() if " " in line}
    assert float(levels["BEFORE"]) < -70.0 and float(levels["PLAYED"]) > -50.0, console


def test_nothing_is_left_of_it_then(console: str) -> None:
    assert "LEFT 0 0" in console, console
