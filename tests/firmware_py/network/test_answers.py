"""The network service's socket: every line gets one answer, whatever it is."""

import contextlib
import json
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.errors import UserError
from ddsp_edge.network.client import ABSENT, ask
from firmware_py.network.answers import MOST_BYTES, VERBS, NetworkSocket, parse


class Box:
    """Writes down what it is asked for."""

    def __init__(self):
        self.asked = []

    def state(self):
        return {"possible": True}

    def join(self, name, password, hidden):
        if name == "Old":
            raise UserError("Old is locked with WEP; change it")
        self.asked.append((name, password, hidden))

    def forget(self, uuid):
        self.asked.append(uuid)

    def look(self):
        self.asked.append("look")

    def set_mode(self, mode):
        self.asked.append(mode)


@pytest.fixture
def box(tmp_path):
    box = Box()
    served = NetworkSocket(tmp_path / "network.sock", box)
    thread = threading.Thread(target=served.run)
    thread.start()
    box.path = served.path
    yield box
    served.stop()
    thread.join(20)
    assert not served.path.exists()


def test_verbs_are_carried_out(box):
    assert ask("state", path=box.path) == {"possible": True}
    ask("join", path=box.path, name="Home", password="12345678", hidden=False)
    ask("look", path=box.path)
    ask("set_mode", path=box.path, mode="hotspot")
    ask("forget", path=box.path, uuid="u1")
    assert box.asked == [("Home", "12345678", False), "look", "hotspot", "u1"]


def test_a_refusal_comes_with_its_words(box):
    with pytest.raises(UserError, match="Old is locked with WEP; change it"):
        ask("join", path=box.path, name="Old", password="", hidden=False)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"x" * (2 * MOST_BYTES) + b"\n", b'{"do": "state"}', b"\xff\xfe\n", b"[" * 900],
    ids=["nothing", "empty", "long", "no end", "no text", "deep"],
)
def test_whoever_sends_something_else_holds_nothing_up(box, data):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(box.path))
        with contextlib.suppress(OSError):
            client.sendall(data)
        with contextlib.suppress(OSError):
            told = client.recv(65536)
            assert not told or json.loads(told)["ok"] is False
    assert ask("state", path=box.path) == {"possible": True}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_one_sentence(data):
    said = ""
    try:
        verb, _ = parse(data)
        assert verb in VERBS
    except UserError as error:
        said = str(error)
    assert "\n" not in said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


NAMES = st.sampled_from(["name", "password", "hidden", "uuid", "mode", "x"])


@given(st.sampled_from(sorted(VERBS)), st.dictionaries(NAMES, JSON, max_size=4))
def test_arguments_have_their_types(verb, arguments):
    try:
        _, found = parse(json.dumps({**arguments, "do": verb}).encode())
    except UserError:
        return
    kinds = {"name": str, "password": str, "hidden": bool, "uuid": str, "mode": str}
    assert all(type(value) is kinds[name] for name, value in found.items())


def test_without_the_service_it_is_said(tmp_path):
    with pytest.raises(UserError) as error:
        ask("state", path=tmp_path / "none")
    assert str(error.value) == ABSENT
