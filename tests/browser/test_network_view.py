"""The view of the networks, before a network service that says what the test wants."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddsp_edge.errors import UserError
from ddsp_edge.network.client import ENVIRONMENT
from firmware_py.network.answers import NetworkSocket

VIEW = "system"
STATE = {
    "possible": True,
    "reason": "",
    "busy": "",
    "problem": "",
    "host": "ddsp-1a2b",
    "given_host": "ddsp-1a2b",
    "addresses": ["10.42.0.1"],
    "mode": "auto",
    "cable": False,
    "joined": None,
    "seen_s": 20,
    "known": [{"uuid": "u1", "name": "Rehearsal room"}],
    "hotspot": {
        "name": "ddsp-1a2b",
        "password": "abcd2345efgh",
        "address": "10.42.0.1",
        "open": True,
    },
    "networks": [
        {"name": "Home", "signal": 82, "lock": "wpa"},
        {"name": "Café <b>5</b>", "signal": 61, "lock": "open"},
        {"name": "University", "signal": 40, "lock": "enterprise"},
        {"name": "Neighbour", "signal": 12, "lock": "sae"},
    ],
}


class SaidNetworks:
    """Says ``now`` and writes down what it is asked for."""

    def __init__(self) -> None:
        self.now: dict[str, Any] = STATE
        self.asked: list[Any] = []

    def state(self) -> dict[str, Any]:
        return self.now

    def join(self, **wanted: Any) -> None:
        if wanted["name"] == "Neighbour":
            raise UserError("a Wi-Fi password has 8 to 63 characters; check how it is typed")
        self.asked.append(wanted)

    def forget(self, uuid: str) -> None:
        self.asked.append(uuid)

    def look(self) -> None:
        self.asked.append("look")

    def set_mode(self, mode: str) -> None:
        self.asked.append(mode)


@pytest.fixture(scope="module", autouse=True)
def _service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SaidNetworks]:
    """There before the panel starts, which finds it by the environment."""
    path = tmp_path_factory.mktemp("network") / "network.sock"
    service = SaidNetworks()
    served = NetworkSocket(path, service)
    thread = threading.Thread(target=served.run)
    thread.start()
    os.environ[ENVIRONMENT] = str(path)
    yield service
    del os.environ[ENVIRONMENT]
    served.stop()
    thread.join(20)


@pytest.fixture
def service(_service: SaidNetworks) -> SaidNetworks:
    _service.now, _service.asked = STATE, []
    return _service


@pytest.fixture
def network(service: SaidNetworks, phone: Any) -> Any:
    phone.until(lambda: phone.shown("#networks li"))
    return phone


def picture(phone: Any, name: str) -> None:
    """For docs/network.md: PICTURES names the folder."""
    if folder := os.environ.get("PICTURES"):
        from panel_pictures import small_picture

        png = small_picture(phone.driver.get_screenshot_as_png())
        (Path(folder) / f"panel-network-{name}-phone.png").write_bytes(png)


def test_networks_are_listed_with_strength_and_lock(network: Any) -> None:
    assert "own hotspot ddsp-1a2b is open" in network.text("#network-state")
    rows = network.run(
        "return [...document.querySelectorAll('#networks li')].map((e) => e.innerText)"
    )
    assert len(rows) == 5 and "82 %" in rows[0] and "with a password" in rows[0]
    assert "Café <b>5</b>" in rows[1] and "open" in rows[1]  # a name is text, never markup
    assert "asks for a user name" in rows[2] and "Join" not in rows[2]
    assert "Rehearsal room" in rows[4] and "out of reach" in rows[4]
    network.run("document.querySelector('#network-state').scrollIntoView()")
    picture(network, "list")


def test_joining_says_first_that_the_phone_loses_the_box_and_where_it_is_then(
    network: Any, service: SaidNetworks
) -> None:
    network.tap("[aria-label='Join Home']")
    network.until(lambda: network.shown("#network-password"))
    told = network.text("dialog")
    assert "this phone loses it" in told and "http://ddsp-1a2b.local:" in told
    assert "comes back within two minutes" in told
    network.find("#network-password").send_keys('sec"ret 9')
    picture(network, "join")
    network.tap("#network-join")
    network.until(lambda: service.asked)
    assert service.asked == [{"name": "Home", "password": 'sec"ret 9', "hidden": False}]
    network.until(lambda: not network.shown("dialog"))


def test_a_refusal_and_a_failure_are_said_in_a_sentence(
    network: Any, service: SaidNetworks
) -> None:
    network.tap("[aria-label='Join Neighbour']")
    network.find("#network-password").send_keys("short")
    network.tap("#network-join")
    network.until(lambda: "8 to 63 characters" in network.text("#toasts"))
    service.now = {**STATE, "problem": "Home was not joined: the password is wrong"}
    network.until(lambda: "the password is wrong" in network.text("#network-problem"))
    picture(network, "wrong")


def test_an_open_and_a_hidden_network(network: Any, service: SaidNetworks) -> None:
    network.tap("[aria-label^='Join Café']")
    network.until(lambda: network.shown("#network-join"))
    assert not network.shown("#network-password")
    network.tap("#network-join")
    network.until(lambda: service.asked)
    network.tap("#network-hidden")
    network.find("#network-name").send_keys("Quiet")
    network.find("#network-password").send_keys("12345678")
    network.tap("#network-join")
    network.until(lambda: len(service.asked) == 2)
    assert [each["hidden"] for each in service.asked] == [False, True]
    assert service.asked[1]["name"] == "Quiet" and service.asked[0]["password"] == ""


def test_a_network_is_forgotten_and_the_hotspot_kept_open(
    network: Any, service: SaidNetworks
) -> None:
    for button in ("[aria-label='Forget Rehearsal room']", "#network-hotspot"):
        network.tap(button)
        network.tap("dialog button[value=yes]")
        network.until(lambda: not network.shown("dialog"))
    network.until(lambda: len(service.asked) == 2)
    assert service.asked == ["u1", "hotspot"]


def test_codes_for_another_phone(network: Any) -> None:
    pytest.importorskip("segno", reason="segno is not installed (the extra panel)")
    network.tap("#network-more summary")
    network.until(lambda: network.shown("#network-codes svg"))
    assert "abcd2345efgh" in network.text("#network-codes")
    labels = network.run("return [...document.querySelectorAll('.qr')].map((e) => e.ariaLabel)")
    assert labels[0] == "QR code of the Wi-Fi network ddsp-1a2b" and len(labels) == 2
    network.run("document.querySelector('#network-codes').scrollIntoView({block: 'center'})")
    picture(network, "codes")


def test_where_there_is_no_networkmanager_nothing_is_offered(
    network: Any, service: SaidNetworks
) -> None:
    service.now = {**STATE, "possible": False, "reason": "there is no NetworkManager here"}
    network.until(lambda: "not offered here" in network.text("#network-state"))
    assert not network.shown("#networks li") and not network.shown("#network-look")


def test_a_name_that_another_box_has_is_told(network: Any, service: SaidNetworks) -> None:
    assert "Another box" not in network.text("#network-state")
    service.now = {**STATE, "given_host": "pedal", "host": "pedal-2"}
    told = "Another box here is called pedal: this one is pedal-2."
    network.until(lambda: told in network.text("#network-state"))
    assert "http://pedal-2.local:" in network.text("#network-state")
