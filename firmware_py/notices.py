"""The present problems of the box, for displays, the log and systemd."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)


class Notices:
    """One line of text for each topic ("midi", "controls", "restore", ...) that has a problem.

    ``publish`` is called with an event ``{"event": "notice", "topic", "text"}`` whenever a text
    changes. Every method may be called from any thread and returns at once.
    """

    def __init__(self, publish: Callable[[dict[str, Any]], None]) -> None:
        self._publish = publish
        self._texts: dict[str, str] = {}

    def report(self, topic: str, text: str) -> None:
        """Set the text of a topic; an empty text means that the problem is solved."""
        if self._texts.get(topic, "") == text:
            return
        if text:
            log.warning("%s: %s", topic, text)
            self._texts = {**self._texts, topic: text}
        else:
            self._texts = {name: each for name, each in self._texts.items() if name != topic}
        self._publish({"event": "notice", "topic": topic, "text": text})

    def text(self, topic: str) -> str:
        """Return the text of a topic; it is empty where there is no problem."""
        return self._texts.get(topic, "")

    def texts(self) -> list[str]:
        """Return all texts in the order of their topics' names."""
        return [text for _, text in sorted(self._texts.items())]
