"""Where the tests find the project's files and the recordings that only development has."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
GOLDEN = ROOT / "tests" / "golden"
#: Absent in a plain clone: tests that need it skip and say so.
SHARED = ROOT.parent / "shared"
AUDIO = SHARED / "audio"
