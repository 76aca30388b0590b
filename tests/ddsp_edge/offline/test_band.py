"""A MIDI file as the band it was written for: General MIDI, channels apart, overrules."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest

from ddsp_edge.cli import main
from ddsp_edge.errors import UserError
from ddsp_edge.midi.general_midi import PROGRAMS, library_name
from ddsp_edge.offline.arrangement import Arrangement, arrange
from ddsp_edge.offline.band import BandReport, render_band
from ddsp_edge.presets.band_map import BandMap, read_band_map
from ddsp_edge.presets.parts import BandPart
from ddsp_edge.settings import Settings

DRY = Settings(reverb_wet=0, output_gain=-20, release=0.05)
#: Program and key of ten tracks, on channels 1 to 9 and 11.
TRACKS = {
    1: (40, 76),
    2: (42, 50),
    3: (43, 38),
    4: (73, 84),
    5: (65, 62),
    6: (56, 70),
    7: (57, 55),
    8: (0, 67),
    9: (48, 64),
    11: (32, 41),
}


def on(note: int, channel: int, time: int = 0, velocity: int = 100) -> mido.Message:
    return mido.Message("note_on", note=note, channel=channel - 1, time=time, velocity=velocity)


def off(note: int, channel: int, time: int = 480) -> mido.Message:
    return mido.Message("note_off", note=note, channel=channel - 1, time=time)


def program(number: int, channel: int, time: int = 0) -> mido.Message:
    return mido.Message("program_change", program=number, channel=channel - 1, time=time)


def control(number: int, value: int, channel: int) -> mido.Message:
    return mido.Message("control_change", control=number, value=value, channel=channel - 1)


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def tracks(*tracks: list[mido.Message]) -> Path:
        file = mido.MidiFile(ticks_per_beat=480)
        file.tracks += [mido.MidiTrack(track) for track in tracks]
        file.save(tmp_path / "tune.mid")
        return tmp_path / "tune.mid"

    return tracks


@pytest.fixture
def ten(save: Callable[..., Path]) -> Path:
    """A second of ten tracks and the drums, each with a wheel and a pan of its own."""
    tracks = [
        [
            program(number, channel),
            control(10, 10 * channel, channel),
            mido.Message("pitchwheel", pitch=300 * channel, channel=channel - 1),
            on(key, channel, 40 * index),
            off(key, channel),
        ]
        for index, (channel, (number, key)) in enumerate(TRACKS.items())
    ]
    return save(*tracks, [on(36, 10), off(36, 10)])


def played(path: Path, *muted: int) -> BandReport:
    return render_band(path, overrides=[(each, {"mute": True}) for each in muted], settings=DRY)


def test_ten_tracks_are_heard_apart(ten: Path) -> None:
    whole = played(ten)
    assert [each.model for each in whole.parts] == [
        "Violin",
        "Cello",
        "Double-Bass",
        "Flute",
        "Alto-Sax",
        "Trumpet",
        "Trombone",
        "Violin",
        "Violin",
        "Double-Bass",
    ]
    assert [each.part.channel for each in whole.parts] == list(TRACKS)
    assert whole.lowered_db == 0.0 and whole.drums == 2 and not whole.remarks
    for channel in TRACKS:
        without = played(ten, channel)
        assert channel not in [each.part.channel for each in without.parts]
        alone = played(ten, *(each for each in TRACKS if each != channel))
        length = len(whole.sound)
        rest = np.zeros((3, length, 2), np.float32)
        for to, report in zip(rest, (whole, without, alone), strict=True):
            end = min(length, len(report.sound))
            to[:end] = report.sound[:end]
        gone = rest[0] - rest[1]
        # What is muted is exactly what it plays alone; all else stays as it is.
        heard = slice(0, 40_000)
        assert np.abs(rest[2][heard]).max() > 2e-4
        np.testing.assert_allclose(gone[heard], rest[2][heard], atol=2e-6)


def test_a_program_that_changes_is_another_part(save: Callable[..., Path]) -> None:
    path = save([program(40, 1), on(76, 1), off(76, 1), program(73, 1), on(84, 1), off(84, 1)])
    report = played(path)
    assert [(each.model, each.notes, each.programs) for each in report.parts] == [
        ("Violin", 1, (40,)),
        ("Flute", 1, (73,)),
    ]


def planned(path: Path, band: BandMap | None = None, **values: object) -> Arrangement:
    from ddsp_edge.midi.file import read_midi

    overrides = [(1, dict(values))] if values else []
    return arrange(read_midi(path).messages, band or BandMap(), overrides)


def models(plan: Arrangement) -> list[str]:
    return [each.part.model for each in plan.parts]


def test_the_nearest_instrument_is_the_one_in_whose_range_the_notes_are(
    save: Callable[..., Path],
) -> None:
    for key, model in ((76, "violin"), (50, "cello"), (31, "double-bass")):
        assert models(planned(save([program(0, 1), on(key, 1), off(key, 1)]))) == [model]


def test_what_has_no_pitch_is_left_out_and_said(save: Callable[..., Path]) -> None:
    path = save(
        [program(127, 1), on(60, 1), off(60, 1)],
        [control(0, 120, 2), program(0, 2), on(40, 2), off(40, 2)],  # a drum kit by its bank
        [program(40, 3), on(70, 3), off(70, 3)],
    )
    plan = planned(path)
    assert models(plan) == ["violin"] and plan.drums == 3
    assert plan.remarks == ["channel 1: Gunshot is left out; it has no pitch"]
    path = save([on(36, 10), off(36, 10)])
    with pytest.raises(UserError, match="its notes are all for drums"):
        render_band(path)


def test_as_many_voices_as_the_notes_need(save: Callable[..., Path]) -> None:
    chord = [on(60, 1), on(64, 1), on(67, 1), off(60, 1), off(64, 1, 0), off(67, 1, 0)]
    line = [on(60, 2), off(60, 2), on(62, 2), off(62, 2)]
    pedal = [control(64, 127, 3), on(60, 3), off(60, 3), on(62, 3), off(62, 3)]
    plan = planned(save(chord, line, pedal))
    assert [each.part.voices for each in plan.parts] == [3, 1, 2]
    assert [each.part.voices for each in planned(save(chord), voices=2).parts] == [2]


def test_a_budget_of_voices_is_kept(save: Callable[..., Path]) -> None:
    tracks = [[program(40, n), on(60 + n, n, 480 * n), off(60 + n, n, 2400)] for n in range(1, 5)]
    whole, tight = (render_band(save(*tracks), settings=DRY, budget=n) for n in (None, 2))
    assert (whole.stolen, tight.stolen) == (0, 2)
    # The third note takes the first one's voice, the fourth the second one's.
    early = slice(0, int(1.45 * 48_000))
    length = early.stop
    np.testing.assert_array_equal(whole.sound[early], tight.sound[early])
    later = slice(int(2.2 * 48_000), int(2.8 * 48_000))
    louder, softer = (float(np.square(each.sound[later]).sum()) for each in (whole, tight))
    assert softer < 0.75 * louder and len(whole.sound) > length
    # No sample jumps as a click would.
    steps = np.abs(np.diff(tight.sound, axis=0)).max()
    assert steps < 1.2 * np.abs(np.diff(whole.sound, axis=0)).max()


def test_the_mapping_file_and_set_overrule_in_this_order(
    save: Callable[..., Path], tmp_path: Path
) -> None:
    file = tmp_path / "band.toml"
    file.write_text(
        '[programs]\n40 = "flute"\n41 = "none"\n'
        "[[parts]]\nchannel = 2\nkey_high = 59\nmodel = 'cello'\nlevel = -6\n"
        "[[parts]]\nchannel = 2\nkey_low = 60\nmodel = 'violin'\ntranspose = 12\n"
    )
    path = save(
        [program(40, 1), on(80, 1), off(80, 1)],
        [on(50, 2), off(50, 2), on(70, 2), off(70, 2)],
        [program(41, 3), on(60, 3), off(60, 3)],
    )
    plan = planned(path, read_band_map(file))
    assert models(plan) == ["flute", "cello", "violin"]
    report = render_band(path, read_band_map(file), settings=DRY)
    assert [(each.notes, each.part.level) for each in report.parts] == [(1, 0), (2, -6), (2, 0)]
    assert models(planned(path, read_band_map(file), model="trumpet")) == [
        "trumpet",
        "cello",
        "violin",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[parts]]\nmodel = 'cello'", "needs its channel"),
        ("[[parts]]\nchannel = 17", "outside 0 to 16"),
        ("[[parts]]\nchannel = 1\nlevle = 3", "did you mean 'level'"),
        ("[[parts]]\nchannel = 1\nlevel = nan", "number"),
        ("[[parts]]\nchannel = 1\nkey_low = 70\nkey_high = 60", "is above"),
        ("[programs]\n128 = 'cello'", "0 to 127"),
        ("[programs]\n'٣' = 'cello'", "0 to 127"),
        ("[programs]\n40 = 3", "not a text"),
        ("parts = 3", "not a list"),
        ("[[parts]]\nchannel = 1\n" * 17, "length 17"),
        ("\x00", "band.toml"),
        ("programs = 1", "not a table"),
    ],
)
def test_a_mapping_file_is_hostile(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "band.toml"
    file.write_text(text)
    with pytest.raises(UserError, match=told) as error:
        read_band_map(file)
    assert str(error.value).startswith(str(file)) and "\n" not in str(error.value)


def test_the_table_is_general_midi_s() -> None:
    assert len(PROGRAMS) == 128
    assert [PROGRAMS[n].name for n in (0, 24, 40, 56, 73, 104, 127)] == [
        "Acoustic Grand Piano",
        "Acoustic Guitar (nylon)",
        "Violin",
        "Trumpet",
        "Flute",
        "Sitar",
        "Gunshot",
    ]
    from ddsp_edge.library.catalog import shipped_folder

    shipped = {path.stem for path in shipped_folder().glob("*.zip")}
    assert {model for row in PROGRAMS for model in row.models} == shipped
    assert library_name(24) == "acoustic-guitar-nylon"


# The command.


def run(*words: object) -> int:
    return main([str(word) for word in ("render", *words)])


def test_the_command_plays_a_band_where_no_model_is_named(
    save: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: object
) -> None:
    monkeypatch.chdir(tmp_path)
    path = save([program(40, 1), on(76, 1), off(76, 1)], [on(36, 10), off(36, 10)])
    assert run(path, "--json", "--set", "1.level=-6", "--set", "1.pan=-1") == 0
    facts = json.loads(capsys.readouterr().out)  # type: ignore[attr-defined]
    assert facts["out"] == "tune-band.wav" and facts["skipped_drum_messages"] == 2
    (part,) = facts["parts"]
    assert (part["model"], part["level_db"], part["pan"]) == ("Violin", -6.0, -1.0)
    assert run(path, "--force") == 0
    said = capsys.readouterr().out  # type: ignore[attr-defined]
    assert "channel 1: 40 Violin -> Violin, 1 notes" in said and "the drums were left out" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", "17.level=0"], "1 to 16"),
        (["--set", "1.levle=0"], "did you mean 'level'"),
        (["--set", "1.level=loud"], "not a number"),
        (["--set", "1.level=99"], "outside"),
        (["--set", "1.mute=maybe"], "true or false"),
        (["--set", "1.model=celo"], "did you mean 'cello'"),
        (["--band", "nothing.toml"], "nothing.toml"),
        (["--model", "violin", "--set", "1.level=0"], "leave it out"),
        (["--picture", "p.png"], "need one --model"),
        (["--set", "mpe=on"], "MPE"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    save: Callable[..., Path], words: list[str], told: str, capsys: object
) -> None:
    path = save([program(40, 1), on(76, 1), off(76, 1)])
    assert run(path, *words) == 2
    said = capsys.readouterr().err  # type: ignore[attr-defined]
    assert told in said and said.count("\n") == 1


def test_sound_needs_a_model(tmp_path: Path, capsys: object) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(4800), 48_000)
    assert run(tmp_path / "a.wav") == 2
    assert "--model violin" in capsys.readouterr().err  # type: ignore[attr-defined]


def test_parts_take_what_is_in_their_ranges() -> None:
    part = BandPart(key_low=60, key_high=71, velocity_low=64)
    assert part.takes(60, 64) and part.takes(71, 127)
    assert not part.takes(59, 64) and not part.takes(72, 64) and not part.takes(60, 63)
