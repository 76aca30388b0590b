"""Uploads in pieces: resumed, refused, never more than asked for."""

from __future__ import annotations

import hashlib
import io

import pytest
from update_box import UpdateBox

from ddsp_edge.errors import UserError
from ddsp_edge.update.box import Box
from ddsp_edge.update.inbox import MOST_UPDATE_BYTES, UpdateInbox

DATA = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def inbox(update_box: UpdateBox) -> UpdateInbox:
    """Of a box that has nothing yet."""
    return UpdateInbox(update_box.box)


def test_an_upload_goes_on_where_it_was_cut(inbox: UpdateInbox) -> None:
    assert inbox.begin(len(DATA), SHA256) == 0
    assert inbox.append(io.BytesIO(DATA[:300_001]), 0, len(DATA), SHA256) == 300_001
    again = UpdateInbox(inbox.box)
    assert again.begin(len(DATA), SHA256) == 300_001
    assert again.append(io.BytesIO(DATA[300_001:]), 300_001, len(DATA), SHA256) == len(DATA)
    again.finish(len(DATA), SHA256)
    assert inbox.box.upload.read_bytes() == DATA
    assert [path.name for path in inbox.box.folder.iterdir()] == ["update.raucb"]


def test_bytes_beyond_the_end_are_not_taken(inbox: UpdateInbox) -> None:
    inbox.begin(len(DATA), SHA256)
    assert inbox.append(io.BytesIO(DATA + b"more"), 0, len(DATA), SHA256) == len(DATA)


def test_a_gap_is_refused(inbox: UpdateInbox) -> None:
    inbox.begin(len(DATA), SHA256)
    inbox.append(io.BytesIO(DATA[:1000]), 0, len(DATA), SHA256)
    with pytest.raises(UserError, match="1000 bytes are here, the upload goes on at 2000"):
        inbox.append(io.BytesIO(DATA[2000:]), 2000, len(DATA), SHA256)


def test_changed_on_its_way(inbox: UpdateInbox) -> None:
    inbox.begin(len(DATA), SHA256)
    inbox.append(io.BytesIO(DATA[:-1] + b"?"), 0, len(DATA), SHA256)
    with pytest.raises(UserError, match="changed on its way"):
        inbox.finish(len(DATA), SHA256)
    assert list(inbox.box.folder.iterdir()) == []


def test_another_upload_takes_the_place_of_a_partial_one(inbox: UpdateInbox) -> None:
    inbox.begin(len(DATA), SHA256)
    inbox.append(io.BytesIO(DATA[:1000]), 0, len(DATA), SHA256)
    assert inbox.begin(10, hashlib.sha256(b"x" * 10).hexdigest()) == 0
    assert list(inbox.box.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("size", "sha256", "sentence"),
    [
        (0, SHA256, "an update has 1 to"),
        (MOST_UPDATE_BYTES + 1, SHA256, "an update has 1 to"),
        (5, "../../etc/passwd", "no SHA-256"),
        (5, SHA256 + "\n", "no SHA-256"),
    ],
)
def test_what_no_update_is_called(
    inbox: UpdateInbox, size: int, sha256: str, sentence: str
) -> None:
    for call in (inbox.begin, inbox.finish):
        with pytest.raises(UserError, match=sentence):
            call(size, sha256)
    with pytest.raises(UserError, match=sentence):
        inbox.append(io.BytesIO(), 0, size, sha256)


def test_while_it_installs_nothing_is_taken(inbox: UpdateInbox) -> None:
    inbox.take(io.BytesIO(DATA), len(DATA))
    inbox.ask("install")
    with pytest.raises(UserError, match="is installing an update now"):
        inbox.begin(len(DATA), SHA256)
    with pytest.raises(UserError, match="is installing an update now"):
        inbox.ask("back")


def test_a_link_in_its_place_is_not_written_through(inbox: UpdateInbox, tmp_path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    (inbox.box.folder / f".upload-{SHA256}").symlink_to(victim)
    with pytest.raises(UserError, match="is a link"):
        inbox.append(io.BytesIO(DATA), 0, len(DATA), SHA256)
    assert victim.read_bytes() == b""


def test_a_box_without_slots_says_how_it_is_updated(tmp_path) -> None:
    inbox = UpdateInbox(Box(tmp_path / "run", tmp_path / "update"))
    with pytest.raises(UserError, match="ddsp-edge provision"):
        inbox.begin(len(DATA), SHA256)
    assert inbox.box.state()["offered"] is False
