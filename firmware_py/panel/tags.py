"""The words that a player gave to models, in a file beside the pairings."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from ddsp_edge.errors import UserError
from ddsp_edge.library.collection import LONGEST_TAG
from ddsp_edge.system.atomic_files import read_limited, save_file

log = logging.getLogger(__name__)

MAX_FILE_BYTES = 256 * 1024
MOST_MODELS, MOST_TAGS = 512, 12


def checked_tags(tags: Iterable[object]) -> list[str]:
    """Return tags in lower case, each once. Raises UserError for what cannot be one."""
    found: dict[str, None] = {}
    for tag in tags:
        text = " ".join(tag.lower().split()) if isinstance(tag, str) else ""
        if not text or len(text) > LONGEST_TAG or not text.isprintable() or "," in text:
            raise UserError(
                f"a tag is {repr(tag)[:40]}; give 1 to {LONGEST_TAG} letters without commas"
            )
        found[text] = None
    if len(found) > MOST_TAGS:
        raise UserError(f"there are {len(found)} tags; give {MOST_TAGS} at most")
    return list(found)


class Tags:
    """Tags by the name of a model. Methods block; any thread may call them."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._tags: dict[str, list[str]] | None = None

    def all(self) -> dict[str, list[str]]:
        """Return the tags of all models that have some; a damaged file is logged."""
        with self._lock:
            return dict(self._read())

    def _read(self) -> dict[str, list[str]]:
        if self._tags is None:
            self._tags = {}
            if self._path.exists():
                try:
                    rows = json.loads(read_limited(self._path, MAX_FILE_BYTES))["tags"]
                    self._tags = {str(name): checked_tags(tags) for name, tags in rows.items()}
                except (UserError, ValueError, KeyError, TypeError, AttributeError) as error:
                    log.warning("%s: no tags can be read (%s)", self._path, error)
        return self._tags

    def update(self, tags: Mapping[str, Iterable[object]]) -> None:
        """Replace the tags of these models; none removes the entry. Raises UserError."""
        checked = {name: checked_tags(each) for name, each in tags.items()}
        if not checked:
            return
        with self._lock:
            kept = {name: each for name, each in (self._read() | checked).items() if each}
            if len(kept) > MOST_MODELS:
                raise UserError(f"{len(kept)} models have tags; {MOST_MODELS} can have some")
            save_file(self._path, json.dumps({"tags": kept}, indent=1).encode())
            self._tags = kept
