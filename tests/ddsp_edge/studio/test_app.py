"""Who may ask the studio, and what it says of instruments and recordings."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from studio_toy import KEY, note, png

from ddsp_edge.studio.app import make_studio
from ddsp_edge.training.run_options import read_options, write_options


def test_the_address_with_the_key_lets_a_browser_in(folder: Path) -> None:
    with TestClient(make_studio(folder, KEY), base_url="http://127.0.0.1:8088") as browser:
        assert browser.get("/api/instruments").status_code == 401
        assert browser.get("/?key=wrong").status_code == 200
        assert browser.get("/api/instruments").status_code == 401
        page = browser.get(f"/?key={KEY}")
        assert page.url.query == b"" and "<title>" in page.text
        assert browser.get("/api/instruments").json()["instruments"] == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "localhost.evil.example:8088"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer \xff".encode("latin-1")}, 401),
    ],
)
def test_others_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    answer = client.post("/api/instruments", json={"name": "X"}, headers=headers)
    assert answer.status_code == status and set(answer.json()) == {"error", "remedy"}
    assert client.get("/api/instruments").json()["instruments"] == []


def test_the_page_may_record_and_nothing_else(client: TestClient) -> None:
    answer = client.get("/")
    assert "microphone=(self)" in answer.headers["permissions-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.get("/static/dom.js").status_code == 200  # the panel's
    assert client.get("/static/..%2fapp.py").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {}, {"name": ""}, {"name": "../up"}, {"name": ".hidden"}, {"name": "a/b"}, {"name": "a\nb"},
        {"name": "x" * 41}, {"name": 3}, {"name": "A", "lowest": 900, "highest": 100},
        {"name": "A", "lowest": 1e9}, {"name": "A", "steps": -1}, {"name": "A", "steps": True},
        {"name": "A", "teacher": "/etc/passwd"}, {"name": "A", "folder": "/etc"},
        {"name": "A", "licence": "x" * 401}, {"name": "A", "single_notes": "yes"},
    ],
)  # fmt: skip
def test_fields_that_are_wrong(client: TestClient, folder: Path, fields: dict) -> None:
    answer = client.post("/api/instruments", json=fields)
    assert answer.status_code == 400 and answer.json()["remedy"]
    assert not (folder / "runs").exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b"[" * 100_000, b'{"name": NaN}'])
def test_bodies_that_are_wrong(client: TestClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert client.post("/api/instruments", content=body, headers=headers).status_code == 400


def test_an_instrument_and_its_recordings(client: TestClient, folder: Path, toy: str) -> None:
    assert toy == "toy flute"
    place = f"/api/instruments/{toy}"
    made = client.put(f"{place}/recordings/a b.wav", content=note(220.0))
    assert made.status_code == 201, made.text
    assert made.json()["file"] == "a b.wav" and made.json()["seconds"] == 1.0
    assert -20 < made.json()["peak_db"] < 0 and made.json()["floor_db"] <= made.json()["loud_db"]
    again = client.put(f"{place}/recordings/a b.wav", content=note(330.0))
    assert again.json()["file"] == "a b-2.wav"  # nothing is written over
    shown = client.get(place).json()
    assert [each["file"] for each in shown["recordings"]] == ["a b-2.wav", "a b.wav"]
    assert shown["training"]["state"] == "idle" and shown["report"] is None and shown["own"]
    assert client.get(f"{place}/recordings/a b.wav").content == note(220.0)
    assert client.delete(f"{place}/recordings/a b.wav").status_code == 204
    assert len(client.get(place).json()["recordings"]) == 1
    assert client.patch(place, json={"licence": "CC0 1.0"}).status_code == 204
    assert read_options(folder / "runs" / toy)["licence"] == "CC0 1.0"
    assert client.patch(place, json={"name": "Other"}).status_code == 400
    taken = client.post("/api/instruments", json={"name": "TOY FLUTE"})
    assert taken.status_code == 409 and "choose another" in taken.text


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("x.wav", b"", 400),
        ("x.wav", b"RIFF\xff\xff\xff\xffWAVEfmt ", 409),
        ("x.wav", b"#!/bin/sh\nrm -rf /\n" * 100, 409),
        ("x.flac", b"fLaC" + b"\0" * 4000, 409),
        ("x.sh", note(220.0), 409),
        (".wav", note(220.0), 409),
        ("..%2f..%2fx.wav", note(220.0), 404),
        ("..%5cup.wav", note(220.0), 201),  # a name from Windows: its last part
        ("x%00.wav", note(220.0), 201),
    ],
)
def test_hostile_uploads(
    client: TestClient, folder: Path, toy: str, name: str, content: bytes, status: int
) -> None:
    before = {path for path in folder.parent.rglob("*") if "recordings" not in path.parts}
    answer = client.put(f"/api/instruments/{toy}/recordings/{name}", content=content)
    assert answer.status_code == status, answer.text
    inside = list((folder / "recordings" / toy).iterdir())
    assert len(inside) == (status == 201)
    assert all(path.suffix == ".wav" and not path.name.startswith(".") for path in inside)
    after = {path for path in folder.parent.rglob("*") if "recordings" not in path.parts}
    assert {path.name for path in after - before} <= {"recordings.json"}


def test_a_body_that_is_too_long_is_cut_off(client: TestClient, folder: Path, toy: str) -> None:
    place = f"/api/instruments/{toy}"
    announced = {"Content-Length": str(1 << 40)}
    answer = client.put(f"{place}/recordings/x.wav", content=b"", headers=announced)
    assert answer.status_code == 413

    def parts():
        for _ in range(20):
            yield b"\0" * 65_536

    assert client.put(f"{place}/picture", content=parts()).status_code == 413
    assert list((folder / "recordings" / toy).iterdir()) == []


def test_a_picture(client: TestClient, toy: str) -> None:
    place = f"/api/instruments/{toy}/picture"
    assert client.get(place).status_code == 404
    for wrong in (b"GIF89a", png()[:20], png(4000, 4)):
        answer = client.put(place, content=wrong)
        assert answer.status_code == 409 and "picture" in answer.json()["error"]
    assert client.put(place, content=png()).status_code == 204
    assert client.get(place).content == png()


def test_only_files_of_the_run_are_given(client: TestClient, folder: Path, toy: str) -> None:
    run = folder / "runs" / toy
    (run / "checkpoint.pt").write_bytes(b"x")
    (run / "samples").mkdir()
    (run / "samples" / "recording.wav").write_bytes(note(220.0))
    place = f"/api/instruments/{toy}/files"
    assert client.get(f"{place}/samples/recording.wav").status_code == 200
    for name in ("checkpoint.pt", "options.json", "samples/..%2fcheckpoint.pt", "..%2f..%2fx"):
        assert client.get(f"{place}/{name}").status_code in (404, 409)
    for key in ("..", "nobody", "%2e%2e%2fruns", ".git"):
        assert client.get(f"/api/instruments/{key}").status_code in (404, 409)


def test_what_the_command_line_began_is_shown_but_not_changed(
    client: TestClient, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "my recordings"
    elsewhere.mkdir()
    (elsewhere / "a.wav").write_bytes(note(220.0))
    write_options(folder / "runs" / "horn", {"folder": str(elsewhere), "name": "Horn"})
    assert client.get("/api/instruments").json()["instruments"] == [
        {"key": "horn", "name": "Horn", "done": False}
    ]
    shown = client.get("/api/instruments/horn").json()
    assert not shown["own"] and shown["recordings"] == [{"file": "a.wav"}]
    answer = client.put("/api/instruments/horn/recordings/b.wav", content=note(330.0))
    assert answer.status_code == 409 and "command line" in answer.json()["error"]
    assert client.delete("/api/instruments/horn/recordings/a.wav").status_code == 409
    assert [path.name for path in elsewhere.iterdir()] == ["a.wav"]


def test_nothing_to_hear_or_send_before_the_training(client: TestClient, toy: str) -> None:
    place = f"/api/instruments/{toy}"
    for method, path, more in (
        ("GET", "/bundle", {}),
        ("POST", "/phrase?of=tune", {}),
        ("POST", "/live", {"json": {"source": "synth"}}),
        ("POST", "/send", {"json": {"host": "pedal.local"}}),
    ):
        answer = client.request(method, place + path, **more)
        assert answer.status_code == 409 and "train it first" in answer.text, path
    assert client.post(f"{place}/pause").status_code == 409
    assert client.post(f"{place}/live", json={"source": "--help"}).status_code == 400
    assert client.post(f"{place}/send", json={"host": ""}).status_code == 400
    assert client.post(f"{place}/phrase?of=x.exe", content=b"MZ").status_code == 400
