"""The box as a MIDI device: what is written where, on a folder that stands for configfs."""

from functools import partial

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.system.usb_device import UsbDeviceState, usb_device_state
from firmware_py.config import UsbConfig, read_config
from firmware_py.device_overrides import DeviceOverrides
from firmware_py.usb_gadget import CONFIGURATION, ENGLISH, FUNCTION, NAME, configured, main, start


@pytest.fixture
def folders(tmp_path):
    gadgets, controllers = tmp_path / "gadgets", tmp_path / "udc"
    gadgets.mkdir()
    controllers.mkdir()
    return gadgets, controllers


def test_without_a_controller_it_is_said_with_the_remedy(folders, tmp_path):
    for controllers in (folders[1], tmp_path / "none"):
        with pytest.raises(UserError, match=r"no USB device controller.*dtoverlay=dwc2"):
            start(folders[0], controllers)
    assert not any(folders[0].iterdir())


def test_without_the_kernels_module_it_is_said(folders, tmp_path):
    (folders[1] / "dwc2.usb").mkdir()
    with pytest.raises(UserError, match="libcomposite"):
        start(tmp_path / "none", folders[1])


def test_the_gadget_has_our_name_and_one_port_each_way(folders, monkeypatch):
    (folders[1] / "fe980000.usb").mkdir()
    monkeypatch.setattr("socket.gethostname", lambda: "violin.lan")
    assert start(*folders) == "ddsp-edge violin"
    gadget = folders[0] / NAME
    assert (gadget / ENGLISH / "product").read_text() == "ddsp-edge violin\n"
    assert (gadget / FUNCTION / "in_ports").read_text() == "1\n"
    assert (gadget / FUNCTION / "out_ports").read_text() == "1\n"
    assert (gadget / CONFIGURATION / "midi.usb0").resolve() == (gadget / FUNCTION).resolve()
    assert (gadget / "UDC").read_text() == "fe980000.usb\n"


def test_a_second_start_is_one(folders):
    (folders[1] / "dwc2.usb").mkdir()
    assert start(*folders) == start(*folders)


def test_a_controller_that_is_taken_is_said_in_one_line(folders):
    (folders[1] / "dwc2.usb").mkdir()
    (folders[0] / NAME).mkdir()
    (folders[0] / NAME / "UDC").mkdir()  # cannot be written, as a busy one
    with pytest.raises(UserError, match=r"cannot become a MIDI device.*g_ether"):
        start(*folders)


def test_off_is_what_holds_without_a_word(tmp_path, capsys):
    assert UsbConfig().gadget == "off"
    config = tmp_path / "config.toml"
    config.write_text('[usb]\ngadget = "audio"\n')
    assert main(["apply", "--config", str(config)]) == 2
    assert "usb.gadget: 'audio' is not one of off, midi" in capsys.readouterr().err


def test_the_panels_switch_counts_before_the_config(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(f'[usb]\ngadget = "midi"\n[instrument]\nstate = "{tmp_path}"\n')
    read = read_config(config)
    switch = DeviceOverrides(tmp_path)
    found = [configured(read)]
    for chosen in ("off", "midi", ""):
        switch.write_usb(chosen)
        found.append(configured(read))
    assert found == ["midi", "off", "midi", "midi"]
    (tmp_path / "usb.toml").write_text('gadget = "disk"\n')
    with pytest.raises(UserError, match=r"usb.toml.*'disk' is not one of"):
        configured(read)


@pytest.mark.parametrize(("gadget", "says"), [("off", ""), ("midi", "no USB device controller")])
def test_only_what_is_wanted_and_cannot_be_is_told(tmp_path, monkeypatch, capsys, gadget, says):
    none = partial(usb_device_state, tmp_path / "udc")
    monkeypatch.setattr("firmware_py.usb_gadget.usb_device_state", none)
    config = tmp_path / "config.toml"
    config.write_text(f'[usb]\ngadget = "{gadget}"\n[instrument]\nstate = "{tmp_path}"\n')
    assert main(["check", "--config", str(config)]) == (2 if says else 0)
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("function", "state", "is_now"),
    [
        (None, None, UsbDeviceState("fe980000.usb")),
        ("\n", "not attached\n", UsbDeviceState("fe980000.usb")),
        ("ddsp-edge\n", "configured\n", UsbDeviceState("fe980000.usb", "ddsp-edge", True)),
        ("ddsp-edge\n", "suspended\n", UsbDeviceState("fe980000.usb", "ddsp-edge", False)),
        ("g_ether\n", "configured\n", UsbDeviceState("fe980000.usb", "g_ether", True)),
        ("x" * 5000, "configured", UsbDeviceState("fe980000.usb", "x" * 256, True)),
    ],
)
def test_what_the_controller_says(folders, function, state, is_now):
    at = folders[1] / "fe980000.usb"
    at.mkdir()
    for name, text in (("function", function), ("state", state)):
        if text is not None:
            (at / name).write_text(text)
    assert usb_device_state(folders[1]) == is_now
