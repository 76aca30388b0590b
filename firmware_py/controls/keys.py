"""USB pedals that are keyboards: from Linux input events to edges, with hot-plugging."""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.system.toml_config import did_you_mean
from firmware_py.controls.config import KeyConfig
from firmware_py.controls.packages import load_evdev

_LOG = logging.getLogger(__name__)

#: ``struct input_event`` as this machine's kernel writes it: two longs of time, type, code, value.
EVENT = struct.Struct("llHHi")
EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
RELEASED, PRESSED = 0, 1  #: and 2: the keyboard repeats a key that is held
_MOST = 64 * EVENT.size  #: bytes read at once

#: Code and whether it is down; None as the code: all keys are up.
Edge = tuple[int | None, bool]


class KeyReader:
    """Edges of the keys from a descriptor that gives ``struct input_event``s."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._rest = b""
        self._skipping = False

    def read(self) -> Iterator[Edge]:
        """What has come; never waits where the descriptor does not. Raises OSError where the
        device is gone, EOFError at a pipe's end."""
        try:
            data = os.read(self.fd, _MOST)
        except BlockingIOError:
            return
        if not data:
            raise EOFError
        data = self._rest + data
        whole = len(data) - len(data) % EVENT.size
        self._rest = data[whole:]
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if kind == EV_SYN:
                if code == SYN_DROPPED:
                    # The kernel lost some: what is held is unknown until the next report.
                    self._skipping = True
                    yield None, False
                else:
                    self._skipping = False
            elif kind == EV_KEY and not self._skipping and value in (RELEASED, PRESSED):
                yield code, value == PRESSED


def key_codes(keys: Iterable[KeyConfig]) -> dict[str, int]:
    """Each key's name to Linux's number. Raises UserError; MissingPackage without evdev."""
    keys = tuple(keys)
    if not keys:
        return {}
    names = {name: code for name, code in load_evdev().ecodes.ecodes.items() if _is_key(name)}
    for key in keys:
        if key.key not in names:
            hint = did_you_mean(key.key, names) if _is_close(key.key, names) else "see `evtest`"
            raise UserError(f"controls: no key is called {key.key[:60]!r}; {hint}")
    return {key.key: names[key.key] for key in keys}


def _is_key(name: str) -> bool:
    return name.startswith(("KEY_", "BTN_")) and name not in ("KEY_CNT", "KEY_MAX")


def _is_close(name: str, names: Iterable[str]) -> bool:
    """Whether a similar name can be suggested; the whole list has hundreds."""
    return did_you_mean(name, names).startswith("did you mean")


class Keyboards:
    """Opens the keyboards that the config means, when they come. One thread.

    ``watch(fd, ready)`` and ``unwatch(fd)`` are the loop's; ``edge(name, down)`` is told of every
    edge, ``gone(name)`` when a switch's keyboard was pulled out. Raises UserError.
    """

    def __init__(
        self,
        keys: Iterable[KeyConfig],
        watch: Callable[[int, Callable[[], None]], None],
        unwatch: Callable[[int], None],
        edge: Callable[[str, bool], None],
        gone: Callable[[str], None],
    ) -> None:
        self._keys = tuple(keys)
        self._codes = key_codes(self._keys)
        self._watch, self._unwatch = watch, unwatch
        self._edge, self._gone = edge, gone
        self._open: dict[str, Any] = {}
        self._refused: set[tuple[str, float]] = set()

    def look(self) -> None:
        """Open what is new; called now and then, as USB pedals come and go."""
        if not self._keys:
            return
        for path in load_evdev().list_devices():
            if path not in self._open:
                self._try(path)

    def _try(self, path: str) -> None:
        try:
            mark = (path, os.stat(path).st_ctime)
            if mark in self._refused:
                return
            device = load_evdev().InputDevice(path)
        except OSError as error:
            _LOG.debug("%s: %s", path, error)  # perhaps udev is not done with it
            return
        mine = [key for key in self._keys if self._means(key, device)]
        if not mine:
            device.close()
            self._refused.add(mark)
            return
        if any(key.grab for key in mine):
            try:
                device.grab()
            except OSError as error:
                _LOG.warning("%s (%s): not ours alone (%s)", device.name, path, error)
        _LOG.info("USB pedal %s: %s", device.name, ", ".join(key.name for key in mine))
        self._open[path] = device
        os.set_blocking(device.fd, False)
        self.serve(device.fd, mine, lambda: self._close(path, device))

    def _means(self, key: KeyConfig, device: Any) -> bool:
        has = self._codes[key.key] in device.capabilities().get(EV_KEY, ())
        return has and key.device.casefold() in device.name.casefold()

    def serve(self, fd: int, keys: Iterable[KeyConfig], close: Callable[[], None]) -> None:
        """Take edges of ``keys`` from ``fd`` until it ends; then ``close()``."""
        reader, keys = KeyReader(fd), tuple(keys)
        names = {self._codes[key.key]: key.name for key in keys}

        def lost() -> None:
            for name in names.values():
                self._gone(name)

        def ready() -> None:
            try:
                for code, down in reader.read():
                    if code is None:
                        lost()
                    elif code in names:
                        self._edge(names[code], down)
            except (OSError, EOFError):
                self._unwatch(fd)
                lost()
                close()

        self._watch(fd, ready)

    def _close(self, path: str, device: Any) -> None:
        _LOG.info("USB pedal %s is gone", device.name)
        self._open.pop(path, None)
        device.close()

    def close(self) -> None:
        """Close all keyboards and give their keys back to the system."""
        for path, device in list(self._open.items()):
            self._unwatch(device.fd)
            self._close(path, device)
