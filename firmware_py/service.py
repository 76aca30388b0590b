"""The service on the board: it makes the parts, connects them, watches them and ends them."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import ENVIRONMENT as MODELS_ENVIRONMENT
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.live.events import Event
from ddsp_edge.presets.tuning import read_tuning
from ddsp_edge.settings import Settings
from ddsp_edge.system.atomic_files import remove_partial_files
from firmware_py.band import BandEditor
from firmware_py.commands import Commands
from firmware_py.config import AudioConfig, Config, read_config
from firmware_py.device_overrides import DeviceOverrides
from firmware_py.device_selection import DeviceSelection
from firmware_py.learn.midi_learn import MidiLearn
from firmware_py.learn.store import LearnedMappings
from firmware_py.liveness import Liveness
from firmware_py.notices import Notices
from firmware_py.peripherals import Peripherals
from firmware_py.playback import Playback
from firmware_py.preset_editor import PresetEditor
from firmware_py.sd_notify import SystemdNotifier
from firmware_py.signals import SignalPipe
from firmware_py.socket.server import ControlServer
from firmware_py.source_switch import SourceSwitch
from firmware_py.worker import Worker
from firmware_py.xrun_log import XrunLog

log = logging.getLogger(__name__)

TICK_S = 0.1  #: between looks at the engine, for lights, watchdog and systemd's status
FADE_S = 0.05
STOP_S = 1.0  #: the longest end; the usual one takes a tenth of it
SIGNAL_DBFS = -50.0  #: the input's level from which the light "signal" is on


class Service:
    """Plays from :meth:`run` to SIGTERM. For the main thread.

    Raises UserError where it cannot begin: a config with a mistake, an engine that runs already.
    Whatever else is wrong (no card, a damaged preset, no MIDI, no pins) becomes a notice.
    """

    def __init__(self, config: Config, config_path: Path | None = None) -> None:
        self._config, self._config_path = config, config_path
        os.environ[MODELS_ENVIRONMENT] = str(config.models_folder)  # for the sandbox's process too
        self._notifier, self._liveness = SystemdNotifier(), Liveness()
        overrides = DeviceOverrides(config.state_folder)
        audio, audio_problem = _audio(config, overrides)
        settings = Settings(channel=config.midi.channel)
        engine = LiveEngine(
            audio.card_settings(),
            config.instrument.source,
            settings,
            voices=config.instrument.voices,
        )
        self._engine, self._overrides = engine, overrides
        self._notices = Notices(engine.publish)
        self._notices.report("audio", audio_problem)
        self._xruns = XrunLog(lambda: (engine.stats()["stream"] or {}).get("xruns", 0))
        self._worker = Worker()
        self._peripherals = Peripherals(
            engine,
            self._notices,
            config,
            # What these lead to is made below, from what is made here.
            act=lambda action: self._commands.act(action),
            learn=lambda *touch: self._learn.hear(*touch),
            played=lambda message: self._source_switch.hear(message),
        )
        self._playback = Playback(
            engine, config, self._notices, self._peripherals.use_preset_mappings
        )
        self._band = BandEditor(self._playback, config.instrument.voices)
        self._source_switch = SourceSwitch(engine, self._playback, self._notices, self._worker)
        self._learn = MidiLearn(
            LearnedMappings(config.state_folder),
            self._playback,
            self._peripherals,
            self._notices,
            self._worker.submit,
            engine.publish,
        )
        self._commands = Commands(
            engine=engine,
            config=config,
            playback=self._playback,
            band=self._band,
            presets=PresetEditor(self._playback),
            devices=DeviceSelection(engine, self._peripherals, overrides),
            learn=self._learn,
            peripherals=self._peripherals,
            notices=self._notices,
            submit=self._worker.submit,
            released=self._source_switch.panic,
        )
        control = config.control
        self._server = ControlServer(
            config.socket_path, self._commands, mode=control.mode_bits, group=control.group
        )

    # ---- from start to stop

    def run(self) -> None:
        """Play until SIGTERM or SIGINT; SIGHUP reads the config and the folders again.

        The caller has blocked the signals before any thread began (firmware_py/signals.py).
        """
        signals = SignalPipe()
        signals.open()
        try:
            self._start()
            while True:
                number = signals.wait(self._tick_s())
                if number is None:
                    self._tick()
                elif number == signal.SIGHUP:
                    self._reload()
                else:
                    log.info("%s: fading out", number.name)
                    return
        finally:
            self._stop()
            signals.close()

    def _start(self) -> None:
        # The socket is ours: no other service writes there.
        remove_partial_files(self._config.state_folder, self._config.presets_folder)
        self._engine.subscribe(self._on_event)
        self._engine.start(wait_for_card=True)
        self._tune()
        self._worker.submit(self._playback.restore).result()
        self._worker.submit(self._learn.restore)
        self._server.start()
        self._tell_systemd_what_plays(self._engine.status()["card"])
        self._notifier.ready()
        # A keyboard is looked for after the first sound: nothing has to wait for it.
        try:
            self._peripherals.switch_ports_off(self._overrides.midi_off())
        except UserError as error:
            self._notices.report("midi ports", str(error))
        self._peripherals.start()

    def _tune(self) -> None:
        """Tune the keys as the config says; a damaged file is told and changes nothing."""
        midi, problem = self._config.midi, ""
        try:
            tuning = read_tuning(midi.scale, midi.keyboard_map) if midi.scale else None
            self._worker.submit(self._playback.use_tuning, tuning)
        except UserError as error:
            problem = str(error)
        self._notices.report("scale", problem)

    def _stop(self) -> None:
        # What hangs (a driver, a model that is being loaded) is not waited for.
        late = threading.Timer(STOP_S, _give_up)
        late.daemon = True
        late.start()
        self._notifier.stopping()
        self._worker.stop()
        self._engine.stop(FADE_S)
        self._server.stop()
        self._peripherals.stop()
        late.cancel()

    def _tick_s(self) -> float:
        watched = self._notifier.watchdog_s
        return min(TICK_S, watched / 4) if watched else TICK_S

    def _tick(self) -> None:
        self._learn.poll()
        self._xruns.poll()
        status = self._engine.status()
        self._source_switch.poll(status)
        card = status["card"]
        stalled = self._liveness.stalled(*self._engine.progress(), card["state"] == "running")
        self._notices.report("watchdog", f"{stalled} does not respond" if stalled else "")
        if not stalled:
            self._notifier.alive()
        self._peripherals.show(
            {
                "active": not status["bypass"] and status["model"] is not None,
                "bypass": status["bypass"],
                "tuner": status["tuner"],
                "freeze": status["freeze"],
                "clip": status["input_clip"],
                "signal": status["input_dbfs"] > SIGNAL_DBFS,
                "card": card["state"] == "running",
            }
        )
        self._tell_systemd_what_plays(card)

    def _tell_systemd_what_plays(self, card: Mapping[str, Any]) -> None:
        playing = self._playback.playing()
        words = [f"{playing['preset'] or playing['model']} ({playing['source']})"]
        words.append(f"card {card['state']}: {card['detail']}")
        self._notifier.status("; ".join([*words, *self._notices.texts()]))

    # ---- events

    def _on_event(self, event: Event) -> None:
        """Act on an event of the engine. It runs in the engine's events thread."""
        kind = event["event"]
        if kind == "program":
            bank, program, channel = event["bank"], event["program"], event["channel"]
            # Of each channel the newest: those of a band come together at a song's start.
            kind_of_job = f"program {channel}" if self._playback.now.parts else "program"
            self._worker.newest(kind_of_job, self._play_program, bank, program, channel)
        elif kind == "card":
            log.info("card %s: %s", event["state"], event["detail"])
        elif kind == "fault":
            log.warning("fault (%s): %s", event["what"], event["detail"])
            if event["what"] == "hang":
                self._worker.submit(self._playback.replace_hung, event["model"])
        self._server.publish(event)

    def _play_program(self, bank: int, program: int, channel: int) -> None:
        try:
            self._band.play_program(bank, program, channel)
            self._notices.report("program", "")
        except UserError as error:
            self._notices.report("program", str(error))

    def _reload(self) -> None:
        """Read the config again, on SIGHUP. One with a mistake changes nothing and is reported."""
        self._notifier.reloading()
        try:
            config = read_config(self._config_path)
        except UserError as error:
            self._notices.report("config", str(error))
        else:
            before, self._config = self._config, config
            self._peripherals.change(config)
            self._tune()
            self._worker.submit(self._playback.use_channel, config.midi.channel)
            fixed = ("audio", "instrument", "control")
            changed = [
                f"[{name}]" for name in fixed if getattr(before, name) != getattr(config, name)
            ]
            text = f"{', '.join(changed)} take effect after: systemctl restart ddsp-edge"
            self._notices.report("config", text if changed else "")
        self._worker.submit(self._reload_models)
        self._notifier.ready()

    def _reload_models(self) -> None:
        try:
            self._playback.reload()
            self._notices.report("reload", "")
        except UserError as error:
            self._notices.report("reload", str(error))


def _audio(config: Config, overrides: DeviceOverrides) -> tuple[AudioConfig, str]:
    """The config's [audio] with what was chosen on the box over it, and the problem with that."""
    try:
        return overrides.audio().over(config.audio), ""
    except UserError as error:
        return config.audio, str(error)


def _give_up() -> None:
    log.error("a part does not end within %g s: the service exits without it", STOP_S)
    logging.shutdown()
    os._exit(0)
