"""The panel reads a hosted collection and installs from it by the rules of the store."""

import hashlib
import json
import subprocess

import pytest
import tiny_decoder
from file_server import serving

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.library.collection import make_index
from ddsp_edge.remote.policy import ENVIRONMENT
from ddsp_edge.remote.signing import sign


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "collection"
    made.mkdir()
    write_bundle(made / "tiny.zip", tiny_decoder.tiny_bundle())
    make_index(made, "Test")
    tables = json.loads((made / "index.json").read_text())
    tables["models"][0]["tags"] = ["Solo"]
    (made / "index.json").write_text(json.dumps(tables))
    return made


def post(box, path, **body):
    return box.ask("POST", f"/api/collection{path}", json=body)


def test_a_collection_is_read_and_a_model_installed_with_its_tags(box, folder):
    with serving(folder) as address:
        told = post(box, "", address=address).json()
        (row,) = told["models"]
        assert told["name"] == "Test" and (row["name"], row["tags"]) == ("tiny", ["Solo"])
        data = (folder / "tiny.zip").read_bytes()
        assert (row["size"], row["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        answer = post(box, "/install", address=address, name="tiny")
        assert answer.status_code == 201, answer.text
        assert (box.folder / "tiny.zip").read_bytes() == data and box.engine.reloads == 1
        assert post(box, "/install", address=address, name="tiny").status_code == 200
        rows = {row["name"]: row for row in box.ask("GET", "/api/models").json()["models"]}
        assert rows["tiny"]["tags"] == ["solo"] and rows["violin"]["tags"] == []
        assert post(box, "/install", address=address, name="none").status_code == 404


def test_a_file_that_is_not_the_indexs_is_not_installed(box, folder):
    with serving(folder) as address:
        assert post(box, "", address=address).status_code == 200
        (folder / "tiny.zip").write_bytes((folder / "tiny.zip").read_bytes()[:-1] + b"x")
        answer = post(box, "/install", address=address, name="tiny")
        assert answer.status_code == 422 and "SHA-256" in answer.json()["error"]
    assert not list(box.folder.glob("*.zip"))


def test_a_box_that_takes_signed_models_only_verifies(box, folder, tmp_path, monkeypatch):
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    trusted = tmp_path / "allowed_signers"
    trusted.write_text(f"maker@example {key.with_suffix('.pub').read_text()}")
    policy = tmp_path / "deploy.toml"
    policy.write_text(f'require_signature = true\ntrusted_keys = "{trusted}"\n')
    monkeypatch.setenv(ENVIRONMENT, str(policy))
    with serving(folder) as address:
        answer = post(box, "/install", address=address, name="tiny")
        assert answer.status_code == 403 and not list(box.folder.glob("*.zip"))
        signature = sign(folder / "tiny.zip", key)
        make_index(folder)
        good = signature.read_text()
        signature.write_text(good.replace("U1NI", "U1NJ", 1))
        assert post(box, "", address=address).json()["models"][0]["signed"] is True
        assert post(box, "/install", address=address, name="tiny").status_code == 422
        assert not list(box.folder.glob("*.zip"))
        signature.write_text(good)
        assert post(box, "/install", address=address, name="tiny").status_code == 201


@pytest.mark.parametrize("address", ["", "file:///etc/passwd", "http://127.0.0.1:1/", "x" * 5000])
def test_what_is_no_collection_is_422_and_tells_nothing(box, address):
    answer = post(box, "", address=address)
    assert answer.status_code == 422 and "root:" not in answer.text


def test_what_another_service_of_the_network_says_is_not_passed_on(box, tmp_path):
    (tmp_path / "index.json").write_text("the secret of another service")
    with serving(tmp_path) as address:
        assert "secret" not in post(box, "", address=address).text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"address": 1}', b'{"address": "x", "y": 1}']
)
def test_another_body_is_400(box, body):
    assert box.ask("POST", "/api/collection", content=body).status_code == 400


# ---- titles, tags, files


def upload(box, tiny_path):
    kind = {"Content-Type": "application/octet-stream"}
    data = tiny_path.read_bytes()
    assert box.ask("POST", "/api/models", content=data, headers=kind).status_code == 201
    return data


def test_a_model_gets_another_title_and_keeps_the_name_that_presets_know(box, tiny_path):
    before = upload(box, tiny_path)
    assert box.ask("GET", "/api/models/tiny/file").content == before
    answer = box.ask("PATCH", "/api/models/tiny", json={"title": "Grandma's fiddle"})
    assert answer.status_code == 200, answer.text
    row = answer.json()
    assert (row["name"], row["info"]["name"], row["versions"]) == ("tiny", "Grandma's fiddle", 1)
    assert box.ask("POST", "/api/models/tiny/rollback").status_code == 200
    assert box.ask("GET", "/api/models/tiny/file").content == before


def test_tags_are_kept_beside_the_pairings(box, tmp_path):
    answer = box.ask("PATCH", "/api/models/violin", json={"tags": ["Bowed", "solo ", "bowed"]})
    assert answer.status_code == 200 and answer.json()["tags"] == ["bowed", "solo"]
    assert json.loads((tmp_path / "panel" / "tags.json").read_text()) == {
        "tags": {"violin": ["bowed", "solo"]}
    }
    assert box.ask("PATCH", "/api/models/violin", json={"tags": []}).json()["tags"] == []


@pytest.mark.parametrize(
    ("name", "change", "status"),
    [
        ("violin", {"title": "Viola"}, 409),  # comes with the program
        ("none", {"tags": ["a"]}, 404),
        ("tiny", {"title": ""}, 400),
        ("tiny", {"title": "a/b"}, 422),
        ("tiny", {"title": "x" * 65}, 400),
        ("tiny", {"tags": ["a,b"]}, 400),
        ("tiny", {"tags": [1]}, 400),
        ("tiny", {"tags": ["a" * 25]}, 400),
        ("tiny", {"tags": [str(i) for i in range(13)]}, 400),
        ("tiny", {"colour": 1}, 400),
        ("tiny", {}, 400),
    ],
)
def test_a_wrong_change_changes_nothing(box, tiny_path, name, change, status):
    before = upload(box, tiny_path)
    assert box.ask("PATCH", f"/api/models/{name}", json=change).status_code == status
    assert box.ask("GET", "/api/models/tiny/file").content == before
