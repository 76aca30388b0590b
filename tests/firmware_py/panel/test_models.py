"""Models through the browser: the checks of deployment, and no name that becomes a path."""

import io
import random
from dataclasses import replace
from urllib.parse import quote

import pytest
import tiny_decoder
from mutations import mutate

from ddsp_edge.bundles.bundle import MAX_FILE_BYTES, read_bundle, write_bundle
from firmware_py.panel.server import MAX_UPLOAD_BYTES

NAMES = [
    "../secret",
    "..%2Fsecret",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/etc/passwd",
    "..\\secret",
    ".history",
    ".",
    "..",
    "-rf",
    "violin\0",
    "violin.zip",
    "VIOLIN",
    "a" * 5000,
    "\u202e",
]


@pytest.fixture
def data(tiny_path):
    return tiny_path.read_bytes()


def versioned(tmp_path, day):
    path = tmp_path / f"{day}.zip"
    info = replace(tiny_decoder.INFO, export_time=f"2026-01-{day:02}T00:00:00+00:00")
    write_bundle(path, replace(tiny_decoder.tiny_bundle(), info=info))
    return path.read_bytes()


def upload(box, data, **more):
    kind = {"Content-Type": "application/octet-stream"}
    return box.ask("POST", "/api/models", content=data, headers=kind, **more)


def test_the_shipped_ones_are_listed_with_card_and_preview(box):
    rows = {row["name"]: row for row in box.ask("GET", "/api/models").json()["models"]}
    violin = rows["violin"]
    assert violin["origin"] == "shipped" and not violin["removable"] and violin["problem"] == ""
    assert violin["card"].startswith("#") and violin["info"]["name"] == "Violin"
    answer = box.ask("GET", "/api/models/violin/preview")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("audio/")
    from ddsp_edge.library.catalog import find_model

    assert answer.content == find_model("violin").preview


def test_the_list_is_compressed_for_who_takes_it(box):
    kinds = ({"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"})
    packed, plain = (box.ask("GET", "/api/models", headers=kind) for kind in kinds)
    # Beside the models there is the space left, which others use up meanwhile.
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json()["models"] == plain.json()["models"]
    assert "content-encoding" not in plain.headers
    assert 3 * int(packed.headers["content-length"]) < int(plain.headers["content-length"])


def test_a_picture_is_given_to_who_is_paired_and_kept_by_the_browser(box, data):
    row = next(r for r in box.ask("GET", "/api/models").json()["models"] if r["name"] == "violin")
    assert row["has_picture"]
    address = "/api/models/violin/picture"
    assert box.client.get(address).status_code == 401
    answer = box.ask("GET", address)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    from ddsp_edge.library.catalog import find_model

    assert answer.content == find_model("violin").picture
    known = {"If-None-Match": answer.headers["etag"]}
    again = box.ask("GET", address, headers=known)
    assert again.status_code == 304 and not again.content
    told = upload(box, data).json()
    assert told["model"]["has_picture"] is False
    assert box.ask("GET", "/api/models/tiny/picture").status_code == 404


def test_an_upload_is_installed_and_what_plays_is_told(box, data):
    answer = upload(box, data)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["news"] and told["model"]["name"] == "tiny" and told["model"]["removable"]
    assert told["playing"] == {"model": "violin"} and box.engine.reloads == 1
    assert (box.folder / "tiny.zip").read_bytes() == data
    assert upload(box, data).status_code == 200


def test_a_form_does_as_well(box, data):
    files = {"file": ("../../evil name.zip", io.BytesIO(data), "application/zip")}
    answer = box.ask("POST", "/api/models", files=files)
    assert answer.status_code == 201, answer.text
    assert sorted(p.name for p in box.folder.glob("*.zip")) == ["tiny.zip"]
    assert box.ask("POST", "/api/models", data={"file": "text"}, files={}).status_code in (400, 422)


def test_it_is_rolled_back_and_removed(box, tmp_path):
    old, new = versioned(tmp_path, 1), versioned(tmp_path, 2)
    assert upload(box, old).status_code == 201
    assert upload(box, new).json()["model"]["versions"] == 1
    refused = upload(box, old)
    assert refused.status_code == 422 and "allow_downgrade=true" in refused.json()["remedy"]
    answer = box.ask("POST", "/api/models/tiny/rollback")
    assert answer.status_code == 200 and answer.json()["model"]["versions"] == 0
    assert (box.folder / "tiny.zip").read_bytes() == old
    assert box.ask("POST", "/api/models/tiny/rollback").status_code == 409
    assert upload(box, new).status_code == 201
    assert upload(box, old, params={"allow_downgrade": "true"}).status_code == 201
    assert box.ask("DELETE", "/api/models/tiny").status_code == 204
    assert box.ask("DELETE", "/api/models/tiny").status_code == 404
    assert not list(box.folder.glob("*.zip"))


