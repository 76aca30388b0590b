"""The pictures of the controls in docs/lv2.md: jalv's window, drawn from the description.

``python tests/lv2_pictures.py`` (in the checkout, PYTHONPATH=tests:.) renews them where jalv,
jackd, xvfb, xdotool and imagemagick are installed. Each PNG file has the names of what it shows
as its text ``controls``, by which a test tells a picture that has grown old.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from jack_server import JackServer
from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from ddsp_edge.bundles.bundle import read_bundle
from ddsp_edge.library.folders import shipped_folder
from ddsp_edge.lv2.folder import export
from ddsp_edge.lv2.ports import METERS, PLUGINS, Plugin

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
#: Of the window, in pixels: higher than what it shows.
WIDTH, HEIGHT, MARGIN = 640, 1800, 10
START_S = 30.0


def shown(plugin: Plugin) -> list[str]:
    """The names of the controls of the settings and of what the plug-in reports."""
    return [each.name for each in (*plugin.ports, *METERS)]


def picture(plugin: Plugin) -> Path:
    return IMAGES / f"lv2-{plugin.name}.png"


def window(screen: dict[str, str]) -> str:
    """The number of jalv's window."""
    deadline = time.monotonic() + START_S
    search = ["xdotool", "search", "--onlyvisible", "--name", "ddsp-edge"]
    while True:
        found = subprocess.run(search, env=screen, capture_output=True, text=True)
        if found.stdout.split():
            return found.stdout.split()[-1]
        if time.monotonic() > deadline:
            raise TimeoutError("jalv shows no window")
        time.sleep(0.5)


def shoot(plugin: Plugin, env: dict[str, str], shot: Path) -> None:
    command = ["jalv.gtk3", "-g", f"urn:ddsp-edge:{plugin.name}"]
    host = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        number = window(env)
        for action in (
            ["windowmove", number, "0", "0"],
            ["windowsize", number, str(WIDTH), str(HEIGHT)],
            ["mousemove", str(WIDTH + 20), str(HEIGHT - 1)],  # no hint is shown
        ):
            subprocess.run(["xdotool", *action], env=env, check=True)
        time.sleep(3)  # it draws
        subprocess.run(["import", "-window", number, str(shot)], env=env, check=True)
    finally:
        host.terminate()
        host.wait(10)


def save(shot: Path, plugin: Plugin) -> None:
    """Without what is empty below, in few colours, with the names of what is shown."""
    with Image.open(shot) as image:
        whole = image.convert("RGB")
    ground = Image.new("RGB", whole.size, whole.getpixel((WIDTH - 1, HEIGHT - 1)))
    _, _, _, bottom = ImageChops.difference(whole, ground).getbbox() or (0, 0, 0, HEIGHT)
    cut = whole.crop((0, 0, WIDTH, min(HEIGHT, bottom + MARGIN)))
    about = PngInfo()
    about.add_text("controls", ", ".join(shown(plugin)))
    cut.quantize(64).save(picture(plugin), optimize=True, pnginfo=about)


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        build = ["sh", str(ROOT / "native/lv2/build.sh"), os.uname().machine, f"{name}/lv2"]
        subprocess.run(build, check=True)
        violin = read_bundle(shipped_folder() / "violin.zip")
        export([("violin", violin)], scratch / "lv2" / "ddsp-edge.lv2")
        server = JackServer(scratch)
        display = f":{90 + os.getpid() % 1000}"
        size = f"{WIDTH + 40}x{HEIGHT}x24"
        screen = subprocess.Popen(["Xvfb", display, "-screen", "0", size, "-nolisten", "tcp"])
        env = os.environ | server.env
        env |= {"DISPLAY": display, "HOME": name, "LV2_PATH": f"{name}/lv2:/usr/lib/lv2"}
        try:
            server.start()
            for plugin in PLUGINS:
                shoot(plugin, env, scratch / "shot.png")
                save(scratch / "shot.png", plugin)
                print(picture(plugin))
        finally:
            server.stop()
            screen.terminate()
            screen.wait(10)


if __name__ == "__main__":
    main()
