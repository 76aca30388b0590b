"""Pictures of the panel for docs/panel.md: the real programs, played, before real Chromium.

python tests/panel_pictures.py docs/images
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import jack_server
import mido
import numpy as np
import panel_box
from browser_page import PHONE, Phone
from sounds import shaped, tone

from ddsp_edge.api.client import ControlClient

RATE = 48_000
SIZES = {"phone": PHONE, "desktop": (1280, 800)}
PRESETS = {"Bright lead": 0.1, "Low drone": 0.4, "Slow bow": 0.25}


def phrase() -> bytes:
    """Somebody plays up and down, with vibrato: some minutes, mono, 16 bit."""
    scale = [57, 60, 62, 64, 67, 69, 72, 69, 67, 64, 62, 60]
    seconds = np.arange(int(0.7 * RATE)) / RATE
    notes = []
    for number in scale * 40:
        wobble = number + 0.15 * np.sin(2 * np.pi * 5.5 * seconds)
        sound = tone(440.0 * 2.0 ** ((wobble - 69) / 12), 0.7)
        swell = 0.55 + 0.4 * np.sin(np.pi * seconds / 0.7)
        notes.append(shaped(sound * swell / np.abs(sound).max(), 0.03, 0.05) * 0.5)
    return (np.concatenate(notes) * 32_000).astype("<i2").tobytes()


@contextlib.contextmanager
def playing(env: dict[str, str]) -> Iterator[None]:
    """The phrase comes in at the sound card meanwhile."""
    command = ["aplay", "-q", "-D", "player", "-t", "raw", "-f", "S16_LE", "-c", "1"]
    with subprocess.Popen(
        [*command, "-r", str(RATE)], env=os.environ | env, stdin=subprocess.PIPE
    ) as player:
        assert player.stdin is not None

        def feed(stream: io.BufferedWriter, data: bytes) -> None:
            with contextlib.suppress(BrokenPipeError):
                stream.write(data)
                stream.close()

        threading.Thread(target=feed, args=(player.stdin, phrase()), daemon=True).start()
        try:
            yield
        finally:
            player.terminate()


def small_picture(png: bytes) -> bytes:
    """The PNG again; few colours make a small file."""
    from PIL import Image

    few = Image.open(io.BytesIO(png)).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    few.save(stream, "PNG", optimize=True)
    return stream.getvalue()


class Album:
    """Where the pictures go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self, phone: Phone, name: str) -> None:
        """What is seen now."""
        picture = small_picture(phone.driver.get_screenshot_as_png())
        (self.folder / f"panel-{name}.png").write_bytes(picture)


def views(phone: Phone, album: Album, engine: ControlClient, token: str) -> None:
    """Each view at each size."""
    for size, shape in SIZES.items():
        phone.size(*shape)
        for view in ("play", "sound", "presets", "system"):
            phone.open(view, token)
            time.sleep(2.5)  # a trail of points, a first look at the box
            album.take(phone, f"{view}-{size}")
        phone.open("play", token)
        phone.until(lambda: not phone.run("return document.getElementById('about').disabled"))
        phone.tap("#about")
        phone.until(lambda: phone.shown("dialog img"))
        time.sleep(0.5)
        album.take(phone, f"about-{size}")
        phone.tap("#about-close")
        engine.call("tuner", on=True)
        phone.until(lambda: phone.shown(".tuner.heard"))
        time.sleep(1)
        album.take(phone, f"tuner-{size}")
        engine.call("tuner", on=False)
    phone.tap("#lock")
    time.sleep(1)
    album.take(phone, "locked-desktop")
    phone.hold("#lock", 1.5)


def learning(phone: Phone, album: Album, engine: ControlClient, token: str) -> None:
    """A knob is being learned; morphing half way."""
    phone.size(*PHONE)
    phone.open("sound", token)
    phone.tap("#learn")
    phone.until(lambda: phone.shown("#learn-done"))
    phone.run("document.querySelector('[data-name=reverb_wet]').click()")
    phone.until(lambda: phone.text("#learn-told"))
    time.sleep(1)
    album.take(phone, "learn-phone")
    phone.tap("#learn-cancel")
    engine.call("morph_model", name="cello")
    engine.call("set", values={"morph": 0.4})
    phone.open("play", token)
    time.sleep(2.5)
    album.take(phone, "morph-phone")
    engine.call("morph_model")


def bind(engine: ControlClient, port: mido.ports.BaseOutput) -> None:
    """Two knobs have their jobs."""
    for number, name in ((1, "vibrato_depth"), (21, "reverb_wet")):
        engine.call("learn", set=name)
        for value in (5, 60, 100):
            port.send(mido.Message("control_change", control=number, value=value))
            time.sleep(0.05)
        while engine.call("status")["learning"]:
            time.sleep(0.1)


def main(folder: Path) -> None:
    """Takes them all."""
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        server = jack_server.JackServer(Path(scratch))
        server.start()
        stack.callback(server.stop)
        box = stack.enter_context(panel_box.running(Path(scratch), server.env, "jack"))
        os.environ.update(server.env)
        backend = mido.Backend("mido.backends.rtmidi/UNIX_JACK")
        keys = stack.enter_context(
            backend.open_output("Keystation 49", virtual=True, client_name="Keystation 49")
        )
        phone = Phone(f"http://127.0.0.1:{box.port}/")
        stack.callback(phone.close)
        album = Album(folder)
        phone.open()
        phone.until(lambda: phone.shown("#code"))
        album.take(phone, "pairing-phone")
        engine = stack.enter_context(ControlClient(box.socket))
        engine.call("model", name="violin", source="auto")
        for name, wet in PRESETS.items():
            engine.call("set", values={"reverb_wet": wet})
            engine.call("preset_save", name=name)
        engine.call("preset", name="Low drone")
        while not engine.call("status")["midi_ports"]:
            time.sleep(0.2)
        bind(engine, keys)
        stack.enter_context(playing(server.env))
        token = box.pair()
        views(phone, album, engine, token)
        learning(phone, album, engine, token)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
