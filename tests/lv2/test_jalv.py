"""Both plug-ins in jalv, as a client of JACK: MIDI and audio go in, and `render`'s audio comes out.

JACK runs with its dummy driver, in freewheel mode while it is played (tests/lv2/jack_play.c), so
that no block is lost on a busy machine. How long jalv has run before is known to a block only:
that is looked for with the tests' own host, and then `render` is asked for the same rest.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from c_programs import COMPILER
from jack_server import JackServer, Unavailable
from lv2_host import (
    built_plugin,
    distance_db,
    lv2_environment,
    lv2_program,
    models_folder,
    played,
    sung,
)
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

HERE = Path(__file__).resolve().parent
RATE, FRAMES = 48_000, 48_000
#: Of the server, in samples: four frames of the model.
PERIOD = 960
#: So many periods jalv may have run before it is played: 12 s.
MOST_PERIODS = 600
SAME_DB = -80.0


@pytest.fixture(scope="module")
def jack_play(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("jalv") is None:
        pytest.skip("no jalv: apt-get install jalv")
    out = tmp_path_factory.mktemp("jack-play") / "jack_play"
    source = HERE / "jack_play.c"
    if COMPILER is None:
        pytest.skip("no C compiler")
    command = [COMPILER, "-std=c11", "-Wall", "-Werror", str(source), "-o", str(out), "-ljack"]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode != 0 and "jack/jack.h: No such file" in made.stderr:
        pytest.skip("no headers of JACK: apt-get install libjack-jackd2-dev")
    assert made.returncode == 0, made.stderr
    return out


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JackServer]:
    server = JackServer(tmp_path_factory.mktemp("jack"), RATE, PERIOD)
    try:
        server.start()
    except Unavailable as error:
        pytest.skip(str(error))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lv2_program(tmp_path_factory.mktemp("lv2") / "play", "play.c")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_folder(tmp_path_factory.mktemp("lv2-models"), ("violin",))


@contextlib.contextmanager
def hosted(plugin: Plugin, settings: Settings, env: dict[str, str], log: Path) -> Iterator[None]:
    """jalv with the plug-in, its controls set, as the client ``box``."""
    values = [
        word
        for symbol, value in controls(plugin, settings).items()
        for word in ("-c", f"{symbol}={value!r}")
    ]
    command = ["jalv", "-x", "-n", "box", *values, f"urn:ddsp-edge:{plugin.name}"]
    with log.open("wb") as out:
        # jalv reads commands from its input until it ends.
        host = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out, env=env)
        try:
            yield
            assert host.poll() is None, log.read_text()
        finally:
            host.terminate()
            host.wait(30)
            assert host.stdin is not None
            host.stdin.close()


def through_jalv(
    jack_play: Path,
    server: JackServer,
    folder: Path,
    plugin: Plugin,
    settings: Settings,
    source: str,
) -> np.ndarray:
    env = lv2_environment(built_plugin()) | server.env
    out, log = folder / "jalv.raw", folder / "jalv.log"
    with hosted(plugin, settings, env, log):
        done = subprocess.run(
            [str(jack_play), "box", str(FRAMES), str(out), source],
            env=os.environ | server.env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr + log.read_text()
    return np.fromfile(out, np.float32).reshape(-1, 2)


def silence_before(found: np.ndarray, play_after: Callable[[int], np.ndarray]) -> int:
    """The samples that the host had played before: then ours sounds as ``found`` does."""
    for periods in range(MOST_PERIODS):
        if distance_db(found, play_after(periods * PERIOD)) < SAME_DB:
            return periods * PERIOD
    raise AssertionError("jalv's audio is that of no such rest")


def a_tune() -> Score:
    score = note(60, 1000, 9000, 70) + note(64, 8200, 9000, 90) + note(67, 24_100, 12_000, 110)
    return sorted(score, key=lambda each: each[0])


@pytest.mark.parametrize(
    "settings",
    [
        Settings(expression=0),
        Settings(expression=0, tuning=442, reverb_wet=0.4, pitch_shift=-5, pan=0.3),
    ],
    ids=["plain", "controls"],
)
def test_the_instrument_in_jalv_is_the_render(
    jack_play: Path,
    server: JackServer,
    player: Path,
    models: Path,
    tmp_path: Path,
    settings: Settings,
) -> None:
    _, text = in_files(a_tune(), RATE, tmp_path)
    found = through_jalv(jack_play, server, tmp_path, INSTRUMENT, settings, f"midi={text}")

    def ours(rest: int) -> np.ndarray:
        _, text = in_files(later(a_tune(), rest), RATE, tmp_path)
        options = (f"midi={text}", *ports(INSTRUMENT, settings))
        length = rest + FRAMES
        return played(player, "instrument", RATE, PERIOD, length, models, *options)[rest:]

    rest = silence_before(found, ours)
    midi, _ = in_files(later(a_tune(), rest), RATE, tmp_path)
    wanted = rendered_notes(midi, RATE, settings)[rest : rest + FRAMES]
    assert distance_db(found[: len(wanted)], wanted) < SAME_DB


def test_the_effect_in_jalv_is_the_render(
    jack_play: Path, server: JackServer, player: Path, models: Path, tmp_path: Path
) -> None:
    settings = Settings(mix=0.5, pitch_shift=7, reverb_wet=0.3)
    audio = sung(FRAMES / RATE, RATE)
    heard = tmp_path / "in.raw"
    heard.write_bytes(audio.tobytes())
    found = through_jalv(jack_play, server, tmp_path, EFFECT, settings, f"in={heard}")

    def after(rest: int) -> np.ndarray:
        return np.concatenate([np.zeros(rest, np.float32), audio])

    def ours(rest: int) -> np.ndarray:
        heard.write_bytes(after(rest).tobytes())
        options = (f"in={heard}", *ports(EFFECT, settings))
        return played(player, "effect", RATE, PERIOD, rest + FRAMES, models, *options)[rest:]

    rest = silence_before(found, ours)
    wanted = rendered_audio(after(rest), RATE, settings)[rest : rest + FRAMES]
    assert distance_db(found, wanted) < SAME_DB
