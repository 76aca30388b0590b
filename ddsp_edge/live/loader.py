"""Loads and warms models on a thread of its own; the newest request wins."""

from __future__ import annotations

import logging
import queue
import threading
import time

from ddsp_edge.errors import UserError
from ddsp_edge.live.band import BandInstrument
from ddsp_edge.live.control_thread import ControlThread
from ddsp_edge.live.gc_control import settle
from ddsp_edge.live.instrument import Instrument, PlaybackContext
from ddsp_edge.live.instruments import SOURCES, SynthInstrument
from ddsp_edge.live.requests import ModelRequest, Requests
from ddsp_edge.live.timing import Histogram
from ddsp_edge.settings import Settings

_LOG = logging.getLogger(__name__)


class Loader:
    """One thread, one model at a time; the next only when the last has begun to play."""

    def __init__(
        self, control: ControlThread, requests: Requests, context: PlaybackContext
    ) -> None:
        self._control, self._requests, self._context = control, requests, context
        self._next: ModelRequest | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self.loading: str | None = None  #: the name of the model that is being loaded
        self.took_ns = Histogram()  #: to build and warm an instrument
        self._thread = threading.Thread(target=self._run, name="ddsp-loader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Cancel what was not begun, and end."""
        with self._changed:
            self._stopping = True
            waiting, self._next = self._next, None
            self._changed.notify()
        if waiting is not None:
            self._requests.drop(waiting)
            waiting.future.cancel()
        if self._thread.is_alive():
            self._thread.join()

    def ask(self, request: ModelRequest) -> None:
        """Any thread. One that waited is overtaken: its future is cancelled."""
        with self._changed:
            overtaken, self._next = self._next, request
            self._requests.add(request)
            self._changed.notify()
        if overtaken is not None:
            self._requests.drop(overtaken)
            overtaken.future.cancel()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._stopping)
                if self._stopping:
                    return
                request, self._next = self._next, None
            assert request is not None
            if not request.future.set_running_or_notify_cancel():  # its owner thought better of it
                self._requests.drop(request)
                continue
            self.loading = request.bundle.info.name
            try:
                self._load(request)
            except UserError as error:
                self._fail(request, error)
            except Exception as error:  # whatever a runtime throws: the old model plays on
                _LOG.exception("while loading %s", request.bundle.info.name)
                self._fail(request, error)
            finally:
                self.loading = None

    def _load(self, request: ModelRequest) -> None:
        while not self._stopping:
            begun = time.monotonic_ns()
            source, settings = self._requests.plan(request)
            instrument = self._made(request, source, settings)
            settle()
            self.took_ns.add(time.monotonic_ns() - begun)
            answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
            self._control.post(self._control.enter, instrument, request, answers.put)
            if answers.get():
                return

    def _made(self, request: ModelRequest, source: str, settings: Settings) -> Instrument:
        bundle, context = request.bundle, self._context
        if source == SynthInstrument.source and request.band:
            return BandInstrument(bundle, settings, context, request.band)
        instrument = SOURCES[source](bundle, settings, context, request.other)
        instrument.band = request.band  # for the day when it follows MIDI
        return instrument

    def _fail(self, request: ModelRequest, error: Exception) -> None:
        self._requests.drop(request)
        self._control.events.publish(
            "fault", what="load", model=request.bundle.info.name, detail=str(error)
        )
        request.future.set_exception(error)
