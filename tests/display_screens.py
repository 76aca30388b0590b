"""Every kind of screen once, as the goldens and the pictures in docs/display.md show them.

python tests/display_screens.py      draws them anew
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from firmware_py.display.characters import write
from firmware_py.display.picture import SIZE, draw
from firmware_py.display.screens import (
    CodeScreen,
    ListScreen,
    MessageScreen,
    PlayScreen,
    TunerScreen,
    ValueScreen,
)

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "firmware_py" / "display" / "golden"
SHEET = ROOT / "docs" / "images" / "display.png"
TEXT_SIZES = (20, 4), (16, 2)

PLAYING = PlayScreen("Warm violin", "Violin", "auto input", 0.55, 0.7, address="192.168.1.20")
SCREENS = {
    "play": PLAYING,
    "play-short-name": PlayScreen("Cello", "cello", "MIDI", 0.0, 0.3, address="192.168.1.20"),
    "play-notice": PlayScreen(
        "Café noir*", "Flute", "input", 1.0, 1.0, True, "no sound for 3 s", "10.0.0.7"
    ),
    "play-long-name": PlayScreen(
        "Скрипка и виолончель для вечера", "A model with a long name", "auto MIDI", 0.2, 0.4
    ),
    "tuner": TunerScreen("A4", -12.3, True),
    "tuner-in-tune": TunerScreen("F#3", 0.4, True),
    "tuner-silent": TunerScreen(),
    "code": CodeScreen("123456", "192.168.1.20"),
    "menu": ListScreen("Menu", ("Preset", "Model", "Source", "Output level", "Tuner"), 1),
    "presets": ListScreen(
        "Preset", tuple(f"{n} of my presets, the long ones too" for n in range(9)), 6, 5
    ),
    "level": ValueScreen("Output level", "-6 dB", 0.64),
    "shut-down": ListScreen("Shut down?", ("No, play on", "Shut it down")),
    "waiting": MessageScreen("ddsp-edge", "waiting for the engine"),
    "refused": MessageScreen("Not done", "no preset is called 'Warm violin'; known: none"),
}


def text_of(columns: int, rows: int) -> str:
    """All screens of one display of characters, in frames."""
    found = []
    for name, screen in SCREENS.items():
        edge = "+" + "-" * columns + "+"
        body = [f"|{row}|" for row in write(screen, columns, rows)]
        found.append("\n".join([name, edge, *body, edge]))
    return "\n\n".join(found) + "\n"


def sheet() -> Image.Image:
    """All pictures on one page, three times as large, blue on black as a display is."""
    across, scale, gap = 3, 3, 12
    width, height = (side * scale + gap for side in SIZE)
    down = -(-len(SCREENS) // across)
    page = Image.new("P", (across * width + gap, down * height + gap), 0)
    page.putpalette([255, 255, 255, 10, 14, 24, 150, 205, 255])
    for at, screen in enumerate(SCREENS.values()):
        x, y = gap + at % across * width, gap + at // across * height
        lit = draw(screen).resize((SIZE[0] * scale, SIZE[1] * scale))
        page.paste(1, (x - 3, y - 3, x + SIZE[0] * scale + 3, y + SIZE[1] * scale + 3))
        page.paste(2, (x, y), lit)
    return page


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, screen in SCREENS.items():
        draw(screen).save(GOLDEN / f"{name}.png", optimize=True)
    for columns, rows in TEXT_SIZES:
        (GOLDEN / f"{columns}x{rows}.txt").write_text(text_of(columns, rows), encoding="utf-8")
    sheet().save(SHEET, optimize=True)
