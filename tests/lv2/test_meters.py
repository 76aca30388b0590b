"""What the outputs `pitch` and `loudness` say: where the model is in its range."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from lv2_host import VIOLIN, lv2_program, models_folder
from lv2_scores import in_files, note, ports
from sounds import tone

from ddsp_edge.lv2.ports import EFFECT, INSTRUMENT, METERS, Plugin
from ddsp_edge.settings import Settings

RATE, BLOCK = 48_000, 480


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lv2_program(tmp_path_factory.mktemp("lv2") / "play", "play.c")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models_folder(tmp_path_factory.mktemp("lv2-models"), ("violin",))


def shown(
    player: Path, folder: Path, plugin: Plugin, settings: Settings, source: str
) -> dict[str, np.ndarray]:
    """A second of each meter, a value after each block."""
    found = {}
    for index, meter in enumerate(METERS, plugin.first + len(plugin.ports)):
        command = [str(player), f"urn:ddsp-edge:{plugin.name}", str(RATE), str(BLOCK), str(RATE)]
        command += [str(folder), str(folder / "out.raw"), source, f"meter={index}"]
        done = subprocess.run(
            [*command, *ports(plugin, settings)], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        found[meter.symbol] = np.array(done.stdout.split(), float)
        assert len(found[meter.symbol]) == RATE // BLOCK
    return found


@pytest.mark.parametrize(
    ("settings", "pitch"),
    [
        (Settings(expression=0, tuning=442), 69.0),
        (Settings(expression=0, pitch_shift=7, input_pitch=-2), 74.0),
        (Settings(expression=0, input_gain=-10), 69.0),
    ],
    ids=["plain", "shifted", "softer"],
)
def test_an_instrument_shows_the_note_that_sounds(
    player: Path, folder: Path, tmp_path: Path, settings: Settings, pitch: float
) -> None:
    """Three keys: the loudest is shown, and silence when all have ended."""
    score = note(60, 4800, 20_000, 20) + note(69, 5000, 20_000, 110) + note(64, 5200, 20_000, 20)
    text = in_files(sorted(score, key=lambda each: each[0]), RATE, tmp_path)[1]
    many = settings.changed({"voices": 4})
    found = shown(player, folder, INSTRUMENT, many, f"midi={text}")
    held = slice(25, 50)
    assert found["pitch"][held] == pytest.approx(pitch, abs=0.05)
    softest, loudest = VIOLIN.info.note_loudness_db
    lowered = settings.input_gain
    assert np.all(found["loudness"][held] > softest + lowered)
    assert np.all(found["loudness"][held] < loudest + lowered + 0.5)
    assert found["loudness"][:9] == pytest.approx(-80)
    assert found["loudness"][-1] == pytest.approx(-80)


def test_an_effect_shows_what_it_hears(player: Path, folder: Path, tmp_path: Path) -> None:
    heard = np.zeros(RATE, np.float32)
    heard[RATE // 4 : RATE // 2] = 0.3 * tone(np.full(RATE // 4, 220.0), 0.25, RATE)
    (tmp_path / "in.raw").write_bytes(heard.tobytes())
    source = f"in={tmp_path / 'in.raw'}"
    found = shown(player, folder, EFFECT, Settings(pitch_shift=12), source)
    sounding = slice(35, 48)
    assert found["pitch"][sounding] == pytest.approx(57 + 12, abs=0.1)
    assert np.all(found["loudness"][sounding] > -40)
    assert found["loudness"][:20] == pytest.approx(-80)
    assert found["loudness"][-1] == pytest.approx(-80)
