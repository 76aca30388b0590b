"""A progress bar on a terminal where tqdm is installed; elsewhere nothing but the messages."""

from __future__ import annotations

import sys
from typing import Any


class ProgressBar:
    """``with ProgressBar(total, "file") as bar``, then ``bar.update()`` after each of ``total``.

    Everything goes to the standard error. ``quiet``: no bar, as where there is no terminal.
    """

    def __init__(self, total: int, unit: str, quiet: bool = False, scale: bool = False) -> None:
        self._bar: Any = None
        if quiet or not sys.stderr.isatty():
            return
        try:
            from tqdm import tqdm
        except ImportError:  # a nicety: pip install 'ddsp-edge[remote]'
            return
        self._bar = tqdm(total=total, unit=unit, unit_scale=scale, leave=False)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, count: int = 1) -> None:
        """Say that ``count`` more of the total are done."""
        if self._bar is not None:
            self._bar.update(count)

    def note(self, text: str) -> None:
        """Show ``text`` behind the bar, if there is one."""
        if self._bar is not None:
            self._bar.set_postfix_str(text)

    def write(self, line: str) -> None:
        """Print a line above the bar, or without a bar as it is."""
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            print(line, file=sys.stderr)
