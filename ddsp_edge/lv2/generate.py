"""Write the generated files of the plug-in: ``python -m ddsp_edge.lv2.generate``.

They are committed, so that ``make lv2`` needs no Python; a test compares them.
"""

from __future__ import annotations

from pathlib import Path

from ddsp_edge.lv2.modgui import modgui_files
from ddsp_edge.lv2.ports import PLUGINS, settings_table
from ddsp_edge.lv2.turtle import description, manifest

FOLDER = Path(__file__).resolve().parents[2] / "native" / "lv2"


def generated() -> dict[str, str]:
    """Return the content of each file of ``native/lv2`` that follows from the settings."""
    files = {f"{plugin.name}.ttl": description(plugin) for plugin in PLUGINS}
    files |= modgui_files()
    return {"settings_table.h": settings_table(), "manifest.ttl": manifest(), **files}


if __name__ == "__main__":
    for name, text in generated().items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(FOLDER / name)
