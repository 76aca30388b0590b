"""Where the control thread sleeps: one eventfd, written by the audio thread and by posts."""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable
from typing import Any

Post = tuple[Callable[..., None], tuple[Any, ...]]


class Mailbox:
    """Calls that other threads want made in the control thread, in order, without a lock.

    ``fd`` is what the rig writes to when a tick is due (``ddsp_rig_prepare``).
    """

    def __init__(self) -> None:
        self._posts: deque[Post] = deque()
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self.fd, select.POLLIN)

    def post(self, call: Callable[..., None], *arguments: Any) -> None:
        """Any thread: ``call(*arguments)`` soon, in the control thread."""
        self._posts.append((call, arguments))
        os.eventfd_write(self.fd, 1)

    def wait(self, timeout_ms: int) -> bool:
        """Control thread: sleep until there is something, or for that long (False)."""
        if not self._poll.poll(timeout_ms):
            return False
        try:
            os.eventfd_read(self.fd)  # all that was written until now counts as one wake
        except BlockingIOError:
            return False
        return True

    def take(self) -> Post | None:
        """Control thread: the oldest post, or None."""
        try:
            return self._posts.popleft()
        except IndexError:
            return None

    def again(self) -> None:
        """Control thread: not everything was taken; do not sleep."""
        os.eventfd_write(self.fd, 1)

    def __del__(self) -> None:
        # Not before: a late post must never be written into a file that has its number by then.
        self._poll.unregister(self.fd)
        os.close(self.fd)