def test_what_plays_is_not_removed(box, data):
    upload(box, data)
    box.engine.plays = "tiny"
    answer = box.ask("DELETE", "/api/models/tiny")
    assert answer.status_code == 409 and (box.folder / "tiny.zip").exists()


def test_a_shipped_one_stays(box):
    for method, path in (("DELETE", "/api/models/violin"), ("POST", "/api/models/violin/rollback")):
        assert box.ask(method, path).status_code == 409


@pytest.mark.parametrize("data", [b"", b"PK", b"no model", b"PK\x03\x04" + bytes(1000)])
def test_what_is_no_model_is_refused_and_leaves_nothing(box, data):
    answer = upload(box, data)
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"error", "remedy"}
    assert str(box.folder) not in answer.text and ".staging" not in answer.text
    assert not list(box.folder.glob("*.zip")) and not list((box.folder).glob(".staging/*"))


def test_a_model_that_plays_nonsense_is_refused(box, tmp_path):
    path, weights = tmp_path / "bad.zip", tiny_decoder.weights()
    weights.head_bias[:] = 60.0  # exp(60): no sound has that
    write_bundle(path, tiny_decoder.tiny_bundle(weights))
    answer = upload(box, path.read_bytes())
    assert answer.status_code == 422 and "do not use it" in answer.json()["error"]
    assert not list(box.folder.glob("*.zip"))


def test_a_device_that_takes_signed_models_only_takes_none_from_here(
    box, data, tmp_path, monkeypatch
):
    policy = tmp_path / "deploy.toml"
    policy.write_text("require_signature = true\n")
    monkeypatch.setenv("DDSP_EDGE_DEPLOY", str(policy))
    assert upload(box, data).status_code == 403


def test_an_upload_is_bounded(box):
    part = bytes(1 << 20)
    parts = MAX_UPLOAD_BYTES // len(part) + 1
    said = {"Content-Length": str(MAX_UPLOAD_BYTES + 1)}
    assert box.ask("POST", "/api/models", content=b"x", headers=said).status_code == 413
    assert upload(box, (part for _ in range(parts))).status_code == 413
    assert upload(box, bytes(MAX_FILE_BYTES + 1)).status_code == 413
    assert not list(box.folder.glob("**/*.zip"))


@pytest.mark.parametrize("name", NAMES)
def test_no_name_reaches_a_path(box, name, tmp_path, data):
    (tmp_path / "secret.zip").write_bytes(data)
    upload(box, data)
    for address in (quote(name, safe=""), name.replace("\0", "%00")):
        asked = (("DELETE", ""), ("GET", "/preview"), ("GET", "/picture"), ("POST", "/rollback"))
        for method, tail in asked:
            answer = box.ask(method, f"/api/models/{address}{tail}")
            assert answer.status_code in (404, 405), (method, address, answer.text)
    assert (tmp_path / "secret.zip").exists() and (box.folder / "tiny.zip").exists()


def test_files_that_others_put_there_are_shown_but_not_touched(box, data):
    box.folder.mkdir(exist_ok=True)
    (box.folder / "My Own.zip").write_bytes(data)
    (box.folder / "broken.zip").write_bytes(b"PK")
    rows = {row["name"]: row for row in box.ask("GET", "/api/models").json()["models"]}
    assert not rows["My Own"]["removable"] and rows["My Own"]["info"]
    assert rows["broken"]["problem"] and str(box.folder) not in rows["broken"]["problem"]
    assert box.ask("DELETE", "/api/models/My%20Own").status_code == 409
    assert box.ask("GET", "/api/models/broken/preview").status_code == 404
    assert read_bundle(box.folder / "My Own.zip")


def test_a_users_model_hides_the_shipped_one_of_its_name(box, data):
    box.folder.mkdir(exist_ok=True)
    (box.folder / "violin.zip").write_bytes(data)
    rows = [r for r in box.ask("GET", "/api/models").json()["models"] if r["name"] == "violin"]
    assert [row["origin"] for row in rows] == ["user"]
    assert box.ask("DELETE", "/api/models/cello").status_code == 409


def test_damaged_uploads_are_refused_with_a_reason(box, data):
    tried, rng = 0, random.Random(1)
    for _ in range(40):
        answer = upload(box, mutate(data, rng))
        assert answer.status_code in (200, 201, 400, 422), answer.text
        tried += answer.status_code == 422
    assert tried > 20
