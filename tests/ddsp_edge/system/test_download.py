"""Downloads are bounded, and nothing but http and https is opened."""

import pytest
from file_server import cut, endless, redirect, serving

from ddsp_edge.errors import UserError
from ddsp_edge.system.download import LONGEST_ADDRESS, check_address, download


def test_a_file_is_had_also_through_a_redirect(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"sound")
    with serving(tmp_path, away=redirect("/a.txt")) as address:
        assert download(f"{address}a.txt", 5, 20.0) == b"sound"
        assert download(f"{address}away", 5, 20.0) == b"sound"


@pytest.mark.parametrize(
    "address",
    [
        *("", "file:///etc/passwd", "ftp://host/x", "javascript:alert(1)", "//host/x", "host"),
        *("http://", "http:///x", "http://user@host/", "http://user:word@host/", "http://h:99999/"),
        *("http://host/a b", "http://host/\n", "http://hóst/", "http://[::1", "data:,x"),
        "http://host/" + "a" * LONGEST_ADDRESS,
    ],
)
def test_what_is_no_address_of_the_web_is_refused(address):
    with pytest.raises(UserError, match="begins with https"):
        check_address(address)


def test_too_much_is_not_read(tmp_path):
    (tmp_path / "a.txt").write_bytes(bytes(1001))
    with serving(tmp_path, endless=endless) as address:
        for name in ("a.txt", "endless"):
            with pytest.raises(UserError, match="larger than 1000 bytes"):
                download(f"{address}{name}", 1000, 20.0)


def test_what_is_cut_off_missing_or_not_there_is_told(tmp_path):
    with serving(tmp_path, cut=cut) as address:
        with pytest.raises(UserError, match=r"cut off after 10 bytes|cannot be read"):
            download(f"{address}cut", 5000, 20.0)
        with pytest.raises(UserError, match="answers 404"):
            download(f"{address}none", 5000, 20.0)
    with pytest.raises(UserError, match="cannot be read"):
        download(f"{address}a.txt", 5000, 20.0)  # nobody serves any more


def test_what_takes_too_long_is_given_up(tmp_path):
    late = pytest.raises(UserError, match="did not arrive within 1 s")
    with serving(tmp_path, endless=endless) as address, late:
        download(f"{address}endless", 1 << 40, 1.0)


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/away"])
def test_a_redirect_leads_nowhere_else_and_not_round_and_round(tmp_path, to):
    with serving(tmp_path, away=redirect(to)) as address, pytest.raises(UserError):
        download(f"{address}away", 5000, 20.0)
