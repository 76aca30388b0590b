"""Pictures of the studio for docs/studio.md: a short training of made recordings, in real Chromium.

PYTHONPATH=. python tests/studio_pictures.py docs/images
"""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from browser_page import Phone
from panel_pictures import small_picture
from studio_page import DROP, fill, recording, started

SIZE = (1280, 900)
LEVELS = (0.12, 0.3, 0.6, 0.9)
#: A training that is over in minutes and still shows a curve that falls.
STEPS = {"warm_steps": "300", "steps": "60", "least_minutes": "0"}
#: The report's plots, which are loaded when they are looked at.
OPEN = """
for (const each of document.querySelectorAll("#report-body details")) each.open = true;
document.querySelector("#report-body img").scrollIntoView();
"""
SEEN = "return [...document.querySelectorAll('#report-body img')].every((i) => i.naturalWidth)"
#: For what takes a minute on a machine with nothing else to do.
TRAINED_S = 900.0


def take(page: Phone, folder: Path, name: str, css: str) -> None:
    """What is seen once the element is at the top."""
    page.run(
        "document.querySelector(arguments[0]).scrollIntoView({block: 'start'});"
        "window.scrollBy(0, -16)",
        css,
    )
    (folder / f"studio-{name}.png").write_bytes(small_picture(page.driver.get_screenshot_as_png()))


def main(folder: Path) -> None:
    """Takes them all."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        program = started(Path(scratch))
        stack.callback(lambda: program.process.wait(60))
        stack.callback(lambda: program.process.send_signal(signal.SIGINT))
        page = Phone(program.address)
        stack.callback(page.close)
        page.size(*SIZE)
        page.driver.get(program.address)
        page.until(lambda: page.shown("#new"))
        page.run("document.getElementById('new-name').value = 'My Flute'")
        page.tap("#new")
        page.until(lambda: page.shown("#drop"))
        page.run(
            DROP, [[f"take {at + 1}.wav", recording(level)] for at, level in enumerate(LEVELS)]
        )
        page.until(lambda: page.text("#files").count("peak") == len(LEVELS))
        take(page, folder, "recordings", "h1")
        fill(page, quick=True, lowest="100", highest="900", licence="CC0 1.0", **STEPS)
        # What no form has: a network that has learnt little fails its sweep.
        page.run(
            "const done = arguments[0]; import('/static/api.js').then(({ask, placeOf}) => ask("
            "'PATCH', placeOf('my flute'), {allow_failed_sweep: true, threads: 1})).then(done)",
            later=True,
        )
        page.tap("#train")
        page.until(lambda: page.text("#report-body"), TRAINED_S)
        page.until(lambda: page.text("#training-state") == "The instrument is ready", TRAINED_S)
        take(page, folder, "training", "#training-state")
        page.run(OPEN)
        page.until(lambda: page.run(SEEN))
        take(page, folder, "report", "#report-body")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
