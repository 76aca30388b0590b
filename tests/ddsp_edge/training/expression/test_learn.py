"""What is learnt of notes whose motion is known, and what is written into a bundle."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.bundles.expression import Expression, Tendency
from ddsp_edge.errors import UserError
from ddsp_edge.evaluation.edges import Edge
from ddsp_edge.evaluation.motion import HOP_S, HeldNote, Motion, held_notes
from ddsp_edge.library.catalog import find_model, shipped_folder
from ddsp_edge.training.expression import __main__ as command
from ddsp_edge.training.expression import calibrate
from ddsp_edge.training.expression.add import TITLE, section, with_section
from ddsp_edge.training.expression.learn import RATE, Lesson, learn, lesson_of
from ddsp_edge.training.expression.notes import facts_of
from ddsp_edge.training.expression.phrases import phrase_facts
from ddsp_edge.training.expression.tendencies import tendency
from ddsp_edge.training.recipes import Recipe

SINGLE = Recipe("Violin", "violin", True, 190.0, 2000.0, "CC0 1.0", "made by a test")


def track(seconds: float, delay_s: float = 0.3, hz: float = 5.5, cents: float = 20.0) -> np.ndarray:
    """Cents over a note whose vibrato begins late and grows for 0.2 s."""
    t = np.arange(round(seconds / HOP_S)) * HOP_S
    return cents * np.clip((t - delay_s) / 0.2, 0, 1) * np.sin(2 * np.pi * hz * (t - delay_s))


def held(
    cents: np.ndarray, pitch: float = 69.0, start_s: float = 0.0, db: float = -20.0
) -> HeldNote:
    rise = np.maximum(db - 30.0 * (1.0 - np.minimum(1.0, np.arange(len(cents)) / 12.0)), -80.0)
    return HeldNote(start_s, pitch, cents, rise, 0.2, 0.1)


def sounding(seconds: float, hz: float, cents: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    swing = np.clip((t - 0.2) / 0.2, 0, 1) * np.sin(2 * np.pi * 6.0 * t)
    phase = 2 * np.pi * np.cumsum(hz * 2 ** (cents * swing / 1200)) / RATE
    gain = np.minimum(1.0, t / 0.05) * np.minimum(1.0, (seconds - t) / 0.05)
    return np.asarray(0.2 * gain * sum(np.sin(k * phase) / k for k in range(1, 8)))


def test_a_vibrato_is_measured_as_it_was_played() -> None:
    facts = facts_of(held(track(2.0)))
    assert facts.vibrato_hz == pytest.approx(5.5, abs=0.15)
    assert facts.vibrato_cents == pytest.approx(19.0, abs=3.0)
    assert facts.vibrato_delay_s == pytest.approx(0.3, abs=0.12)
    assert facts.vibrato_rise_s == pytest.approx(0.2, abs=0.15)
    assert facts.vibrato_wander < 0.4 and facts.drift_cents < 3.0
    assert facts.attack_s == pytest.approx(0.07, abs=0.04)
    still = facts_of(held(np.zeros(200)))
    assert np.isnan(still.vibrato_hz) and still.vibrato_cents < 0.01


def test_a_scoop_is_where_a_note_begins() -> None:
    scooped = track(1.0, cents=0.0)
    scooped[:8] = -40.0 * (1 - np.arange(8) / 8)
    assert facts_of(held(scooped)).scoop_cents == pytest.approx(-35.0, abs=6.0)
    assert facts_of(held(track(1.0))).scoop_cents == 0.0


def test_a_tendency_finds_slopes_and_no_others() -> None:
    rng = np.random.default_rng(1)
    octaves, strokes, lengths = rng.uniform(-1, 1, 80), rng.uniform(0, 1, 80), np.full(80, 0.7)
    values = 12.0 + 3.0 * octaves + rng.normal(0.0, 1.0, 80)
    values[::10], values[5] = np.nan, 90.0  # unknown, and wild
    found = tendency("vibrato_cents", values, octaves, strokes, lengths)
    assert found is not None
    assert found.mean == pytest.approx(12.0, abs=0.5) and found.pitch == pytest.approx(3.0, abs=0.7)
    assert found.deviation == pytest.approx(1.0, abs=0.4) and found.velocity == found.length == 0.0
    assert tendency("vibrato_cents", values[:6], octaves[:6], strokes[:6], lengths[:6]) is None


def test_phrases_teach_slides_accents_and_arcs() -> None:
    notes, at = [], 0.0
    for i in range(12):
        cents = np.zeros(40)
        if i % 2:
            cents[:6] = -100.0 * (1 - np.arange(6) / 6)
        level = -20.0 - 4.0 * (i / 5.5 - 1.0) ** 2
        notes.append(held(cents, 60.0 + 2 * (i % 5), at, level))
        at += 0.41
    facts = phrase_facts(notes)
    assert sum(slide > 0 for slide in facts.slides_s) == 6
    assert facts.arcs_db == [pytest.approx(4.0, abs=0.3)]
    assert facts.scoopable == [True, *[False] * 11]
    assert max(map(abs, facts.detunes_cents)) < 1.0
    assert phrase_facts([]).slides_s == []


def test_still_single_notes_teach_no_vibrato() -> None:
    still = [held(track(1.0, cents=0.5), 60.0 + i) for i in range(12)]
    lesson = lesson_of(still, [], SINGLE)
    assert lesson.still and "vibrato_cents" not in lesson.expression.tendencies
    assert "attack_s" in lesson.expression.tendencies and not lesson.expression.phrases
    moving = lesson_of([held(track(1.0), 60.0 + i) for i in range(12)], [], SINGLE)
    assert not moving.still
    assert moving.expression.tendencies["vibrato_hz"].mean == pytest.approx(5.5, abs=0.2)
    assert moving.expression.tendencies["attack_s"].velocity < 0.0  # as the family's


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("audio")
    (folder / "violin").mkdir()
    for i in range(10):
        sound = sounding(1.2, 220.0 * 2 ** (i / 6), 18.0)
        soundfile.write(folder / "violin" / f"note{i}.wav", sound, RATE)
    return folder


def test_recordings_are_learnt_from(recordings: Path) -> None:
    lesson = learn(recordings / "violin", SINGLE, lambda line: None)
    known = lesson.expression.tendencies
    assert known["vibrato_hz"].mean == pytest.approx(6.0, abs=0.2)
    assert known["vibrato_cents"].mean == pytest.approx(16.0, abs=3.0)
    assert lesson.expression.notes == 10
    assert known["release_stretch"].mean > 0.25 and known["release_noise"].mean < 0.05
    assert known["attack_s"].velocity < 0.0  # their strokes do not differ: as the family's
    with pytest.raises(UserError, match="no such folder"):
        learn(recordings / "nothing", SINGLE)


@pytest.mark.parametrize(
    ("softer_db", "slower", "ratio"), [(0.0, 1.0, -1.375), (15.0, 1.5, -1.3), (15.0, 5.0, -2.0)]
)
def test_attacks_by_the_stroke(softer_db: float, slower: float, ratio: float) -> None:
    """Half of the notes are softer and begin more slowly; where none is, the family says it."""
    notes = [held(track(1.0), 60.0 + i % 5, db=-20.0 - softer_db * (i % 2)) for i in range(24)]
    edges = [Edge(rise_s=0.02 * (slower if i % 2 else 1.0)) for i in range(24)]
    learnt = lesson_of(notes, [], SINGLE, edges=edges).expression.tendencies["attack_s"]
    assert learnt.velocity / learnt.mean == pytest.approx(ratio, abs=0.1)
    assert learnt.at(0.0, 1.0, 0.7, 0.0) < learnt.at(0.0, 0.5, 0.7, 0.0)


def test_phrases_do_not_teach_how_notes_end() -> None:
    notes = [held(track(1.0), 60.0 + i, start_s=2.0 * i) for i in range(12)]
    edges = [Edge(0.02, 0.05, 0.9, 0.1)] * 12
    phrases = replace(SINGLE, single_notes=False)
    for recipe, tells in ((SINGLE, True), (phrases, False)):
        facts = [] if recipe.single_notes else [phrase_facts(notes)]
        known = lesson_of(notes, facts, recipe, edges=edges).expression.tendencies
        assert ("release_stretch" in known) == ("release_noise" in known) == tells
        assert known["attack_noise"].mean == pytest.approx(1 - math.sqrt(0.95), rel=0.3)


def test_attack_and_release_are_corrected_by_what_is_heard() -> None:
    wanted = ("attack_s", "attack_noise", "release_stretch")
    learnt = Expression({name: Tendency(0.5, velocity=-0.1) for name in wanted}, "strings", 40)
    aim, heard = Edge(0.02, 0.1, 0.3, 0.1), Edge(0.04, 0.05, 0.2, 0.1)
    found = calibrate._with_edges(learnt, aim, heard).tendencies
    means = {name: each.mean for name, each in found.items()}
    assert means == pytest.approx(
        {"attack_s": 0.5 / calibrate.LARGEST_STEP, "attack_noise": 0.9, "release_stretch": 0.75},
        abs=1e-4,
    )
    assert found["attack_s"].velocity == pytest.approx(-0.1 / calibrate.LARGEST_STEP, abs=1e-4)
    unheard = calibrate._with_edges(learnt, aim, Edge())
    assert unheard.tendencies == learnt.tendencies


def test_too_few_notes_are_said(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.wav", sounding(1.0, 440.0, 0.0), RATE)
    with pytest.raises(UserError, match="holds 1 notes"):
        learn(tmp_path, SINGLE, lambda line: None)


def test_the_command_adds_it_and_leaves_the_model(recordings: Path, tmp_path: Path) -> None:
    """Through the very engine: plain notes on the violin come near what was recorded."""
    path = tmp_path / "violin.zip"
    source = find_model("violin").path
    assert source is not None
    shutil.copy(source, path)
    assert command.main([str(recordings), str(path)]) == 0
    before, after = read_bundle(source), read_bundle(path)
    assert after.model == before.model and after.preview == before.preview
    assert after.info.expression is not None and after.info.expression.notes == 10
    assert after.card.count(TITLE) == 1 and "from plain MIDI" in after.card
    heard = calibrate.heard_motion(after)
    assert heard.pitch_cents == pytest.approx(16.0, rel=1 / 3)
    first = path.read_bytes()
    assert command.main([str(recordings), str(path)]) == 0
    assert path.read_bytes() == first


def test_the_command_says_what_it_cannot_do(
    recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([str(recordings), str(tmp_path / "kazoo.zip")]) == 2
    assert "no recipe is called kazoo" in capsys.readouterr().err
    assert command.main([str(recordings), str(tmp_path / "trumpet.zip")]) == 2
    assert "trumpet.zip" in capsys.readouterr().err  # there is no such bundle
    shutil.copy(shipped_folder() / "trumpet.zip", tmp_path)
    assert command.main([str(recordings), str(tmp_path / "trumpet.zip")]) == 0
    assert "played as its family" in capsys.readouterr().out


def test_the_card_says_what_was_not_learnt() -> None:
    was, heard = Motion(40, 0.6, 0.3, 0.1, 0.1), Motion(12, 12.0, 1.5, 0.3, 0.2)
    learnt = Expression({"attack_s": Tendency(0.1)}, "strings", 40)
    still = section(Lesson(learnt, was, True), heard)
    assert "without vibrato" in still and "played as strings" in still
    single = section(Lesson(learnt, was, False), heard)
    assert "teach nothing of phrases" in single
    card = "# Violin\n\n## Data\nx\n\n## Measured\ny\n"
    once = with_section(card, single)
    assert once.index("## Data") < once.index(TITLE) < once.index("## Measured")
    assert with_section(once, single) == once


def test_a_made_recording_is_cut_into_its_notes() -> None:
    rest = np.zeros(RATE // 4)
    audio = np.concatenate([rest, sounding(0.8, 330.0, 0.0), rest, sounding(0.6, 440.0, 0.0), rest])
    assert [round(note.pitch) for note in held_notes(audio, RATE, 190.0, 2000.0)] == [64, 69]
