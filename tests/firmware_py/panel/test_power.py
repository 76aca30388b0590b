"""Restart and shutdown: what systemd is asked, what is said where it refuses. Nothing here reaches
the machine's own systemd: busctl and systemctl are scripts of the test's, or there is no bus."""

import shutil

import pytest

from ddsp_edge.system.power import ENVIRONMENT
from firmware_py.panel.power import WAYS

WORDS = {"reboot": "reboot", "power_off": "poweroff"}


@pytest.fixture
def service(monkeypatch, tmp_path):
    """As the unit starts the panel; no system bus can be reached."""
    monkeypatch.setenv(ENVIRONMENT, "1")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")


@pytest.fixture
def systemd(service, monkeypatch, tmp_path):
    """Scripts in the place of busctl and systemctl: they write their words down and answer."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def answers(text, code=0):
        for name in ("busctl", "systemctl"):
            program = folder / name
            program.write_text(
                f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/asked\n'
                f"printf '%s\\n' '{text}' >&{1 if code == 0 else 2}\nexit {code}\n"
            )
            program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return tmp_path / "asked"

    return answers


def test_a_panel_that_is_no_service_turns_nothing_off(box, systemd, monkeypatch):
    asked = systemd('s "yes"')
    monkeypatch.delenv(ENVIRONMENT)
    told = box.ask("GET", "/api/power").json()
    assert (told["reboot"], told["power_off"]) == (False, False)
    assert "does not run as the box's service" in told["reason"]
    answer = box.ask("POST", "/api/power", json={"do": "power_off"})
    assert answer.status_code == 409 and not asked.exists()


@pytest.mark.skipif(shutil.which("busctl") is None, reason="busctl: apt-get install systemd")
def test_without_logind_nothing_is_offered_and_the_reason_is_said(box, service):
    told = box.ask("GET", "/api/power").json()
    assert (told["reboot"], told["power_off"]) == (False, False) and told["reason"]
    assert "\n" not in told["reason"]


def test_no_program_to_ask_is_a_reason_too(box, service, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "systemd cannot be asked" in box.ask("GET", "/api/power").json()["reason"]


@pytest.mark.parametrize("name", WAYS)
def test_systemd_is_asked_and_asks_nobody_for_a_password(box, systemd, name):
    asked = systemd('s "yes"')
    assert box.ask("GET", "/api/power").json() == {"reboot": True, "power_off": True, "reason": ""}
    assert box.ask("POST", "/api/power", json={"do": name}).status_code == 204
    words = (
        "busctl --system --timeout=10 call org.freedesktop.login1 "
        "/org/freedesktop/login1 org.freedesktop.login1.Manager "
    )
    wanted = [f"{words}CanReboot", f"{words}CanPowerOff"]
    wanted.append(f"systemctl --no-ask-password {WORDS[name]}")
    assert asked.read_text().splitlines() == wanted


@pytest.mark.parametrize("said", ['s "no"', 's "challenge"', 's "na"', ""])
def test_only_a_yes_is_one(box, systemd, said):
    systemd(said)
    told = box.ask("GET", "/api/power").json()
    assert (told["reboot"], told["power_off"]) == (False, False)


@pytest.mark.parametrize(("name", "what"), [("reboot", "restarted"), ("power_off", "shut down")])
def test_a_refusal_is_said_in_one_line_without_a_command(box, systemd, name, what):
    systemd("Call to Reboot failed: Interactive authentication required.", 1)
    answer = box.ask("POST", "/api/power", json={"do": name})
    assert answer.status_code == 409
    told = answer.json()
    assert told["error"].startswith(f"the box cannot be {what} (Call to Reboot failed: Interactive")
    assert "sudo" not in str(told) and "\n" not in told["error"]


@pytest.mark.parametrize("body", [{}, {"do": "halt"}, {"do": 1}, {"do": ["reboot"]}, [], None])
def test_what_is_neither_is_refused(box, systemd, body):
    asked = systemd('s "yes"')
    assert box.ask("POST", "/api/power", json=body).status_code == 400
    assert box.ask("POST", "/api/power", json={"do": "reboot", "x": 1}).status_code == 400
    assert not asked.exists()
