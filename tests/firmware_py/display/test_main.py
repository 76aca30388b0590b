"""``python -m firmware_py.display`` as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_py.display.__main__ import main

ROOT = Path(__file__).parents[3]


def start(config, *more):
    env = os.environ | {"XDG_RUNTIME_DIR": str(config.parent)}
    command = [sys.executable, "-m", "firmware_py.display", "--config", str(config), *more]
    return subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(f"[control]\nsocket = '{tmp_path}/control.sock'\n")
    return file


def test_without_a_display_in_the_config_it_ends_well(config, capsys):
    assert main(["--config", str(config)]) == 0
    assert capsys.readouterr().out.startswith("no display is configured; docs/display.md says how")


def test_a_mistake_in_the_config_is_one_line(config, capsys):
    config.write_text("[display]\nkind = 'oled'\n")
    assert main(["--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("ddsp-edge-display: error: ") and said.count("\n") == 1


def test_no_display_on_the_bus_is_said_once_and_sigterm_ends_it(config):
    pytest.importorskip("luma.oled", reason="the extra `display` is not installed")
    config.write_text(config.read_text() + "[display]\nkind = 'ssd1306'\nbus = 31\n")
    process = start(config)
    try:
        line = process.stderr.readline()  # waits for it
        assert line.startswith("WARNING display: no ssd1306 at 0x3c on /dev/i2c-31 (")
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0 and rest == ""


def test_a_picture_of_what_plays(box, tmp_path):
    Image = pytest.importorskip("PIL.Image", reason="the extra `display` is not installed")
    file = tmp_path / "now.png"
    assert main(["--config", str(box.config), "--picture", str(file)]) == 2  # no engine
    with box.start().client():
        assert main(["--config", str(box.config), "--picture", str(file)]) == 0
    with Image.open(file) as picture:
        assert picture.size == (512, 256) and picture.getbbox() is not None
    assert main(["--config", str(box.config), "--picture", str(tmp_path / "no" / "x.png")]) == 2
