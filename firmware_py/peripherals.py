"""What is plugged into the box besides the sound card: MIDI ports, footswitches and pedals.

The pedal plays on without any of them: what cannot be opened becomes a notice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ddsp_edge.errors import UserError
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.presets.actions import Action
from ddsp_edge.presets.mapping import ControlMapping, Gesture
from firmware_py.config import Config
from firmware_py.notices import Notices

if TYPE_CHECKING:
    import mido

    from ddsp_edge.midi.output import MidiOutput
    from ddsp_edge.midi.ports import MidiPorts
    from firmware_py.controls import ControlDispatcher

log = logging.getLogger(__name__)

#: See :class:`firmware_py.controls.dispatcher.ControlDispatcher`.
Act = Callable[[Action], None]
Learn = Callable[[str, str, Gesture, float], bool]


class Peripherals:
    """Opens MIDI ports and controls, and delivers what they send.

    ``act`` carries out a footswitch's action; ``learn`` sees every control first and returns
    True for what must have no other effect; ``played`` sees every message that the engine is
    given. They are called from several threads and must return soon.

    ``start``, ``change`` and ``stop`` are for the main thread; everything else may be called from
    any thread. ``config`` is the one that holds now.
    """

    def __init__(
        self,
        engine: LiveEngine,
        notices: Notices,
        config: Config,
        *,
        act: Act,
        learn: Learn,
        played: Callable[[mido.Message], None],
    ) -> None:
        self.config = config
        self._engine, self._notices = engine, notices
        self._act, self._learn, self._played = act, learn, played
        self._ports: MidiPorts | None = None
        self._output: MidiOutput | None = None
        self._controls: ControlDispatcher | None = None
        self._preset_mappings: tuple[ControlMapping, ...] = ()
        self._learned_mappings: tuple[ControlMapping, ...] = ()
        self._ports_off: tuple[str, ...] = ()
        self._lock = threading.Lock()  # of the mappings and of the dispatcher that gets them

    def start(self) -> None:
        """Open the controls and the MIDI ports that are present."""
        self._start_controls()
        self._start_ports()
        self._start_output()

    def change(self, config: Config) -> None:
        """Take another config; what it changes is closed and opened again."""
        before, self.config = self.config, config
        if before.controls != config.controls:
            self._stop_controls()
            self._start_controls()
        if before.midi != config.midi:
            self._stop_ports()
            self._start_ports()
            self._stop_output()
            self._start_output()

    def stop(self) -> None:
        """Close controls and ports, which releases every held note."""
        self._stop_controls()
        self._stop_ports()
        self._stop_output()

    # ---- MIDI

    def _start_ports(self) -> None:
        midi = self.config.midi
        try:
            # Imported here: it is not needed for the first sound.
            from ddsp_edge.midi.ports import MidiPorts

            ports = MidiPorts(
                self.receive,
                self._engine.publish,
                api=midi.api,
                network=midi.network or None,
                rtp=midi.rtp or None,
                ignore=midi.ignore,
                off=self._ports_off,
            )
            ports.start()
        except UserError as error:
            self._notices.report("midi", str(error))
            return
        self._ports = ports
        self._notices.report("midi", "")

    def _stop_ports(self) -> None:
        ports, self._ports = self._ports, None
        if ports is not None:
            ports.stop()

    def _start_output(self) -> None:
        """Have a port for what the pedal hears; it is opened when something is sent."""
        from ddsp_edge.midi.output import MidiOutput

        midi = self.config.midi
        self._output = MidiOutput(
            midi.api, midi.out, on_problem=partial(self._notices.report, "midi out")
        )
        self._engine.send_heard(self._output.send)

    def _stop_output(self) -> None:
        self._engine.send_heard(None)
        output, self._output = self._output, None
        if output is not None:
            output.stop()

    def receive(self, message: mido.Message) -> None:
        """A MIDI message from any port or from the control socket.

        A controller or note that is mapped acts as a control and is not played. What is on
        another channel than the setting ``channel`` is no control; the engine drops it too.
        """
        channel = self._engine.settings.channel
        ours = not channel or getattr(message, "channel", channel - 1) == channel - 1
        controls = self._controls
        if ours and controls is not None and controls.midi(message):
            return
        self._engine.midi(message)
        self._played(message)

    def midi_ports(self) -> list[dict[str, str]]:
        """Return the MIDI ports that are heard, each with its name and kind."""
        return self._ports.ports() if self._ports is not None else []

    def all_midi_ports(self) -> list[dict[str, Any]]:
        """Return every MIDI port that is present: port, kind, heard, ignored_by."""
        return self._ports.everything() if self._ports is not None else []

    def switch_ports_off(self, names: tuple[str, ...]) -> None:
        """Set the ports that are not heard, besides those that the config ignores."""
        self._ports_off = names
        if self._ports is not None:
            self._ports.switch_off(names)

    def midi_problem(self) -> str:
        """Return the reason why no MIDI is heard; it is empty where MIDI works."""
        problem = self._notices.text("midi")
        return problem or (self._ports.problem if self._ports is not None else "")

    # ---- footswitches, pedals, lights

    def _start_controls(self) -> None:
        from firmware_py.controls import ControlDispatcher

        try:
            controls = ControlDispatcher(
                self.config.controls,
                self._act,
                self._change_settings,
                lambda: self._engine.settings,
                learn=self._learn,
            )
            controls.start()
        except UserError as error:
            self._notices.report("controls", str(error))
            return
        with self._lock:
            self._controls = controls
            controls.use(self._preset_mappings, self._learned_mappings)
        self._notices.report("controls", "")

    def _change_settings(self, values: dict[str, Any]) -> None:
        self._engine.set(values)

    def _stop_controls(self) -> None:
        with self._lock:
            controls, self._controls = self._controls, None
        if controls is not None:
            controls.stop()

    def use_preset_mappings(self, mappings: tuple[ControlMapping, ...]) -> None:
        """Replace the mappings of the preset that plays."""
        with self._lock:
            self._preset_mappings = mappings
            self._use_mappings()

    def use_learned_mappings(self, mappings: tuple[ControlMapping, ...]) -> None:
        """Replace the learned mappings, which hold where the preset has none."""
        with self._lock:
            self._learned_mappings = mappings
            self._use_mappings()

    def _use_mappings(self) -> None:
        if self._controls is not None:
            self._controls.use(self._preset_mappings, self._learned_mappings)

    def show(self, states: Mapping[str, bool]) -> None:
        """Update lights and the bypass relay; keys as in :data:`firmware_py.controls.config.SHOWS`.

        Keys that are left out stay as they are.
        """
        controls = self._controls
        if controls is not None:
            controls.show(states)
