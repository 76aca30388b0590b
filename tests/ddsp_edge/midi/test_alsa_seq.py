"""The kernel's list of sequencer clients, as kernels old and new write it."""

from __future__ import annotations

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
