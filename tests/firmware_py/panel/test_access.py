"""Nothing without a token, and a token only for who reads the box's display."""

import json
import logging
import os
import re
import stat
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp_edge.api.pairing_code import read_code
from ddsp_edge.errors import UserError
from ddsp_edge.network import local_name
from ddsp_edge.web.answers import ApiError
from ddsp_edge.web.request_checks import known_host
from firmware_py.panel import guard
from firmware_py.panel.access import (
    ASKED_S,
    CODE_S,
    GUESSES,
    GUESSES_A_DAY,
    MAX_DEVICES,
    TRIES,
    Devices,
    Pairing,
)
from firmware_py.panel.rates import network_of
from firmware_py.panel.server import make_app

CLOSED = [
    ("GET", "/api/power"),
    ("POST", "/api/power"),
    ("GET", "/api/models"),
    ("POST", "/api/models"),
    ("DELETE", "/api/models/violin"),
    ("GET", "/api/models/violin/preview"),
    ("GET", "/api/models/violin/picture"),
    ("POST", "/api/models/violin/rollback"),
    ("PATCH", "/api/models/violin"),
    ("GET", "/api/models/violin/file"),
    ("POST", "/api/collection"),
    ("POST", "/api/collection/preview"),
    ("POST", "/api/collection/install"),
    ("GET", "/api/backup"),
    ("POST", "/api/backup"),
    ("GET", "/api/presets/solo"),
    ("POST", "/api/presets/solo"),
    ("GET", "/api/system"),
    ("GET", "/api/logs"),
    ("GET", "/api/devices"),
    ("DELETE", "/api/devices/x"),
    ("GET", "/api/pair"),
    ("DELETE", "/api/pair"),
    ("GET", "/api/network"),
    ("POST", "/api/network"),
    ("GET", "/api/update"),
    ("POST", "/api/update"),
    ("GET", "/api/nothing"),
]


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def devices(tmp_path):
    return Devices(tmp_path / "state" / "devices.json")


@pytest.fixture
def pairing(tmp_path, devices, clock):
    return Pairing(devices, tmp_path / "code.json", clock)


def code_of(tmp_path):
    return read_code(tmp_path / "code.json")[0]


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06}"


# ---- tokens


def test_every_address_that_can_be_closed_is_listed_here(box):
    described = box.client.get("/api/openapi.json").json()["paths"]
    operations = {(m.upper(), p) for p, ways in described.items() for m in ways}
    open_ones = {("POST", "/api/pair"), ("POST", "/api/pair/ask"), ("GET", "/api/openapi.json")}
    open_ones |= {("GET", "/api/pair/network")}  # for guests of the hotspot: test_network.py
    closed = {
        (m, re.sub("violin|solo", "{name}", p).replace("devices/x", "devices/{id}"))
        for m, p in CLOSED
    }
    assert operations - open_ones == closed - {("GET", "/api/nothing")}


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", "Basic dGVzdA==", "{token}"])
def test_without_the_token_nothing_is_done(box, method, path, given):
    headers = {} if given is None else {"Authorization": given.format(token=box.token)}
    answer = box.client.request(method, path, headers=headers)
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()) == {"error", "remedy"}


def test_a_token_lets_in_until_it_is_taken_back(box):
    assert box.ask("GET", "/api/system").status_code == 200
    assert box.ask("DELETE", "/api/pair").status_code == 204
    assert box.ask("GET", "/api/system").status_code == 401


def test_one_device_sends_another_away(box):
    other = box.devices.add("lost phone")
    rows = box.ask("GET", "/api/devices").json()["devices"]
    assert [(row["name"], row["this"]) for row in rows] == [("test", True), ("lost phone", False)]
    assert box.ask("DELETE", f"/api/devices/{rows[1]['id']}").status_code == 204
    assert box.devices.find(other) is None
    assert box.ask("DELETE", f"/api/devices/{rows[1]['id']}").status_code == 404


def test_tokens_are_not_on_disk_and_the_file_is_nobody_elses(tmp_path, devices):
    token = devices.add("phone")
    path = tmp_path / "state" / "devices.json"
    assert token not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["devices.json"]
    assert Devices(path).find(token).name == "phone"


