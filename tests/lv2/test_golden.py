"""The plug-in plays what `ddsp-edge render` plays, to -80 dB, in blocks of any length.

Three things of `render` are left out, since no live instrument does them: the silent frames before
the first note (the phase of its partials differs by a constant), the phase of a voice that rested
between two notes, so no voice is used twice here, and reading ahead, which shapes notes by their
length and phrase. Notes begin well before a frame of the model, since a live voice ends the ramp of
an onset first. Seeds are 1: `render`'s, and that of the first instance in a host.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
from lv2_host import VIOLIN, distance_db, lv2_program, models_folder, played, sung
from lv2_scores import Score, in_files, note, ports, rendered_audio, rendered_notes

from ddsp_edge.bundles.bundle import with_response
from ddsp_edge.lv2.model_file import write_model
from ddsp_edge.lv2.ports import EFFECT, INSTRUMENT
from ddsp_edge.settings import Settings


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lv2_program(tmp_path_factory.mktemp("lv2") / "play", "play.c")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_folder(tmp_path_factory.mktemp("lv2-models"))


def tune() -> Score:
    """One voice: legato, repeats, rests and everything that a wheel or pedal does."""
    score: Score = []
    for step, number in enumerate([60, 64, 67, 67, 72, 60, 62, 64, 65, 67]):
        score += note(number, 1000 + 7200 * step, 9000 if step % 3 else 6000, 50 + 7 * step)
    cc = [(1, 90), (2, 100), (11, 90), (74, 100), (7, 110), (65, 127), (5, 40), (10, 20), (64, 127)]
    for step, (control, value) in enumerate(cc):
        message = mido.Message("control_change", control=control, value=value)
        score.append((3400 + 6000 * step, message))
    score.append((60_200, mido.Message("pitchwheel", pitch=3000)))
    score.append((62_600, mido.Message("aftertouch", value=100)))
    score.append((70_040, mido.Message("control_change", control=64, value=0)))
    return sorted(score, key=lambda each: each[0])


def without_wheel(score: Score) -> Score:
    """Its vibrato glides to the beat from the first tick on, which offline is one tick earlier."""
    return [each for each in score if not each[1].is_cc(1)]


def chords() -> Score:
    """Eight keys for eight voices: each is struck once."""
    score: Score = []
    for step, number in enumerate([48, 52, 55, 60, 64, 67, 72, 76]):
        score += note(number, 1000 + 4800 * step, 20_000)
    return sorted(score, key=lambda each: each[0])


def mpe() -> Score:
    score: Score = []
    for channel, number in ((1, 60), (2, 64), (3, 67)):
        score += note(number, 1000 + 240 * channel, 40_000, 90, channel)
        bend = mido.Message("pitchwheel", pitch=-1000 * channel, channel=channel)
        score += [(12_100 + 240 * channel, bend)]
        score += [(24_100, mido.Message("aftertouch", value=30 * channel, channel=channel))]
    return sorted(score, key=lambda each: each[0])


@pytest.mark.parametrize("block", [64, 0])
@pytest.mark.parametrize(
    ("score", "settings"),
    [
        (tune(), Settings()),
        (tune(), Settings(expression=0)),
        (
            tune(),
            Settings(attack=0.2, release=0.5, reverb_wet=0.4, output_gain=-6, pan=0.3),
        ),
        (tune(), Settings(tuning=442, harmonic_gain=-6, noise_gain=3, pitch_shift=-5)),
        (
            tune(),
            Settings(
                expression=2,
                expression_vibrato=0.5,
                expression_pitch=1.5,
                expression_dynamics=0.7,
                expression_attack=0.3,
            ),
        ),
        (without_wheel(tune()), Settings(vibrato_sync="1/8T", swell_sync="beat")),
        (chords(), Settings(voices=8)),
        (mpe(), Settings(voices=4, mpe="on")),
    ],
    ids=["tune", "still", "levels", "pitches", "parts", "tempo", "chords", "mpe"],
)
def test_the_instrument_is_the_render(
    player: Path, folder: Path, tmp_path: Path, score: Score, settings: Settings, block: int
) -> None:
    rate = 48_000
    midi, text = in_files(score, rate, tmp_path)
    wanted = rendered_notes(midi, rate, settings)
    frames = score[-1][0] + 4800
    # The MIDI file has a MIDI file's tempo, 120 beats a minute in bars of four.
    options = [f"midi={text}", "position@0=120:0:0:4:4:1", *ports(INSTRUMENT, settings)]
    found = played(player, "instrument", rate, block, frames, folder, *options)
    wanted = wanted[:frames]
    assert distance_db(found, wanted) < -80


@pytest.mark.parametrize("block", [64, 0])
@pytest.mark.parametrize(
    ("rate", "settings"),
    [
        (48_000, Settings()),
        (44_100, Settings(mix=0.5, input_trim=3, snap="hard", snap_key="D", snap_scale="minor")),
        (96_000, Settings(gate=-50, unpitched=0.3, reverb_wet=0, pitch_shift=7)),
    ],
    ids=["plain", "snap", "gate"],
)
def test_the_effect_is_the_render(
    player: Path, folder: Path, tmp_path: Path, rate: int, settings: Settings, block: int
) -> None:
    audio = sung(2.0, rate)
    (tmp_path / "in.raw").write_bytes(audio.astype("<f4").tobytes())
    wanted = rendered_audio(audio, rate, settings)
    options = [f"in={tmp_path / 'in.raw'}", *ports(EFFECT, settings)]
    found = played(player, "effect", rate, block, len(audio), folder, *options)
    assert distance_db(found, wanted[: len(audio)]) < -80


@pytest.mark.parametrize("body", [1.0, 0.4])
def test_a_response_is_heard_as_in_the_render(player: Path, tmp_path: Path, body: float) -> None:
    """A quarter of a second of room behind the violin, as loud as its direct sound."""
    tail = np.random.default_rng(8).standard_normal(12_000) * 10 ** (-3 * np.arange(12_000) / 12e3)
    bundle = with_response(VIOLIN, (tail / np.sqrt((tail**2).sum())).astype(np.float32))
    (tmp_path / "models").mkdir()
    write_model(bundle, tmp_path / "models" / "violin.ddspw")
    score, settings = note(64, 1000, 9000), Settings(body=body)
    rate = 48_000
    midi, text = in_files(score, rate, tmp_path)
    frames = score[-1][0] + 14_400
    options = [f"midi={text}", "position@0=120:0:0:4:4:1", *ports(INSTRUMENT, settings)]
    found = played(player, "instrument", rate, 64, frames, tmp_path, *options)
    wanted = rendered_notes(midi, rate, settings, bundle=bundle)[:frames]
    found = found[: len(wanted)]
    assert distance_db(found, wanted) < -80
    dry = rendered_notes(midi, rate, replace(settings, body=0.0), bundle=bundle)[:frames]
    assert distance_db(found, dry) > -30


def test_two_equal_notes_differ_and_a_second_instance_plays_them_differently(
    player: Path, folder: Path, tmp_path: Path
) -> None:
    """The choices for each note are drawn anew, from the instance's own seed."""
    score = note(69, 1000, 30_000) + note(69, 60_000, 30_000)
    midi, text = in_files(score, 48_000, tmp_path)
    still = Settings(expression=0, reverb_wet=0, noise_gain=-60)
    levels = {}
    for name, settings in (("still", still), ("played", still.changed({"expression": 1}))):
        options = [f"midi={text}", *ports(INSTRUMENT, settings)]
        sound = played(player, "instrument", 48_000, 128, 92_000, folder, *options)[:, 0]
        # The level of each 10 ms: the phases of two notes are not the same.
        first, second = (
            20 * np.log10(np.sqrt(np.mean(part.reshape(-1, 480) ** 2, axis=1)) + 1e-6)
            for part in (sound[1000:29_800], sound[60_000:88_800])
        )
        levels[name] = float(np.abs(first - second).max())
    assert levels["still"] < 1.0 < 2.0 < levels["played"], levels
    # The same noise, other choices.
    other = rendered_notes(midi, 48_000, Settings(), seed=2)[:92_000]
    options = [f"midi={text}", *ports(INSTRUMENT, Settings())]
    mine = played(player, "instrument", 48_000, 128, 92_000, folder, *options)
    assert distance_db(mine, other) > -20


