"""What is plugged into the box besides the sound card: MIDI and what is at the feet.

None of it may be missed: where it fails the pedal plays on and says so.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import mido

from ddsp_edge.errors import UserError
from ddsp_edge.presets.mapping import Mapping as ControlMapping
from firmware_py.config import Config

if TYPE_CHECKING:
    from ddsp_edge.midi.ports import MidiPorts
    from firmware_py.controls import Controls
    from firmware_py.service import Service

log = logging.getLogger(__name__)


class Periphery:
    """start, change and stop: the main thread; the others: any."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._ports: MidiPorts | None = None
        self._controls: Controls | None = None
        self._mappings: tuple[ControlMapping, ...] = ()
        self._learnt: tuple[ControlMapping, ...] = ()
        self._off: tuple[str, ...] = ()
        self._lock = threading.Lock()  # of the mappings and who gets them

    def start(self, config: Config) -> None:
        """Whatever of it is there."""
        self._start_controls(config)
        self._start_ports(config)

    def change(self, before: Config, config: Config) -> None:
        """Begin again with what is new in the config."""
        if before.controls != config.controls:
            self._stop_controls()
            self._start_controls(config)
        if before.midi != config.midi:
            self._stop_ports()
            self._start_ports(config)

    def stop(self) -> None:
        """Let go of everything."""
        self._stop_controls()
        self._stop_ports()

    # ---- MIDI

    def _start_ports(self, config: Config) -> None:
        midi = config.midi
        try:
            # Imported here: it is not needed for the first sound.
            from ddsp_edge.midi.ports import MidiPorts

            ports = MidiPorts(
                self._service.receive,
                self._service.engine.publish,
                api=midi.api,
                network=midi.network or None,
                ignore=midi.ignore,
                off=self._off,
            )
            ports.start()
        except UserError as error:
            self._service.say("midi", str(error))
            return
        self._ports = ports
        self._service.say("midi", "")

    def _stop_ports(self) -> None:
        ports, self._ports = self._ports, None
        if ports is not None:
            ports.stop()

    def midi_ports(self) -> list[dict[str, str]]:
        """What is listened to: port and kind."""
        return self._ports.ports() if self._ports is not None else []

    def all_midi_ports(self) -> list[dict[str, Any]]:
        """Also those that are not heard: port, kind, heard, ignored_by."""
        return self._ports.everything() if self._ports is not None else []

    def ignore_midi(self, names: tuple[str, ...]) -> None:
        """Ports that are not heard, besides those of the config."""
        self._off = names
        if self._ports is not None:
            self._ports.switch_off(names)

    def midi_problem(self) -> str:
        """Why no MIDI is heard."""
        own = self._service.notices.get("midi", "")
        return own or (self._ports.problem if self._ports is not None else "")

    # ---- what is at the feet

    def _start_controls(self, config: Config) -> None:
        from firmware_py.controls import Controls

        service = self._service
        try:
            controls = Controls(
                config.controls,
                service.commands.act,
                self._change,
                lambda: service.engine.settings,
                learns=service.teacher.hear,
            )
            controls.start()
        except UserError as error:
            service.say("controls", str(error))
            return
        with self._lock:
            self._controls = controls
            controls.use(self._mappings, self._learnt)
        service.say("controls", "")

    def _change(self, values: dict[str, Any]) -> None:
        self._service.engine.set(values)

    def _stop_controls(self) -> None:
        with self._lock:
            controls, self._controls = self._controls, None
        if controls is not None:
            controls.stop()

    def use_mappings(self, mappings: tuple[ControlMapping, ...]) -> None:
        """Those of the preset that plays."""
        with self._lock:
            self._mappings = mappings
            self._use()

    def use_learnt(self, mappings: tuple[ControlMapping, ...]) -> None:
        """Those that hold where the preset says nothing."""
        with self._lock:
            self._learnt = mappings
            self._use()

    def _use(self) -> None:
        if self._controls is not None:
            self._controls.use(self._mappings, self._learnt)

    def takes(self, message: mido.Message) -> bool:
        """A controller that is mapped; no instrument should hear it."""
        controls = self._controls
        return controls is not None and controls.midi(message)

    def show(self, states: Mapping[str, bool]) -> None:
        """On lights and relay."""
        controls = self._controls
        if controls is not None:
            controls.show(states)