def test_a_removed_file_forgets_everybody(tmp_path, devices):
    token = devices.add("phone")
    assert devices.find(token)
    os.unlink(tmp_path / "state" / "devices.json")
    assert devices.find(token) is None


@pytest.mark.parametrize("data", [b"", b"[]", b'{"devices": [1]}', b'{"devices": [{}]}', b"\xff"])
def test_a_damaged_file_lets_nobody_in_and_is_replaced(tmp_path, data, devices, caplog):
    path = tmp_path / "state" / "devices.json"
    path.parent.mkdir()
    path.write_bytes(data)
    assert devices.find("") is None and "pair anew" in caplog.text
    assert devices.find(devices.add("phone"))


def test_the_oldest_of_too_many_devices_is_forgotten(devices):
    tokens = [devices.add(str(i)) for i in range(MAX_DEVICES + 1)]
    assert devices.find(tokens[0]) is None
    assert all(devices.find(token) for token in tokens[1:])


# ---- pairing


def test_the_code_on_the_display_is_exchanged_once(box, tmp_path):
    code = code_of(tmp_path)
    answer = box.client.post("/api/pair", json={"code": code, "name": "my phone"})
    assert answer.status_code == 200
    assert box.devices.find(answer.json()["token"]).name == "my phone"
    assert code_of(tmp_path) != code
    assert box.client.post("/api/pair", json={"code": code}).status_code == 403


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b'{"code": "000000"}', 415),
        ("application/json", b"", 400),
        ("application/json", b"[" * 5000, 400),
        ("application/json", b"[]", 400),
        ("application/json", b'{"code": 123456}', 400),
        ("application/json", b'{"code": "1", "admin": true}', 400),
        ("application/json", b'{"code": "1", "name": "a\\u0007"}', 400),
        ("application/json", b'{"code": "\\ud800"}', 403),
        ("application/json", b"\xff\xfe", 400),
    ],
)
def test_a_body_that_is_no_code_is_refused(box, kind, body, status):
    answer = box.client.post("/api/pair", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "remedy"}


def refused(pairing, code, address):
    with pytest.raises(ApiError) as error:
        pairing.pair(code, "x", address)
    return error.value


def test_an_address_waits_longer_each_time_and_nobody_else_does(pairing, tmp_path, clock):
    waits = []
    for _ in range(9):
        for _ in range(TRIES):
            assert refused(pairing, wrong(code_of(tmp_path)), "10.0.0.66").status == 403
        error = refused(pairing, code_of(tmp_path), "10.0.0.66")  # the right one as well
        assert error.status == 429 and "panel-code --unlock" in error.remedy
        waits.append(int(error.headers["Retry-After"]))
        assert pairing.pair(code_of(tmp_path), "a phone", "10.0.0.7")
        clock.now += waits[-1]
        pairing.renew()  # as time does
    assert waits[:3] == [61, 121, 241] and waits[-1] == 3601
    assert pairing.pair(code_of(tmp_path), "x", "10.0.0.66")
    assert refused(pairing, wrong(code_of(tmp_path)), "10.0.0.66").status == 403  # begins anew


def test_one_guesser_never_uses_up_what_all_may_try(pairing, tmp_path, clock):
    for _ in range(3 * 24):  # for three days
        for _ in range(TRIES):
            refused(pairing, wrong(code_of(tmp_path)), "10.0.0.66")
        clock.now += 3601
        pairing.renew()
        assert pairing.pair(code_of(tmp_path), "a phone", "10.0.0.7")


def test_a_guesser_with_many_addresses_can_lock_but_the_box_unlocks(pairing, tmp_path, clock):
    tried = 0
    for i in range(10_000):
        error = refused(pairing, wrong(code_of(tmp_path)), f"10.1.{i >> 8}.{i & 255}")
        tried += error.status == 403
    assert tried == GUESSES
    error = refused(pairing, code_of(tmp_path), "10.0.0.7")
    assert error.status == 429 and int(error.headers["Retry-After"]) <= 86_400 / GUESSES_A_DAY + 1
    code = code_of(tmp_path)
    pairing.unlock()
    assert code_of(tmp_path) != code
    assert abs(asked_at(tmp_path) - time.time()) < 10  # the tuner shows it
    assert pairing.pair(code_of(tmp_path), "x", "10.0.0.7")
    assert pairing.pair(code_of(tmp_path), "x", "10.1.0.0")


