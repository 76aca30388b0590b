"""The page's files: cached, compressed, and nothing else of the disk."""

import gzip
import re

import pytest

from ddsp_edge.web.answers import ApiError
from ddsp_edge.web.pages import SHARED, TYPES, Pages
from firmware_py.panel.server import STATIC


def test_the_page_is_there_compressed_and_not_sent_twice(box):
    answer = box.client.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200 and "html" in answer.headers["content-type"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == (STATIC / "index.html").read_bytes()
    known = {"If-None-Match": answer.headers["etag"]}
    again = box.client.get("/", headers=known)
    assert again.status_code == 304 and not again.content
    assert box.client.head("/").status_code == 200


def test_every_file_of_the_page_is_served(box):
    for path in (*STATIC.iterdir(), *SHARED.iterdir()):
        answer = box.client.get(f"/static/{path.name}")
        assert answer.status_code == 200, path.name
        assert answer.headers["content-type"] == TYPES[path.suffix]
        assert answer.content == path.read_bytes()


def _text(name):
    """A file of the panel, or one that it shares with the studio."""
    path = STATIC / name
    return (path if path.exists() else SHARED / name).read_text()


def needed(name):
    """A module and all that it imports."""
    imports = re.findall(r'^import .* from "\./([\w-]+\.js)";$', _text(name), re.M)
    return {name}.union(*(needed(each) for each in imports))


def test_what_play_needs_is_asked_for_at_once():
    """Not one module after the other, each of which would be a round trip."""
    page = (STATIC / "index.html").read_text()
    asked = re.findall(r'<link rel="modulepreload" href="/static/([\w-]+\.js)">', page)
    assert sorted(asked) == sorted((needed("app.js") | needed("view-play.js")) - {"app.js"})


def test_a_change_is_seen(tmp_path):
    (tmp_path / "a.js").write_text("1")
    pages = Pages(tmp_path)
    assert pages._page("a.js").data == b"1"
    (tmp_path / "a.js").write_text("22")
    assert pages._page("a.js").data == b"22"
    (tmp_path / "b.css").write_bytes(b"a" * 5000)
    page = pages._page("b.css")
    assert page.zipped is not None and gzip.decompress(page.zipped) == page.data


@pytest.mark.parametrize(
    "name", ["../server.py", "server.py", "..", "", ".env.js", "a/b.js", "x\0.js", "b.js", "a.JS\n"]
)
def test_nothing_else_is(tmp_path, name):
    (tmp_path / "static").mkdir()
    (tmp_path / "server.py").write_text("")
    (tmp_path / ".env.js").write_text("")
    with pytest.raises(ApiError):
        Pages(tmp_path / "static")._page(name)


@pytest.mark.parametrize(
    "path", ["../server.py", "..%2fserver.py", "%2e%2e/access.py", "%2fetc%2fpasswd", "a%00.js"]
)
def test_no_address_leaves_the_folder(box, path):
    answer = box.client.get(f"/static/{path}")
    assert answer.status_code in (401, 404) and set(answer.json()) == {"error", "remedy"}
