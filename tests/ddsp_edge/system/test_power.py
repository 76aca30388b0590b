"""Shutting down, with programs that stand for systemctl: what they are told, and each refusal."""

from __future__ import annotations

import sys

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.system import power


@pytest.fixture(autouse=True)
def allowed(monkeypatch):
    monkeypatch.setenv(power.ENVIRONMENT, "1")


def program(tmp_path, text):
    file = tmp_path / "systemctl"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def test_systemd_is_told_and_asked_for_no_password(tmp_path):
    said = tmp_path / "said"
    stand_in = program(tmp_path, f'echo "$@" >> {said}')
    power.power_off((stand_in, *power.POWER_OFF[1:]))
    power.restart((stand_in, *power.RESTART[1:]))
    assert said.read_text() == "--no-ask-password poweroff\n--no-ask-password reboot\n"
    assert power.POWER_OFF[0] == power.RESTART[0] == "systemctl"


def test_a_refusal_is_one_line_with_what_systemd_said(tmp_path):
    said = "Call to PowerOff failed: Interactive authentication required."
    stand_in = program(tmp_path, f"echo; echo '{said}' >&2; echo more >&2; exit 1")
    with pytest.raises(UserError) as error:
        power.power_off((stand_in, "poweroff"))
    text = f"the box cannot be shut down ({said}); at a terminal: sudo systemctl poweroff"
    assert str(error.value) == text


def test_a_program_that_is_no_service_of_the_box_shuts_nothing_down(tmp_path, monkeypatch):
    monkeypatch.delenv(power.ENVIRONMENT)
    stand_in = program(tmp_path, f"touch {tmp_path}/done")
    with pytest.raises(UserError, match="not the box's service; at a terminal: sudo systemctl"):
        power.power_off((stand_in, "poweroff"))
    assert not (tmp_path / "done").exists()


def test_no_systemd_and_no_permission(tmp_path):
    with pytest.raises(UserError, match=r"cannot be restarted: there is no .*nowhere here"):
        power.restart((str(tmp_path / "nowhere"), "reboot"))
    (tmp_path / "text").write_text("no program")
    with pytest.raises(UserError, match=r"shut down \(Permission denied\); at a terminal"):
        power.power_off((str(tmp_path / "text"), "poweroff"))


def test_a_systemd_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(power, "ANSWER_S", 0.2)
    with pytest.raises(UserError, match="systemd does not answer"):
        power.power_off((sys.executable, "-c", "import time; time.sleep(60)"))
