"""Every warning of the report on the recordings has its advice."""

from __future__ import annotations

from ddsp_edge.training.data import quality
from ddsp_edge.training.data.advice import ADVICE, OTHERWISE, advice
from ddsp_edge.training.data.quality import Assessment


def bad() -> Assessment:
    """A file with every fault."""
    return Assessment(
        trusted=0.1, pitched_s=1.0, low_hz=200.0, high_hz=300.0, low_db=-30.0, high_db=-20.0,
        chords=0.9, noise_db=-3.0, floor_db=-10.0, clipped=9.0,
        decay_s=(2.0,) * quality.LEAST_DECAYS,
    )  # fmt: skip


def test_every_fault_of_a_file_has_its_own() -> None:
    warnings = bad().warnings()
    assert len(warnings) == 6
    given = [advice(warning) for warning in warnings]
    assert OTHERWISE not in given and len(set(given)) == len(given)


def test_the_rest_of_the_report() -> None:
    for warning in (
        "3.1 usable minutes are few; 10 make a better instrument",
        "less than an octave; the instrument will be unsure beyond it",
        "hardly any dynamics; play soft and loud, or it will have one timbre",
        "the file ends too soon: 1.0 s of it are missing",
        "its 2 channels cancel each other or are mostly silent: channel 1, the loudest, is taken",
        "is not an audio file (.txt)",
        "has a clear single pitch of 40 to 2000 Hz in only 3 % of it: drums, chords or noise?",
    ):
        assert advice(warning) != OTHERWISE, warning
    assert advice("something new") == OTHERWISE
    assert all(text.endswith(".") for text in ADVICE.values())