def test_a_wrong_code_changes_nothing_for_who_reads_the_right_one(pairing, tmp_path):
    code = code_of(tmp_path)
    for i in range(3 * TRIES):
        refused(pairing, wrong(code), f"10.0.0.{i % 3}")
    assert pairing.pair(code, "x", "10.0.0.7")


def test_every_new_code_is_another(pairing, tmp_path):
    codes = set()
    for _ in range(20):
        pairing.renew()
        codes.add(code_of(tmp_path))
    assert len(codes) > 15


def test_a_code_is_valid_for_some_minutes(pairing, tmp_path, clock):
    code = code_of(tmp_path)
    clock.now += CODE_S
    assert pairing.due_s() == 0.0
    with pytest.raises(ApiError):
        pairing.pair(code, "x")
    assert pairing.pair(code_of(tmp_path), "x")


def test_the_code_is_in_the_log_when_somebody_needs_it(tmp_path, devices, clock, caplog):
    caplog.set_level(logging.INFO)
    pairing = Pairing(devices, tmp_path / "code.json", clock)
    assert code_of(tmp_path) in caplog.text
    pairing.renew()  # time has passed, nobody asked
    assert code_of(tmp_path) not in caplog.text
    with pytest.raises(ApiError):
        pairing.pair(wrong(code_of(tmp_path)), "x")
    assert code_of(tmp_path) in caplog.text


def asked_at(tmp_path):
    return json.loads((tmp_path / "code.json").read_text())["asked"]


def test_who_asks_for_the_code_has_it_shown_for_a_while(pairing, tmp_path, clock):
    assert asked_at(tmp_path) == pairing.asked_left_s() == 0
    code = code_of(tmp_path)
    assert pairing.ask() and abs(asked_at(tmp_path) - time.time()) < 10
    assert pairing.asked_left_s() == ASKED_S
    assert code_of(tmp_path) == code
    assert not pairing.ask()  # a flood of questions writes nothing
    clock.now += CODE_S
    assert pairing.ask() and code_of(tmp_path) != code
    clock.now += ASKED_S
    pairing.renew()
    assert asked_at(tmp_path) == pairing.asked_left_s() == 0


def test_a_paired_phone_shows_the_code_to_another(box, tmp_path):
    assert box.ask("GET", "/api/pair").json()["asked_s"] == 0
    for _ in range(2):  # the second asks just after the first, and is no news
        assert box.client.post("/api/pair/ask").status_code == 204
    told = box.ask("GET", "/api/pair").json()
    assert ASKED_S - 30 < told["asked_s"] <= ASKED_S  # for a tuner that is opened now
    assert told["code"] == code_of(tmp_path) and 0 < told["for_s"] <= CODE_S
    assert code_of(tmp_path) not in box.client.post("/api/pair/ask").text
    answer = box.client.post("/api/pair", json={"code": told["code"]})
    assert answer.status_code == 200


def test_the_codes_file_is_the_groups_and_goes_with_the_panel(pairing, tmp_path):
    path = tmp_path / "code.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    pairing.close()
    with pytest.raises(UserError, match="no panel is running"):
        read_code(path)


