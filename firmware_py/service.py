"""The program on the board: everything is made here, put together, watched and ended."""

from __future__ import annotations

import logging
import os
import resource
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mido

from ddsp_edge.errors import UserError
from ddsp_edge.library.catalog import ENVIRONMENT as MODELS_ENVIRONMENT
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.live.events import Event
from ddsp_edge.presets.mapping import Mapping as ControlMapping
from firmware_py.commands import Commands
from firmware_py.config import Audio, Config, read_config
from firmware_py.device_overrides import Choices
from firmware_py.device_selection import Wiring
from firmware_py.learn.midi_learn import Teacher
from firmware_py.liveness import Heartbeat
from firmware_py.peripherals import Periphery
from firmware_py.playback import Repertoire
from firmware_py.preset_editor import Shelf
from firmware_py.sd_notify import Notifier
from firmware_py.signals import SIGNALS
from firmware_py.socket.server import ControlServer
from firmware_py.worker import Worker

log = logging.getLogger(__name__)

TICK_S = 0.1  #: lights, watchdog, what systemd shows
FADE_S = 0.05
STOP_S = 1.0  #: longest end; usual is a tenth of it
SIGNAL_DBFS = -50.0  #: from here on the input is heard


class Service:
    """Raises UserError where it cannot begin: a bad config, an engine that runs already.

    What can be wrong later (no card, a broken preset, no MIDI, no pins) is said and lived with.
    """

    def __init__(self, config: Config, config_path: Path | None = None) -> None:
        self.config, self._config_path = config, config_path
        os.environ[MODELS_ENVIRONMENT] = str(config.models_folder)  # also for models on trial
        self.notices: dict[str, str] = {}  #: what is wrong, by topic
        self._began_s = time.monotonic()
        self._notifier = Notifier()
        self.choices = Choices(config.state_folder)
        self.engine = LiveEngine(self._audio().card_settings(), config.instrument.source)
        self.worker = Worker()
        self._periphery = Periphery(self)
        self.wiring = Wiring(self, self.choices)
        self.repertoire = Repertoire(self.engine, config, self.say, self._periphery.use_mappings)
        self.shelf = Shelf(self.engine, self.repertoire)
        self.teacher = Teacher(self)
        self.commands = Commands(self)
        self._server = ControlServer(
            config.socket_path,
            self.commands,
            mode=config.control.mode_bits,
            group=config.control.group,
        )
        self._heartbeat = Heartbeat()

    def _audio(self) -> Audio:
        """The config's, and over it what was chosen on the box."""
        try:
            return self.choices.audio().over(self.config.audio)
        except UserError as error:
            log.warning("%s", error)
            self.notices["audio"] = str(error)
            return self.config.audio

    # ---- life

    def run(self) -> None:
        """Play until SIGTERM or SIGINT. SIGHUP reads the config and the folders again.

        All three are blocked by the caller before any thread begins, so that only this meets
        them: one that reaches a thread of a library would end the program.
        """
        try:
            self._start()
            while True:
                got = signal.sigtimedwait(SIGNALS, self._tick_s())
                if got is None:
                    self._tick()
                elif got.si_signo == signal.SIGHUP:
                    self._reload()
                else:
                    log.info("%s: fading out", signal.Signals(got.si_signo).name)
                    return
        finally:
            self._stop()

    def _start(self) -> None:
        self.engine.subscribe(self._on_event)
        self.engine.start(wait_for_card=True)
        self.worker.submit(self.repertoire.restore).result()
        self.worker.submit(self.teacher.restore)
        self._server.start()
        self._say_what_plays()
        self._notifier.ready()
        # A keyboard is looked for after the first sound: nothing has to wait for it.
        try:
            self._periphery.ignore_midi(self.choices.midi_off())
        except UserError as error:
            self.say("midi ports", str(error))
        self._periphery.start(self.config)

    def _stop(self) -> None:
        # What hangs (a driver, a model that is being loaded) is not waited for.
        late = threading.Timer(STOP_S, _give_up)
        late.daemon = True
        late.start()
        self._notifier.stopping()
        self.worker.stop()
        self.engine.stop(FADE_S)
        self._server.stop()
        self._periphery.stop()
        late.cancel()

    def _tick_s(self) -> float:
        watched = self._notifier.watchdog_s
        return min(TICK_S, watched / 4) if watched else TICK_S

    def _tick(self) -> None:
        self.teacher.poll()
        stats = self.engine.stats()
        status = self.engine.status()
        still = self._heartbeat.still(stats, status)
        self.say("heartbeat", f"{still} stands still" if still else "")
        if not still:
            self._notifier.alive()
        card = status["card"]
        self.show(
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
        self._say_what_plays(status)

    def _say_what_plays(self, status: Mapping[str, Any] | None = None) -> None:
        card = (status or self.engine.status())["card"]
        playing = self.repertoire.playing()
        words = [f"{playing['preset'] or playing['model']} ({playing['source']})"]
        words.append(f"card {card['state']}: {card['detail']}")
        self._notifier.status("; ".join([*words, *self.notices.values()]))

    # ---- what the parts tell each other

    def say(self, topic: str, text: str) -> None:
        """Something is wrong, in one line; "": it is well again. Any thread."""
        if self.notices.get(topic, "") == text:
            return
        if text:
            log.warning("%s: %s", topic, text)
            self.notices[topic] = text
        else:
            self.notices.pop(topic, None)
        self.engine.publish({"event": "notice", "topic": topic, "text": text})

    def receive(self, message: mido.Message) -> None:
        """A MIDI message from any port or the control socket. Any thread."""
        channel = self.config.midi.channel
        if channel and getattr(message, "channel", channel - 1) != channel - 1:
            return
        if not self._periphery.takes(message):
            self.engine.midi(message)

    def show(self, states: Mapping[str, bool]) -> None:
        """On the lights at the feet. Any thread."""
        self._periphery.show(states)

    def use_learnt(self, mappings: tuple[ControlMapping, ...]) -> None:
        """What controls do where the preset says nothing. Any thread."""
        self._periphery.use_learnt(mappings)

    def midi_ports(self) -> list[dict[str, str]]:
        """What is listened to."""
        return self._periphery.midi_ports()

    def all_midi_ports(self) -> list[dict[str, Any]]:
        """Also those that are not."""
        return self._periphery.all_midi_ports()

    def ignore_midi(self, names: tuple[str, ...]) -> None:
        """Ports that are not heard, besides those of the config."""
        self._periphery.ignore_midi(names)

    def midi_problem(self) -> str:
        """Why no MIDI is heard; "" where it is."""
        return self._periphery.midi_problem()

    def process_stats(self) -> dict[str, Any]:
        """Of this process."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "uptime_s": round(time.monotonic() - self._began_s, 1),
            "cpu_s": round(used.ru_utime + used.ru_stime, 2),
            "max_rss_mb": round(used.ru_maxrss / 1024, 1),
        }

    def _on_event(self, event: Event) -> None:
        """In the engine's events thread."""
        kind = event["event"]
        if kind == "program":
            bank, program = event["bank"], event["program"]
            self.worker.newest("program", self._play_program, bank, program)
        elif kind == "card":
            log.info("card %s: %s", event["state"], event["detail"])
        elif kind == "fault":
            log.warning("fault (%s): %s", event["what"], event["detail"])
        self._server.publish(event)

    def _play_program(self, bank: int, program: int) -> None:
        try:
            self.repertoire.play_program(bank, program)
            self.say("program", "")
        except UserError as error:
            self.say("program", str(error))

    def _reload(self) -> None:
        """SIGHUP. A config with a mistake changes nothing."""
        self._notifier.reloading()
        try:
            config = read_config(self._config_path)
        except UserError as error:
            self.say("config", str(error))
        else:
            before, self.config = self.config, config
            self._periphery.change(before, config)
            fixed = ("audio", "instrument", "control")
            changed = [
                f"[{name}]" for name in fixed if getattr(before, name) != getattr(config, name)
            ]
            text = f"{', '.join(changed)} take effect after: systemctl restart ddsp-edge"
            self.say("config", text if changed else "")
        self.worker.submit(self._reload_models)
        self._notifier.ready()

    def _reload_models(self) -> None:
        try:
            self.repertoire.reload()
            self.say("reload", "")
        except UserError as error:
            self.say("reload", str(error))


def _give_up() -> None:
    log.error("a part does not end within %g s: the program ends without it", STOP_S)
    logging.shutdown()
    os._exit(0)
