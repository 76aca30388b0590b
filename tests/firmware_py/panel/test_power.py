"""Restart and shutdown: what busctl is asked, what is said where it refuses. Nothing here reaches
the machine's own logind: its bus is one that is not there, or busctl is a script of the test's."""

import os
import shutil

import pytest

from firmware_py.panel.power import METHODS


@pytest.fixture
def service(monkeypatch, tmp_path):
    """As if systemd had started this process; no system bus can be reached."""
    monkeypatch.setenv("SYSTEMD_EXEC_PID", str(os.getpid()))
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")


@pytest.fixture
def busctl(service, monkeypatch, tmp_path):
    """A script in busctl's place: it writes its words down and answers with the given text."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def answers(text, code=0):
        program = folder / "busctl"
        program.write_text(
            f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\n'
            f"printf '%s\\n' '{text}' >&{1 if code == 0 else 2}\nexit {code}\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return tmp_path / "asked"

    return answers


def test_a_panel_that_is_no_service_turns_nothing_off(box, busctl, monkeypatch):
    asked = busctl('s "yes"')
    monkeypatch.setenv("SYSTEMD_EXEC_PID", "1")  # a terminal's, inherited
    told = box.ask("GET", "/api/power").json()
    assert (told["reboot"], told["power_off"]) == (False, False)
    assert "does not run as the box's service" in told["reason"]
    answer = box.ask("POST", "/api/power", json={"do": "power_off"})
    assert answer.status_code == 409 and not asked.exists()


@pytest.mark.skipif(shutil.which("busctl") is None, reason="busctl: apt-get install systemd")
def test_without_logind_nothing_is_offered_and_the_reason_is_said(box, service):
    told = box.ask("GET", "/api/power").json()
    assert (told["reboot"], told["power_off"]) == (False, False) and told["reason"]
    for name, what in (("reboot", "restarted"), ("power_off", "shut down")):
        answer = box.ask("POST", "/api/power", json={"do": name})
        assert answer.status_code == 409
        assert f"the box is not {what}: " in answer.json()["error"]
        assert "\n" not in answer.json()["error"]


def test_no_program_to_ask_is_a_reason_too(box, service, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "systemd cannot be asked" in box.ask("GET", "/api/power").json()["reason"]


@pytest.mark.parametrize("name", METHODS)
def test_logind_is_asked_and_asks_nobody_for_a_password(box, busctl, name):
    asked = busctl('s "yes"')
    assert box.ask("GET", "/api/power").json() == {"reboot": True, "power_off": True, "reason": ""}
    assert box.ask("POST", "/api/power", json={"do": name}).status_code == 204
    words = (
        "--system --allow-interactive-authorization=no --timeout=10 call org.freedesktop.login1 "
        "/org/freedesktop/login1 org.freedesktop.login1.Manager "
    )
    methods = ["CanReboot", "CanPowerOff", f"{METHODS[name]} b false"]
    assert asked.read_text().splitlines() == [words + method for method in methods]


@pytest.mark.parametrize("said", ['s "no"', 's "challenge"', 's "na"', ""])
def test_only_a_yes_is_one(box, busctl, said):
    busctl(said)
    told = box.ask("GET", "/api/power").json()
    assert (told["reboot"], told["power_off"]) == (False, False)


def test_a_refusal_is_said_in_one_line(box, busctl):
    busctl("Call failed: Interactive authentication required.", 1)
    answer = box.ask("POST", "/api/power", json={"do": "reboot"})
    assert answer.status_code == 409
    assert answer.json()["error"] == (
        "the box is not restarted: Interactive authentication required."
    )


@pytest.mark.parametrize("body", [{}, {"do": "halt"}, {"do": 1}, {"do": ["reboot"]}, [], None])
def test_what_is_neither_is_refused(box, busctl, body):
    asked = busctl('s "yes"')
    assert box.ask("POST", "/api/power", json=body).status_code == 400
    assert box.ask("POST", "/api/power", json={"do": "reboot", "x": 1}).status_code == 400
    assert not asked.exists()