def test_without_a_folder_for_the_code_it_is_in_the_log(devices, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    caplog.set_level(logging.INFO)
    Pairing(devices, tmp_path / "file" / "code.json")
    assert "only in the log" in caplog.text and "pairing code" in caplog.text


def test_the_command_shows_it(tmp_path, pairing, monkeypatch, capsys):
    from ddsp_edge.cli import main

    monkeypatch.setenv("DDSP_EDGE_PANEL_CODE", str(tmp_path / "code.json"))
    assert main(["panel-code", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] == code_of(tmp_path)
    assert main(["panel-code"]) == 0
    assert code_of(tmp_path) in capsys.readouterr().out
    (tmp_path / "code.json").write_text('{"code": "1", "until": 1}')
    assert main(["panel-code"]) == 2 and "expired" in capsys.readouterr().err
    (tmp_path / "code.json").write_text("[]")
    assert main(["panel-code"]) == 2 and "restart" in capsys.readouterr().err


# ---- hosts and origins


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8765", "[::1]:8765", "10.0.0.5", "[::1]"])
def test_this_box_by_its_name_or_any_address(box, host):
    assert box.ask("GET", "/api/devices", headers={"Host": host}).status_code == 200
    assert box.ask("GET", "/api/devices", headers={"Host": "Stage.Example:80"}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "", "localhost.evil.example", "127.0.0.1.nip.io"]
)
def test_another_name_is_refused_even_with_the_token(box, host):
    for path in ("/", "/api/devices", "/api/openapi.json", "/static/app.js"):
        assert box.ask("GET", path, headers={"Host": host}).status_code == 421


def test_the_name_that_mdns_has_given_it_is_this_box(box, monkeypatch):
    """Where another box has our name; at a moment of its choice, so it is asked for then."""

    def answer(host):
        return box.ask("GET", "/api/pair/network", headers={"Host": host}).status_code

    monkeypatch.setattr(local_name, "COMMAND", ("printf", 's "Pedal-2"'))
    assert answer("pedal-2.local:8765") == 200
    assert answer("PEDAL-2.local.") == 200
    for other in ("pedal-3.local", "pedal-2.local.evil.example", "pedal-2", "xpedal-2.local"):
        assert answer(other) == 421, other


@given(st.text(max_size=40))
def test_no_host_header_breaks_the_check(host):
    assert known_host(host, {"box"}) in (True, False)
    assert not known_host(host + ".evil.example", {"box"})


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost",
        "https://localhost:1",
        "localhost:8765",
        "",
    ],
)
def test_another_sites_page_is_refused(box, origin):
    assert box.ask("GET", "/api/devices", headers={"Origin": origin}).status_code == 403


def test_two_origins_are_refused(box):
    own = "http://localhost:8765"
    for second in (own, "http://evil.example"):
        headers = [*box.auth.items(), ("Origin", own), ("Origin", second)]
        answer = box.client.request("GET", "/api/devices", headers=headers)
        assert answer.status_code == 403, second


def test_its_own_page_is_not(box):
    own = {"Origin": "http://localhost:8765"}
    assert box.ask("GET", "/api/devices", headers=own).status_code == 200


# ---- sizes, rates, headers


def test_a_body_is_bounded_whether_it_says_its_size_or_not(box):
    most = guard.MAX_BODY_BYTES
    for content in (b" " * (most + 1), iter([b" " * 8192] * (most // 8192 + 1))):
        kind = {"Content-Type": "application/json"}
        answer = box.client.post("/api/pair", content=content, headers=kind)
        assert answer.status_code == 413, answer.text


def test_one_client_asks_only_so_often(tmp_path, models_folder, monkeypatch):
    from starlette.testclient import TestClient

    monkeypatch.setattr(guard, "RATE_HZ", 1e-6)
    monkeypatch.setattr(guard, "BURST", 5.0)
    devices = Devices(tmp_path / "devices.json")
    pairing = Pairing(devices, tmp_path / "code.json")
    app = make_app(devices, pairing, tmp_path / "none.sock", models_folder)
    flooding = TestClient(app, base_url="http://localhost", client=("10.0.0.1", 1))
    codes = [flooding.get("/api/openapi.json").status_code for _ in range(8)]
    assert codes == [200] * 5 + [429] * 3
    answer = flooding.get("/")
    assert answer.headers["retry-after"] == "1" and set(answer.json()) == {"error", "remedy"}
    other = TestClient(app, base_url="http://localhost", client=("10.0.0.2", 1))
    assert other.get("/api/openapi.json").status_code == 200
    many = [
        TestClient(app, base_url="http://localhost", client=(f"2001:db8::{n:x}", 1))
        for n in range(6)
    ]
    assert [each.get("/api/openapi.json").status_code for each in many] == [200] * 5 + [429]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%wlan0", "fe80::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("testclient", "testclient"),
    ],
)
def test_with_ipv6_a_network_is_one_client(address, network):
    assert network_of(address) == network


def test_every_answer_has_the_headers_that_keep_a_browser_in(box):
    for answer in (box.client.get("/"), box.client.get("/api/x"), box.ask("GET", "/api/x")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
    bad = box.client.get("/", headers={"Host": "a; script-src *"})
    assert bad.status_code == 421 and "*" not in bad.headers["content-security-policy"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(token=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_no_text_is_a_token(box, token):
    given = {"Authorization": f"Bearer {token}"}
    assert box.client.get("/api/system", headers=given).status_code == 401
