"""The kernel's list of sequencer clients, as kernels old and new write it."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ddsp_edge.midi import alsa_seq

TEXT = """Client info
  cur  clients : 5
  peak clients : 5
  max  clients : 192

Client   0 : "System" [Kernel Legacy]
  Port   0 : "Timer" (Rwe-)
  Port   1 : "Announce" (R-e-)
    Connecting To: 128:0
Client  24 : "A "quoted" Keyboard" [Kernel UMP MIDI1]
  UMP Endpoint: "Keyboard"
  Port   1 : "Keys (left) : one" (RWeX) [In/Out]
    Connecting To: 129:0, 130:2[r:0]
    Connected From: 131:0
Client 129 : "ddsp-edge-1" [User Legacy]
  Port   0 : "in" (-We-)
    Connected From: 24:1
  Output pool :
    Pool size          : 500
    Cells in use       : 0
"""


def test_names_ports_and_links() -> None:
    clients = alsa_seq.parse(TEXT)
    assert clients.names[24] == 'A "quoted" Keyboard'
    assert clients.ports == {
        (0, 0): "Timer",
        (0, 1): "Announce",
        (24, 1): "Keys (left) : one",
        (129, 0): "in",
    }
    assert clients.links == {
        ((0, 1), (128, 0)),
        ((24, 1), (129, 0)),
        ((24, 1), (130, 2)),
        ((131, 0), (24, 1)),
    }
    assert clients.listens("ddsp-edge-1", (24, 1))
    assert not clients.listens("ddsp-edge-1", (24, 0))
    assert clients.heard_by("ddsp-edge-1") == {(24, 1)}


def test_pools_and_links_do_not_make_other_ports() -> None:
    clients = alsa_seq.parse(TEXT)
    busy = alsa_seq.parse(TEXT.replace("in use       : 0", "in use       : 9"))
    lost = alsa_seq.parse(TEXT.replace("    Connecting To: 129:0, 130:2[r:0]\n", ""))
    gone = alsa_seq.parse(TEXT.replace('  Port   0 : "in" (-We-)\n', ""))
    assert clients.same_ports(busy)
    assert clients.same_ports(lost)
    assert not clients.same_ports(gone)


@given(st.text())
def test_any_text(text: str) -> None:
    assert isinstance(alsa_seq.parse(text), alsa_seq.Clients)


def _sockets(folder: Path, card: int, **counts: int) -> None:
    place = folder / f"card{card}"
    place.mkdir(parents=True, exist_ok=True)
    for name, count in counts.items():
        (place / name).write_text(
            f"Keystation 49\n\nOutput 0\n  Tx bytes     : 7\n"
            f"Input 0\n  Rx bytes     : {count}\n  Buffer size  : 4096\n  Overruns     : 0\n"
        )


def test_bytes_that_a_card_has_received(tmp_path: Path) -> None:
    _sockets(tmp_path, 2, midi0=100, midi1=23)
    assert alsa_seq.received_bytes(16 + 4 * 2, tmp_path) == 123
    assert alsa_seq.received_bytes(16 + 4 * 2 + 1, tmp_path) == 123  # its second client
    _sockets(tmp_path, 2, midi1=24)
    assert alsa_seq.received_bytes(24, tmp_path) == 124
    assert alsa_seq.received_bytes(16, tmp_path) is None  # no such card
    assert alsa_seq.received_bytes(128, tmp_path) is None  # a program
    assert alsa_seq.received_bytes(0, tmp_path) is None  # the system itself
    virtual = tmp_path / "card2" / "midi0"
    virtual.write_text(virtual.read_text().replace("Keystation 49", "Virtual Raw MIDI 2-0"))
    (tmp_path / "card2" / "midi1").unlink()
    assert alsa_seq.received_bytes(24, tmp_path) is None
