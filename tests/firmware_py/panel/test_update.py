"""An update of the whole system through the panel: real bundles, the real installer, a box of files
(tests/update_box.py)."""

import http.client
import time

import pytest
from update_box import NEWER, OLDER, RUNS, update_box, update_keys  # noqa: F401 (fixtures)

from firmware_py.panel.log_words import sentences

PATH = "/api/update"
OCTETS = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def slots(update_box):  # noqa: F811
    """Before the panel is made, which looks for it in the environment."""
    return update_box


@pytest.fixture
def panel(slots, box):
    return box


def send(panel, data):
    return panel.ask("POST", PATH, content=data, headers=OCTETS)


def installed(panel, slots, bundle):
    """Send it, let root's installer do its work, and return what the panel says then."""
    told = send(panel, bundle.read_bytes())
    assert told.status_code == 202 and told.json()["stage"] == "checking"
    slots.installer().run()
    slots.note()
    return panel.ask("GET", PATH).json()


def test_a_box_without_slots_offers_nothing_and_takes_nothing(box):
    told = box.ask("GET", PATH).json()
    assert told["offered"] is False and told["stage"] == "idle"
    answer = send(box, b"hsqs" + bytes(100))
    assert (
        answer.status_code == 409 and "was not made from the card image" in answer.json()["error"]
    )


def test_a_good_update_waits_for_a_restart_and_runs_then(panel, slots):
    before = panel.ask("GET", PATH).json()
    assert (before["version"], before["slot"], before["stage"]) == (RUNS, "a", "idle")
    told = installed(panel, slots, slots.bundle())
    assert (told["stage"], told["waiting"]) == ("installed", NEWER)
    assert not (slots.folder / "restarted").exists()  # a person says when
    slots.restart()
    assert panel.ask("GET", PATH).json()["trial"] is True


def test_one_that_did_not_play_is_told(panel, slots):
    installed(panel, slots, slots.bundle())
    slots.restart()  # it is tried ...
    slots.restart()  # ... and was never good
    told = panel.ask("GET", PATH).json()
    assert told["failed"] == NEWER and "the box went back" in told["text"]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"version": OLDER}, "is older than"),
        ({"kernel": "6.0.0-other"}, "needs Linux 6.0.0-other"),
        ({"machine": "riscv"}, "is for ddsp-edge-riscv"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(panel, slots, made, said):
    told = installed(panel, slots, slots.bundle(**made))
    assert told["stage"] == "refused" and said in told["text"] and told["waiting"] == ""
    assert "trial=-" in slots.boot_state("show")


def test_a_stranger_s_signature_is_refused(panel, slots, update_keys):  # noqa: F811
    told = installed(panel, slots, slots.bundle(keys=update_keys[1]))
    assert told["stage"] == "refused" and "is not signed with the key" in told["text"]


def test_another_file_is_refused_at_once(panel, slots):
    for data in (b"PK\x03\x04" + bytes(3_000_000), b"", b"h"):
        answer = send(panel, data)
        assert answer.status_code in (409, 422), answer.text
    assert list(slots.box.folder.iterdir()) == []


def test_more_than_a_slot_holds_is_not_even_read(panel, slots):
    told = panel.ask("POST", PATH, content=b"hsqs", headers=OCTETS | {"Content-Length": "9" * 12})
    assert told.status_code == 413 and list(slots.box.folder.iterdir()) == []


def test_what_is_cut_off_leaves_nothing(panel, slots):
    short = {"Content-Length": "5000000"}
    told = panel.ask("POST", PATH, content=b"hsqs" * 300_000, headers=OCTETS | short)
    assert told.status_code == 409 and "only 1200000 of 5000000 bytes" in told.json()["error"]
    assert list(slots.box.folder.iterdir()) == []


def test_a_file_without_its_length_is_refused(panel, slots):
    told = panel.ask("POST", PATH, content=iter([b"hsqs"]), headers=OCTETS)
    assert told.status_code == 411


def test_while_one_is_written_no_other_comes(panel, slots):
    assert send(panel, slots.bundle().read_bytes()).status_code == 202
    again = send(panel, slots.bundle().read_bytes())
    assert again.status_code == 409 and "is installing an update now" in again.json()["error"]


def test_one_upload_at_a_time_and_a_browser_that_goes_leaves_nothing(slots, served):
    def begin():
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        connection.putrequest("POST", PATH)
        for name, value in {
            "Authorization": f"Bearer {served.token}", "Content-Length": "5000000", **OCTETS,
        }.items():  # fmt: skip
            connection.putheader(name, value)
        connection.endheaders(b"hsqs" * 500_000)
        return connection

    def until(true):
        ends = time.monotonic() + 20
        while not true():
            assert time.monotonic() < ends
            time.sleep(0.02)

    first = begin()
    until(lambda: any(path.stat().st_size for path in slots.box.folder.iterdir()))
    second = begin()
    answer = second.getresponse()
    assert answer.status == 409 and b"another update is being uploaded" in answer.read()
    second.close()
    first.close()
    until(lambda: not list(slots.box.folder.iterdir()))


def test_the_log_has_sentences_for_it():
    line = "2026-11-30T10:00:00+00:00 box ddsp-edge-panel[7]: "
    told = sentences(
        [line + "INFO update: asked for by phone", line + "WARNING update refused: this is old"]
    )
    assert [each["text"] for each in told] == [
        "phone brought an update of the box.",
        "An update of the box was not taken: this is old.",
    ]
