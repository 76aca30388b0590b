"""Both plug-ins in Ardour, exported without its window: the file is what `render` makes.

How long Ardour has run the plug-in before the song begins is known to a period only: that is
looked for with the tests' own host, and then `render` is asked for the same rest.

It takes a minute: `make lv2-test` asks for it (DDSP_EDGE_HOSTS=1). On a machine under load two of
some thirty exports differed, and why is not known: a test that fails is tried twice more.
"""

from __future__ import annotations

import os
from pathlib import Path

import ardour_session as ardour
import mido
import numpy as np
import pytest
import soundfile
from ardour_session import PERIOD, PREROLL, RATE, TICKS
from lv2_host import built_plugin, distance_db, lv2_environment, lv2_program, played, sung
from lv2_scores import (
    Score,
    controls,
    in_files,
    later,
    note,
    ports,
    rendered_audio,
    rendered_notes,
)

from ddsp_edge.lv2.ports import EFFECT, INSTRUMENT, Plugin
from ddsp_edge.settings import Settings

FRAMES = RATE
#: So many periods it may have run beside the preroll: 16 s.
MOST_PERIODS = 800
SAME_DB = -80.0


pytestmark = pytest.mark.flaky(reruns=2)


@pytest.fixture(scope="module", autouse=True)
def there() -> None:
    if not os.environ.get("DDSP_EDGE_HOSTS"):
        pytest.skip("a minute in Ardour: make lv2-test, or DDSP_EDGE_HOSTS=1")
    if why := ardour.why_not():
        pytest.skip(why)


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lv2_program(tmp_path_factory.mktemp("lv2") / "play", "play.c")


def through_ardour(
    folder: Path, plugin: Plugin, settings: Settings, source: Path
) -> tuple[np.ndarray, Path]:
    """The exported audio, and the folder of the plug-in that played it."""
    built = built_plugin()
    env = ardour.environment(folder, lv2_environment(built))
    song = folder / "song"
    ardour.make(song, f"urn:ddsp-edge:{plugin.name}", controls(plugin, settings), env)
    ardour.put(song, source, FRAMES)
    exported = ardour.export(song, folder, FRAMES, env)
    audio, rate = soundfile.read(exported, dtype="float32", always_2d=True)
    assert rate == RATE and audio.shape == (FRAMES, 2)
    return audio, built / "ddsp-edge.lv2"


def tune() -> Score:
    """On ticks of Ardour's, which are 12.5 samples, so that each begins with a sample."""
    score = note(60, 1000, 9000, 70) + note(64, 8200, 9000, 90) + note(67, 24_100, 12_000, 110)
    return sorted(score, key=lambda each: each[0])


def midi_file(score: Score, path: Path) -> Path:
    file = mido.MidiFile(ticks_per_beat=TICKS)
    track = mido.MidiTrack()
    file.tracks.append(track)
    last = 0
    for at, message in score:
        tick, between = divmod(at * 2 * TICKS, RATE)
        assert between == 0, f"sample {at} is on no tick"
        track.append(message.copy(time=tick - last))
        last = tick
    file.save(path)
    return path


def rests() -> range:
    return range(PREROLL, PREROLL + MOST_PERIODS * PERIOD, PERIOD)


def test_the_effect_in_ardour_is_the_render(player: Path, tmp_path: Path) -> None:
    settings = Settings(mix=0.5, pitch_shift=7, reverb_wet=0.3)
    audio = sung(FRAMES / RATE, RATE)
    soundfile.write(tmp_path / "sung.wav", audio, RATE, subtype="FLOAT")
    found, models = through_ardour(tmp_path, EFFECT, settings, tmp_path / "sung.wav")

    def after(rest: int) -> np.ndarray:
        return np.concatenate([np.zeros(rest, np.float32), audio])

    def ours(rest: int) -> np.ndarray:
        heard = tmp_path / "in.raw"
        heard.write_bytes(after(rest).tobytes())
        options = (f"in={heard}", *ports(EFFECT, settings))
        return played(player, "effect", RATE, PERIOD, rest + FRAMES, models, *options)[rest:]

    rest = next((each for each in rests() if distance_db(found, ours(each)) < SAME_DB), None)
    assert rest is not None, "Ardour's audio is that of no such rest"
    wanted = rendered_audio(after(rest), RATE, settings)[rest : rest + FRAMES]
    assert distance_db(found, wanted) < SAME_DB


@pytest.mark.parametrize(
    "settings",
    [Settings(expression=0), Settings(expression=0, tuning=442, reverb_wet=0.4, pitch_shift=-5)],
    ids=["plain", "controls"],
)
def test_the_instrument_in_ardour_is_the_render(
    player: Path, tmp_path: Path, settings: Settings
) -> None:
    source = midi_file(tune(), tmp_path / "tune.mid")
    found, models = through_ardour(tmp_path, INSTRUMENT, settings, source)

    def ours(rest: int) -> np.ndarray:
        _, text = in_files(later(tune(), rest), RATE, tmp_path)
        options = (f"midi={text}", *ports(INSTRUMENT, settings))
        return played(player, "instrument", RATE, PERIOD, rest + FRAMES, models, *options)[rest:]

    rest = next((each for each in rests() if distance_db(found, ours(each)) < SAME_DB), None)
    assert rest is not None, "Ardour's audio is that of no such rest"
    midi, _ = in_files(later(tune(), rest), RATE, tmp_path)
    wanted = rendered_notes(midi, RATE, settings)[rest : rest + FRAMES]
    assert distance_db(found[: len(wanted)], wanted) < SAME_DB
