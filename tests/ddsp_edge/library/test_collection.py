"""A folder of models becomes a collection, and what an index says is not trusted."""

import json
import shutil
from dataclasses import replace

import pytest
import tiny_decoder
from file_server import serving

from ddsp_edge.bundles.bundle import write_bundle
from ddsp_edge.errors import UserError
from ddsp_edge.library.collection import (
    FORMAT,
    MAX_INDEX_BYTES,
    fetch_index,
    fetch_model,
    fetch_preview,
    index_address,
    make_index,
    parse_index,
)
from ddsp_edge.library.folders import shipped_folder

ROW = {"name": "tiny", "title": "Tiny", "file": "tiny.zip", "size": 9, "sha256": "0" * 64}
ROW |= {"licence": "CC0"}


@pytest.fixture
def folder(tmp_path):
    """Two models, one of them with a preview, in files whose names are not plain."""
    made = tmp_path / "collection"
    made.mkdir()
    silent = replace(tiny_decoder.tiny_bundle(), preview=b"", preview_name="")
    write_bundle(made / "a tiny one.zip", silent)
    shutil.copy(shipped_folder() / "violin.zip", made / "Víolin.zip")
    return made


def index(**more):
    return {"format": FORMAT, "version": 1, "name": "Test", "models": [ROW], **more}


def parse(tables):
    return parse_index(json.dumps(tables).encode(), "here")


def test_a_folder_is_described_served_and_read(folder):
    made = make_index(folder, "Strings")
    assert [each.name for each in made.models] == ["tiny", "violin"]
    violin = made.find("violin")
    assert violin.family == "strings" and violin.licence and violin.author
    with serving(folder) as address:
        assert fetch_index(address) == made == fetch_index(f"{address}index.json")
        for each, file in zip(made.models, ("a tiny one.zip", "Víolin.zip"), strict=True):
            assert fetch_model(address, each) == (folder / file).read_bytes()
        data, name = fetch_preview(address, violin)
        assert data == (folder / violin.preview).read_bytes() and name.startswith("preview.")
        with pytest.raises(UserError, match="has no preview"):
            fetch_preview(address, made.find("tiny"))


def test_tags_and_name_are_edited_in_the_index_and_kept(folder):
    make_index(folder, "Strings")
    path = folder / "index.json"
    tables = json.loads(path.read_text())
    tables["models"][1]["tags"] = ["bowed", "solo"]
    path.write_text(json.dumps(tables))
    made = make_index(folder)
    assert made.name == "Strings" and made.find("violin").tags == ("bowed", "solo")


def test_a_signature_beside_a_model_is_named(folder):
    (folder / "a tiny one.zip.sig").write_text("signature")
    assert make_index(folder).find("tiny").signature == "a%20tiny%20one.zip.sig"


def test_a_folder_without_models_and_one_with_a_broken_one_are_refused(tmp_path):
    with pytest.raises(UserError, match="holds no model"):
        make_index(tmp_path)
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    with pytest.raises(UserError, match=r"broken\.zip"):
        make_index(tmp_path)
    assert not (tmp_path / "index.json").exists()


def test_a_changed_file_is_not_the_one_of_the_index(folder):
    tiny = make_index(folder).find("tiny")
    path = folder / "a tiny one.zip"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with serving(folder) as address:
        with pytest.raises(UserError, match="SHA-256 differs"):
            fetch_model(address, tiny)
        path.write_bytes(bytes(data) + b"more")
        with pytest.raises(UserError, match="is larger than"):
            fetch_model(address, tiny)


@pytest.mark.parametrize("file", ["http://elsewhere.example/x.zip", "//elsewhere/x", "file:///x"])
def test_files_lie_on_the_indexs_own_host(file):
    listed = parse(index(models=[ROW | {"file": file}])).models[0]
    with pytest.raises(UserError, match=r"another host|not an address"):
        fetch_model("http://here.example/c/", listed)


def test_an_address_of_a_folder_is_that_of_its_index():
    for address in (
        "https://a.example/c",
        "https://a.example/c/",
        "https://a.example/c/index.json",
    ):
        assert index_address(address) == "https://a.example/c/index.json"


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ([], "not a table"),
        (index(format="other"), "format is 'other'"),
        (index(version=2), "version"),
        (index(name=""), "name"),
        (index(more=1), "unknown key"),
        (index(models=[ROW, ROW]), "same name"),
        (index(models=[ROW] * 600), "600 entries"),
        (index(models=[ROW | {"name": "../x"}]), "no name of a model"),
        (index(models=[ROW | {"size": 1 << 40}]), "size"),
        (index(models=[ROW | {"size": -1}]), "size"),
        (index(models=[ROW | {"sha256": "x"}]), "sha256"),
        (index(models=[ROW | {"tags": ["a,b"]}]), "tag"),
        (index(models=[ROW | {"tags": ["x" * 25]}]), "tag"),
        (index(models=[ROW | {"title": "two\nlines"}]), "one printable line"),
        (index(models=[{**ROW, "licence": ""}]), "licence"),
    ],
)
def test_a_wrong_index_is_refused(tables, says):
    with pytest.raises(UserError, match=says):
        parse(tables)


def test_what_is_no_json_or_too_long_is_refused():
    for data in (b"", b"<html>", b"[" * 50_000, b"\xff"):
        with pytest.raises(UserError, match="not JSON"):
            parse_index(data, "here")
    with pytest.raises(UserError, match="more than"):
        parse_index(b" " * (MAX_INDEX_BYTES + 1), "here")


def test_a_preview_that_is_no_sound_is_refused(folder):
    violin = make_index(folder).find("violin")
    (folder / violin.preview).write_text("<script>")
    with serving(folder) as address, pytest.raises(UserError, match="not ogg, flac or wav"):
        fetch_preview(address, violin)
