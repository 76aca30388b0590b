"""The lists that people edit by hand: packages and units of the card image."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from builder.debs import ARCHS, listed
from builder.system import FILES, UNITS, WANTED, kept_modules, numbers_of, reachable, units
from builder.system import PRUNED_MODULES as PRUNED

from ddsp_edge.midi import announcement
from ddsp_edge.remote import discovery
from ddsp_edge.update.version import numbers
from firmware_py.config import PanelConfig

ROOT = Path(__file__).resolve().parents[2]


def test_every_package_has_a_reason_and_stands_there_once() -> None:
    for arch in ARCHS:
        names = listed(arch)
        assert len(names) == len(set(names)) > 40
    assert "firmware-brcm80211" in listed("arm64") and "firmware-brcm80211" not in listed("amd64")
    with pytest.raises(ValueError, match="line 2: nano has no reason"):
        listed("arm64", "bash  a shell\nnano\n")


def test_what_our_package_wants_of_debian_is_in_the_image() -> None:
    build = (ROOT / "deploy/deb/build.sh").read_text()
    wanted = set(re.findall(r"\w+:(python3-\w+)", build))
    wanted |= set(re.findall(r"^suggests=(.*)$", build, re.M)[0].replace("\\ ", "").split(","))
    assert {"python3-rtmidi", "python3-luma.oled"} <= wanted <= set(listed("arm64"))


def test_every_unit_of_ours_that_starts_is_there() -> None:
    ours = {path.name for folder in (ROOT / "deploy/systemd", FILES) for path in folder.rglob("*")}
    found = units(UNITS.read_text())
    assert len(found) == len(set(name for _, name in found))
    for action, name in found:
        if action == "enable" and name.startswith("ddsp-edge"):
            assert name in ours, name
    with pytest.raises(ValueError, match="line 1: enable or mask"):
        units("start ssh.service  why not\n")


def test_a_box_without_a_screen_is_reached_from_every_network() -> None:
    was = tomllib.loads((ROOT / "deploy/config.toml").read_text())
    now = tomllib.loads(reachable((ROOT / "deploy/config.toml").read_text()))
    assert now.pop("panel") == {"host": "0.0.0.0"} and was.pop("panel") == {}
    assert now.pop("midi") == {"rtp": "0.0.0.0:5004"} and was.pop("midi") == {} and now == was
    with pytest.raises(ValueError, match="nobody would reach"):
        reachable("[panel]\n")


def test_what_the_image_announces_is_what_is_served_there() -> None:
    text = (FILES / "etc/avahi/services/ddsp-edge.service").read_text()
    told = dict(re.findall(r"<type>(\S+)</type><port>(\d+)</port>", text))
    assert told == {discovery.SERVICE: str(PanelConfig().port), announcement.SERVICE: "5004"}


def test_of_two_builds_of_one_version_the_later_is_newer() -> None:
    first, second = (
        numbers_of("0.1.0+deb13", 1_800_000_000),
        numbers_of("0.1.0+deb13", 1_800_000_001),
    )
    assert first == "0.1.0.20270115080000" and numbers(second) > numbers(first)
    assert numbers(numbers_of("0.2.0", 0)) > numbers(second)
    with pytest.raises(ValueError, match="begins with no number"):
        numbers_of("deb13", 0)


@pytest.mark.parametrize(
    ("module", "goes"),
    [
        ("kernel/drivers/gpu/drm/vc4/vc4.ko.xz", True),
        ("kernel/drivers/net/ethernet/intel/e1000/e1000.ko.xz", True),
        ("kernel/drivers/net/ethernet/broadcom/genet/genet.ko.xz", False),
        ("kernel/drivers/net/usb/lan78xx.ko.xz", False),
        ("kernel/drivers/net/wireless/broadcom/brcm80211/brcmfmac/brcmfmac.ko.xz", False),
        ("kernel/drivers/net/wireless/virtual/mac80211_hwsim.ko.xz", False),
        ("kernel/sound/usb/snd-usb-audio.ko.xz", False),
        ("kernel/sound/soc/intel/avs/snd-soc-avs.ko.xz", True),
        ("kernel/sound/soc/bcm/snd-soc-bcm2835-i2s.ko.xz", False),
        ("kernel/drivers/scsi/sd_mod.ko.xz", False),
        ("kernel/drivers/scsi/megaraid/megaraid_sas.ko.xz", True),
        ("kernel/drivers/usb/gadget/udc/dummy_hcd.ko.xz", False),
        ("kernel/drivers/media/mc/mc.ko.xz", False),
        ("kernel/drivers/media/rc/rc-core.ko.xz", True),
        ("kernel/fs/xfs/xfs.ko.xz", True),
        ("kernel/fs/fat/vfat.ko.xz", False),
    ],
)
def test_modules_of_a_box_stay(module: str, goes: bool) -> None:
    assert bool(PRUNED.match(module)) == goes


def test_no_module_is_there_without_what_it_depends_on() -> None:
    every = "".join(f"kernel/{name.replace('_', '-')}.ko.xz:\n" for name in WANTED)
    kept = kept_modules(
        f"{every}kernel/a.ko.xz: kernel/b.ko.xz\n"
        "kernel/b.ko.xz: kernel/drivers/gpu/drm/drm.ko.xz\n"
        "kernel/drivers/gpu/drm/drm.ko.xz:\nkernel/c.ko.xz: kernel/usbhid.ko.xz\n"
    )
    assert "kernel/c.ko.xz" in kept and not kept & {"kernel/a.ko.xz", "kernel/b.ko.xz"}
    with pytest.raises(ValueError, match=r"would lack modules: snd_usb_audio$"):
        kept_modules(every.replace("kernel/snd-usb-audio.ko.xz:\n", ""))


@pytest.mark.parametrize("name", ["init", "files/usr/lib/ddsp-edge/image/identity",
                                  "files/usr/lib/ddsp-edge/image/grow", "builder/guest/init",
                                  "builder/guest/stage"])  # fmt: skip
def test_scripts_are_posix_shell(name: str) -> None:
    script = ROOT / "deploy/image" / name
    assert subprocess.run(["sh", "-n", str(script)]).returncode == 0
    dash = shutil.which("dash")
    assert dash is None or subprocess.run([dash, "-n", str(script)]).returncode == 0
