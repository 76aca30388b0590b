"""What is drawn for each note: repeatable in a file, never the same live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
from midi_driver import Driver, control, off, on
from tiny_decoder import INFO

from ddsp_edge.bundles.expression import QUANTITIES, Expression, Tendency
from ddsp_edge.bundles.families import FAMILIES, family_of, playing
from ddsp_edge.midi.beat import Beat
from ddsp_edge.settings import Settings
from ddsp_edge.synth.performer import REST_S, Performer, Place, score_of
from ddsp_edge.synth.source import FileNote, synth_frames

VIOLIN = replace(INFO, name="Violin")


def draws(performer: Performer, count: int = 40, velocity: float = 0.7, **values: object):  # type: ignore[no-untyped-def]
    return [performer.play(0, 69, velocity, float(i), **values) for i in range(count)]  # type: ignore[arg-type]


def test_the_same_seed_plays_the_same_and_live_does_not() -> None:
    first, again = (draws(Performer(VIOLIN, 3)) for _ in range(2))
    assert first == again
    assert first != draws(Performer(VIOLIN, 4))
    assert draws(Performer(VIOLIN)) != draws(Performer(VIOLIN))


def test_two_equal_notes_differ() -> None:
    one, other = draws(Performer(VIOLIN, 3), 2)
    for name in ("seed", "vibrato_cents", "vibrato_hz", "detune_cents", "accent_db", "attack_s"):
        assert getattr(one, name) != getattr(other, name)


def test_a_note_more_changes_no_other() -> None:
    alone, beside = Performer(VIOLIN, 3), Performer(VIOLIN, 3)
    beside.read({(0, 69, 1.0): Place(0.5), (0, 69, 0.0): Place(0.5)})
    alone.read({(0, 69, 1.0): Place(0.5), (0, 69, 0.0): Place(0.5)})
    first = [alone.play(0, 69, 0.7, 0.0), alone.play(0, 69, 0.7, 1.0)]
    found = [beside.play(0, 69, 0.7, 0.0)]
    beside.play(0, 108, 0.7, 0.5)
    beside.play(3, 69, 0.7, 0.5)
    found.append(beside.play(0, 69, 0.7, 1.0))
    assert found == first


def test_what_is_drawn_stays_within_the_table() -> None:
    wild = {
        name: Tendency(q.maximum, 2 * (w := q.maximum - q.minimum), w, -w, w)
        for name, q in QUANTITIES.items()
        if q.maximum > 0
    }
    performer = Performer(replace(VIOLIN, expression=Expression(wild)), 1)
    for note in draws(performer, 60, velocity=1.0):
        for name in set(QUANTITIES) & set(note._fields):
            if name not in ("scoop_cents", "scoop_s", "accent_db"):
                quantity = QUANTITIES[name]  # the note's numbers are C's floats
                low, high = np.float32(quantity.minimum), np.float32(quantity.maximum)
                assert low <= getattr(note, name) <= high


@pytest.mark.parametrize("family", list(FAMILIES))
def test_harder_strokes_speak_faster(family: str) -> None:
    info = replace(
        INFO, name={"other": "Thing", "reed": "Oboe", "plucked": "Harp"}.get(family, family)
    )
    assert family_of(info.name) == family or family in ("strings", "brass")
    soft, hard = (draws(Performer(info, 1), 60, v) for v in (0.2, 1.0))
    mean = lambda notes, name: np.mean([getattr(n, name) for n in notes])  # noqa: E731
    if family != "plucked":
        assert mean(hard, "attack_s") < 0.7 * mean(soft, "attack_s")
        assert mean(hard, "attack_db") < mean(soft, "attack_db")
    assert mean(hard, "attack_noise") > mean(soft, "attack_noise")


def test_a_legato_note_may_slide_and_a_detached_one_may_be_scooped() -> None:
    tied = draws(Performer(VIOLIN, 1), 200, tied_to=67)
    slides = [note for note in tied if note.scoop_s]
    assert 20 < len(slides) < 140 and {note.scoop_cents for note in slides} == {-200.0}
    free = [note for note in draws(Performer(VIOLIN, 1), 200) if note.scoop_s]
    assert 10 < len(free) < 100 and max(abs(note.scoop_cents) for note in free) < 150
    far = draws(Performer(VIOLIN, 1), 100, tied_to=40)
    assert not any(note.scoop_s for note in far)


def test_a_file_is_read_ahead_for_lengths_and_phrases() -> None:
    notes = [FileNote(float(i) * 0.5, i * 0.5 + 0.45, 60 + i, 90) for i in range(5)]
    late = notes[-1].end_s + REST_S + 0.2
    notes += [FileNote(late, late + 1.0, 72, 90), FileNote(0.0, 9.0, 40, 90, 1)]
    places = score_of(notes)
    assert places[0, 60, 0.0] == Place(pytest.approx(0.45), 0.0)
    assert places[0, 62, 1.0].in_phrase == pytest.approx(0.5)
    assert places[0, 64, 2.0].in_phrase == pytest.approx(1.0)
    assert places[0, 72, late].in_phrase is None and places[1, 40, 0.0].length_s == 9.0


def test_a_phrase_swells_to_its_middle_and_a_swell_fits_its_note() -> None:
    places = {(0, 69, float(i)): Place(0.4, i / 2) for i in range(3)}
    accents = []
    for seed in range(40):
        performer = Performer(VIOLIN, seed)
        performer.read(places)
        played = [performer.play(0, 69, 0.7, float(i)) for i in range(3)]
        accents.append([note.accent_db for note in played])
        assert all(note.swell_s + note.fade_s == pytest.approx(0.4) for note in played)
    first, middle, last = np.mean(accents, axis=0)
    assert middle - first > 1.5 and middle - last > 1.5


def test_live_the_next_note_is_expected_to_be_like_the_last_ones() -> None:
    performer = Performer(VIOLIN, 1)
    fast = [performer.play(0, 69, 0.7, 0.2 * i) for i in range(20)][-1]
    slow = [performer.play(0, 69, 0.7, 10.0 + 2.0 * i) for i in range(20)][-1]
    assert fast.swell_s + fast.fade_s < 0.3 and slow.swell_s + slow.fade_s > 1.5


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Violin", "strings"),
        ("Double-Bass", "strings"),
        ("Alto-Sax", "reed"),
        ("trombone (VSCO)", "brass"),
        ("Flute", "flute"),
        ("Singing voice", "voice"),
        ("Harpsichord", "plucked"),
        ("Tiny", "other"),
        ("", "other"),
    ],
)
def test_a_name_tells_the_family(name: str, family: str) -> None:
    assert family_of(name) == family


def test_what_is_learnt_comes_before_the_family() -> None:
    learnt = Expression({"vibrato_hz": Tendency(4.5)}, notes=20)
    known = playing("Violin", learnt)
    assert known.tendencies["vibrato_hz"].mean == 4.5
    assert known.tendencies["vibrato_cents"] == FAMILIES["strings"].tendencies["vibrato_cents"]
    assert playing("Thing", Expression({}, "voice")).tendencies == FAMILIES["voice"].tendencies
    for family in FAMILIES.values():
        assert set(family.tendencies) == set(QUANTITIES)


def test_played_with_one_voice_an_overlap_is_legato_and_portamento_is_the_players() -> None:
    """Through the receiver: no slide of the performer where the player glides."""
    driver = Driver(VIOLIN, expression=1, portamento=0.5)
    driver.play(control(65, 127)).play(on(60)).run(0.3).play(on(72)).run(0.25)
    assert 12 * np.log2(driver.frames[-1].f0_hz / 440) + 69 == pytest.approx(66.0, abs=1.0)
    driver.play(off(60), off(72))


def test_a_held_note_moves_and_at_0_it_does_not() -> None:
    def spread(amount: float) -> float:
        driver = Driver(VIOLIN, expression=amount)
        driver.play(on(69)).run(2.0)
        return float(np.ptp([frame.f0_hz for frame in driver.frames[200:]]))

    assert spread(0) == 0.0
    assert 3.0 < spread(1) < spread(2)


@pytest.mark.parametrize(("swell_sync", "unit_s"), [("beat", 0.5), ("bar", 2.0)])
def test_swells_arrive_and_end_on_beats_or_bars(swell_sync: str, unit_s: float) -> None:
    performer, plain = Performer(VIOLIN, 3), Performer(VIOLIN, 3)
    begin_s, beat = 0.3, Beat(0.0, 0.0, 2.0)
    for known in (performer, plain):
        known.read({(0, 69, begin_s): Place(3.9), (0, 72, begin_s): Place(0.15)})
    how = performer.play(0, 69, 0.7, begin_s, beat=beat, swell_sync=swell_sync)
    free = plain.play(0, 69, 0.7, begin_s)
    for line_s in (begin_s + how.swell_s, begin_s + how.swell_s + how.fade_s):
        assert line_s / unit_s == pytest.approx(round(line_s / unit_s), abs=1e-6)
    assert how.swell_s > 0.0 and how.fade_s >= 0.49
    assert abs(how.swell_s - free.swell_s) <= unit_s
    assert how._replace(swell_s=free.swell_s, fade_s=free.fade_s) == free
    # A note without a line in it is as it was.
    short = performer.play(0, 72, 0.7, begin_s, beat=beat, swell_sync=swell_sync)
    assert short == plain.play(0, 72, 0.7, begin_s)


def test_a_file_is_played_in_its_own_tempo(tmp_path: Path) -> None:
    track = mido.MidiTrack([
        mido.MetaMessage("set_tempo", tempo=500_000),  # 120 beats a minute
        mido.Message("note_on", note=60, velocity=100),
        mido.MetaMessage("set_tempo", tempo=400_000, time=8 * 480),  # 150
        mido.Message("note_off", note=60, time=10 * 480),
    ])  # fmt: skip
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(tmp_path / "a.mid")

    def rates(**values: object) -> list[float]:
        settings = Settings().changed({"expression_pitch": 0, **values})
        frames = synth_frames(tmp_path / "a.mid", VIOLIN, settings).frames
        hz = np.array([frame.f0_hz for frame in frames])
        time_s = np.array([frame.time_s for frame in frames])
        cents = 1200.0 * np.log2(hz / 261.6256)
        up = time_s[1:][(cents[:-1] <= 0.0) & (cents[1:] > 0.0)]
        return [
            float((len(part) - 1) / (part[-1] - part[0]))
            for part in (up[(up > 1.5) & (up < 4.0)], up[(up > 5.5) & (up < 8.0)])
        ]

    assert rates(vibrato_sync="1/8T") == pytest.approx([6.0, 7.5], rel=0.03)
    free = rates()
    assert free[0] == pytest.approx(free[1], rel=0.2)
