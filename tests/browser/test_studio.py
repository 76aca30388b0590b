"""The studio in a real Chromium: from recordings that are dropped to a box that plays them."""

from __future__ import annotations

import base64
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import browser_page
import browser_seen
import extras_needed
import panel_box
import pytest
import soundfile
from receiving_box import Device, device, keys, pedal
from studio_page import DROP, StudioProgram, fill, recording, started

from ddsp_edge.api.client import ControlClient
from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.cli.parser import parser_of
from ddsp_edge.training.run_options import arguments, read_options

__all__ = ["device", "keys", "pedal"]
extras_needed.skip_without_trainer()

TRAINED_S = 300.0  #: for what takes half a minute on a machine with nothing else to do
WIDTHS = (320, 390, 800, 1280)
#: A microphone that beeps.
MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture
def studio(pedal: Device, tmp_path: Path) -> Iterator[StudioProgram]:
    """The studio, whose ssh knows a box by the name `pedal`."""
    folder = tmp_path / "studio"
    folder.mkdir()
    program = started(folder)
    yield program
    program.process.send_signal(signal.SIGINT)
    assert program.process.wait(browser_page.PATIENCE_S) == 0
    assert program.process.stdout is not None
    program.process.stdout.close()


@pytest.fixture
def page(_chromium: None, studio: StudioProgram) -> Iterator[browser_page.Phone]:
    with contextlib.closing(browser_page.Phone(studio.address, *MICROPHONE)) as phone:
        phone.driver.get(studio.address)
        phone.until(lambda: phone.shown("#new"))
        yield phone
        assert phone.complaints() == []


def options(folder: Path, key: str) -> dict[str, object]:
    return dict(read_options(folder / "runs" / key))


def test_from_a_drop_to_a_box_that_plays_it(
    page: browser_page.Phone, studio: StudioProgram, pedal: Device, box: panel_box.Programs
) -> None:
    page.run("document.getElementById('new-name').value = 'Toy Flute'")
    page.tap("#new")
    page.until(lambda: page.shown("#drop"))
    files = [[f"{at}.wav", recording(level)] for at, level in enumerate((0.15, 0.4, 0.9))]
    page.run(DROP, [*files, ["notes.txt", base64.b64encode(b"not a sound").decode()]])
    page.until(lambda: page.text("#files").count("peak") == 3)
    page.until(lambda: "is not an audio file" in page.text("#upload-problem"))
    assert page.text("#recorded") == "0:29 of 10:00"
    fill(page, quick=True, lowest="100", highest="900", licence="CC0 1.0", warm_steps="4")
    fill(page, steps="2", least_minutes="0")
    wanted = {"steps": 2, "least_minutes": 0.0, "teacher": "none", "licence": "CC0 1.0"}
    page.until(lambda: wanted.items() <= options(studio.folder, "toy flute").items())
    # What no form has: a network that has learnt nothing fails its sweep.
    said = page.run(
        "const done = arguments[0]; import('/static/api.js').then(({ask, placeOf}) =>"
        " ask('PATCH', placeOf('toy flute'), {allow_failed_sweep: true, threads: 1})).then(done)",
        later=True,
    )
    assert said == {}
    page.tap("#train")
    page.until(lambda: "usable minutes are few" in page.text("#report-body"), TRAINED_S)
    assert "Record more" in page.text("#report-body")
    page.until(lambda: page.text("#training-state") == "The instrument is ready", TRAINED_S)
    assert page.text("#time-left") == "Step 6 of 6"
    assert page.shown("#hear-before") and page.shown("canvas.curve")
    for width in WIDTHS:
        page.size(width, 800)
        assert page.run("return document.documentElement.scrollWidth") <= width
    looked, faint = page.run(browser_seen.FAINT)
    assert looked > 10 and faint == []
    page.tap("#hear-after")
    page.until(lambda: page.value("#hear-after", "aria-pressed") == "true")
    page.tap("#hear-tune")
    page.until(lambda: page.run("return document.querySelector('audio').duration > 1"), TRAINED_S)
    # The very same run folder as the command line's, which would go on with it.
    kept = options(studio.folder, "toy flute")
    args = parser_of("train").parse_args(["train", *arguments(kept)])
    assert (args.name, args.warm_steps, args.steps) == ("Toy Flute", 4, 2)
    # To a box, whose engine plays.
    models = box.folder / "state" / "models"
    pedal.obey(models=str(models), socket=str(box.socket))
    page.run("document.getElementById('host').value = 'pedal'")
    page.tap("#send")
    page.until(lambda: page.text("#sent").startswith("It is on pedal"))
    (arrived,) = models.glob("*.zip")
    assert read_bundle(arrived).info.name == "Toy Flute"
    with ControlClient(box.socket) as engine:
        assert engine.call("status")["model_name"] == "Toy Flute"


def test_the_microphone_becomes_a_recording(
    page: browser_page.Phone, studio: StudioProgram
) -> None:
    page.run("document.getElementById('new-name').value = 'Beeper'")
    page.tap("#new")
    page.tap("#record")
    page.until(lambda: "Noise floor" in page.text("#floor"))
    page.until(lambda: "silent" not in page.text(".coach"))
    page.tap("#record")
    page.until(lambda: page.text("#files").count("peak") == 1)
    (made,) = (studio.folder / "recordings" / "beeper").glob("take *.wav")
    assert soundfile.info(made).frames > 0 and soundfile.info(made).channels == 1
