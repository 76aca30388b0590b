"""The box as a MIDI device: what is written where, on a folder that stands for configfs."""

import pytest

from ddsp_edge.errors import UserError
from firmware_py.config import UsbConfig
from firmware_py.usb_gadget import CONFIGURATION, ENGLISH, FUNCTION, NAME, main, start


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
    assert main(["start", "--config", str(config)]) == 2
    assert "usb.gadget: 'audio' is not one of off, midi" in capsys.readouterr().err