def test_the_transport_is_followed_while_it_rolls(
    player: Path, folder: Path, tmp_path: Path
) -> None:
    """What says nothing new changes nothing, to the bit; a transport that stands is none."""
    text = in_files(note(69, 1000, 60_000), 48_000, tmp_path)[1]
    settings = Settings(vibrato_sync="1/8T", swell_sync="bar")

    def sound(*positions: str) -> np.ndarray:
        options = [f"midi={text}", *positions, *ports(INSTRUMENT, settings)]
        return played(player, "instrument", 48_000, 0, 64_000, folder, *options)

    def at(step: int, per_bar: int = 4, unit: int = 4, bpm: int = 120) -> str:
        beats = step * 0.1 * bpm / 60
        bar, beat = divmod(beats, per_bar)
        return f"position@{4800 * step}={bpm}:{bar:.0f}:{beat:.6f}:{per_bar}:{unit}:1"

    once = sound(at(0))
    assert np.array_equal(sound(*(at(step) for step in range(13))), once)
    assert np.array_equal(sound(at(0, 8, 8, 240)), once)  # the same in eighths
    for other in (sound(at(0, bpm=150)), sound(), sound(at(0), "position@24000=120:0:1:4:4:0")):
        assert np.abs(other - once).max() > 0.01
    assert np.array_equal(sound("position@0=120:0:0:4:4:0"), sound())


def test_another_model_takes_over_without_a_click(
    player: Path, folder: Path, tmp_path: Path
) -> None:
    """patch:Set while a note sounds: the flute goes on with it."""
    score = note(72, 1000, 90_000)
    text = in_files(score, 48_000, tmp_path)[1]
    change = f"model@30000={folder / 'models' / 'flute.ddspw'}"
    run = (player, "instrument", 48_000, 256, 80_000, folder, f"midi={text}")
    plain, changed = played(*run), played(*run, change)
    assert np.array_equal(plain[:30_000], changed[:30_000])
    assert np.abs(plain[60_000:] - changed[60_000:]).max() > 0.01
    steps = np.abs(np.diff(changed[30_000:40_000], axis=0)).max()
    assert steps < 2 * np.abs(np.diff(plain[20_000:60_000], axis=0)).max()
    level = np.sqrt(np.mean(changed[32_000:36_000] ** 2))
    assert level > 0.3 * np.sqrt(np.mean(plain[32_000:36_000] ** 2))


def test_disabled_is_the_input_to_the_bit(player: Path, folder: Path, tmp_path: Path) -> None:
    audio = sung(0.5, 48_000)
    (tmp_path / "in.raw").write_bytes(audio.astype("<f4").tobytes())
    run = (player, "effect", 48_000, 100, len(audio), folder, f"in={tmp_path / 'in.raw'}", "5=0")
    found = played(*run)
    assert np.array_equal(found[:, 0], audio.astype(np.float32))
    assert np.array_equal(found[:, 1], audio.astype(np.float32))
