"""Draw the picture of the flow: docs/flow.txt to docs/images/flow.svg.

    python docs/draw_flow.py

Needs nothing but Python. The format is explained at the head of flow.txt; a test
(tests/test_docs.py) fails while the picture is older than the text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SOURCE, PICTURE = FOLDER / "flow.txt", FOLDER / "images" / "flow.svg"

# All in pixels.
CELL_W, CELL_H = 186, 146  #: distance from one column or row to the next
BOX_W, BOX_H = 142, 74
LEFT, TOP = 14, 12
LANE_HEAD = 24  #: height of a lane's title

STYLE = """
  svg { --ground: #ffffff; --lane: #f1f4f8; --box: #ffffff; --line: #3b6ea5; --ink: #1c2530; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --lane: #161d27; --box: #1f2937; --line: #7fb2e5; --ink: #e8edf3; }
  }
  text { font: 11.5px system-ui, sans-serif; fill: var(--ink); }
  .title { font-size: 14px; font-weight: 600; }
  .lane { fill: var(--lane); }
  .box { fill: var(--box); stroke: var(--line); stroke-width: 1.5; }
  .arrow { stroke: var(--line); stroke-width: 1.8; fill: none; marker-end: url(#head); }
  .head { fill: var(--line); }
"""


@dataclass
class Box:
    """A named box in the grid, with its title and further lines of text."""

    column: int
    row: int
    lines: list[str]

    @property
    def x(self) -> float:
        """Left edge."""
        return LEFT + 22 + self.column * CELL_W

    @property
    def y(self) -> float:
        """Upper edge."""
        return TOP + LANE_HEAD + 18 + self.row * CELL_H


@dataclass
class Flow:
    """What flow.txt says: lanes (first row, last row, title), boxes by name, arrows with labels."""

    lanes: list[tuple[int, int, str]] = field(default_factory=list)
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[tuple[str, str, str]] = field(default_factory=list)


def parse(text: str) -> Flow:
    """Read the text format. Raises ValueError with the number of the wrong line."""
    flow = Flow()
    for number, line in enumerate(text.splitlines(), 1):
        kind, _, rest = line.strip().partition(" ")
        if not kind or kind.startswith("#"):
            continue
        try:
            if kind == "lane":
                first, last, title = rest.split(maxsplit=2)
                flow.lanes.append((int(first), int(last), title))
            elif kind == "box":
                name, column, row, words = rest.split(maxsplit=3)
                lines = [part.strip() for part in words.split("|")]
                flow.boxes[name] = Box(int(column), int(row), lines)
            elif kind == "arrow":
                start, end, *label = rest.split(maxsplit=2)
                a, b = flow.boxes[start], flow.boxes[end]
                if (a.row == b.row) == (a.column == b.column):
                    raise ValueError(f"{start} and {end} share neither a row nor a column")
                flow.arrows.append((start, end, "".join(label)))
            else:
                raise ValueError(f"{kind!r} is none of lane, box, arrow")
        except (KeyError, ValueError) as error:
            raise ValueError(f"flow.txt, line {number}: {error}") from None
    return flow


def _text(x: float, y: float, words: str, css: str = "", anchor: str = "middle") -> str:
    name = f' class="{css}"' if css else ""
    return f'<text{name} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'


def _arrow(a: Box, b: Box, label: str) -> list[str]:
    if a.row == b.row:
        right = b.column > a.column
        x1, x2 = (a.x + BOX_W, b.x - 3) if right else (a.x, b.x + BOX_W + 3)
        y1 = y2 = a.y + BOX_H / 2
        where = ((x1 + x2) / 2, a.y - 6, "middle")
    else:
        down = b.row > a.row
        y1, y2 = (a.y + BOX_H, b.y - 3) if down else (a.y, b.y + BOX_H + 3)
        x1 = x2 = a.x + BOX_W / 2
        where = (x1 + 7, min(a.y, b.y) + BOX_H + 20, "start")
    path = f'<path class="arrow" d="M{x1:g} {y1:g} L{x2:g} {y2:g}"/>'
    return [path, _text(where[0], where[1], label, anchor=where[2])] if label else [path]


def draw(flow: Flow) -> str:
    """The picture as SVG text; it follows the reader's light or dark colours."""
    width = max(box.x for box in flow.boxes.values()) + BOX_W + LEFT + 22
    height = max(box.y for box in flow.boxes.values()) + BOX_H + TOP + 18
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" role="img">',
        "<title>How sound, notes and requests flow through ddsp-edge</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" markerWidth="7" markerHeight="7" refX="5" refY="3.5"'
        ' orient="auto"><path class="head" d="M0 0 L7 3.5 L0 7 z"/></marker></defs>',
        '<rect width="100%" height="100%" style="fill: var(--ground)"/>',
    ]
    for first, last, title in flow.lanes:
        y, rows = TOP + first * CELL_H, last - first + 1
        parts.append(
            f'<rect class="lane" x="{LEFT}" y="{y}" width="{width - 2 * LEFT:g}"'
            f' height="{rows * CELL_H - 12}" rx="8"/>'
        )
        parts.append(_text(LEFT + 12, y + 18, title, anchor="start"))
    for start, end, label in flow.arrows:
        parts += _arrow(flow.boxes[start], flow.boxes[end], label)
    for box in flow.boxes.values():
        parts.append(
            f'<rect class="box" x="{box.x:g}" y="{box.y:g}" width="{BOX_W}" height="{BOX_H}"'
            ' rx="6"/>'
        )
        middle = box.x + BOX_W / 2
        parts.append(_text(middle, box.y + 22, box.lines[0], "title"))
        for index, line in enumerate(box.lines[1:]):
            parts.append(_text(middle, box.y + 41 + 16 * index, line))
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(parse(SOURCE.read_text(encoding="utf-8"))), encoding="utf-8")
    print(f"{PICTURE.relative_to(FOLDER.parent)}")
