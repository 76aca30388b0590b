"""The control socket's verbs and the footswitches' actions: one method for each verb.

Quick ones act at once, in the caller's thread; the others return a Future of the worker's.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import asdict
from functools import partial
from typing import Any, Protocol

import ddsp_edge
from ddsp_edge.api.protocol import MAX_LINE_BYTES, VERSION
from ddsp_edge.api.verbs import MAX_EVENT_RATE_HZ, VERBS
from ddsp_edge.errors import UserError
from ddsp_edge.live.engine import LiveEngine
from ddsp_edge.live.round_trip import LEVEL_DBFS, SWEEP_S, measure
from ddsp_edge.live.test_tone import TONE_DBFS, gains, tone
from ddsp_edge.presets.actions import ACTIONS, Action
from ddsp_edge.settings import SETTINGS, Choice
from ddsp_edge.system.host import Host
from ddsp_edge.system.power import power_off
from ddsp_edge.system.supervised import started_by_systemd
from firmware_py.band import BandEditor
from firmware_py.config import Config
from firmware_py.controls.gestures import TapTempo, vibrato_hz
from firmware_py.device_selection import DeviceSelection
from firmware_py.learn.midi_learn import MidiLearn
from firmware_py.learn.session import USUAL_S, Keep, LearnRequest
from firmware_py.notices import Notices
from firmware_py.peripherals import Peripherals
from firmware_py.playback import Playback
from firmware_py.preset_editor import PresetEditor

log = logging.getLogger(__name__)

#: The part of the status that changes all the time: sent to subscribers at their rate.
METERS = (
    "f0_hz",
    "note",
    "cents",
    "steady",
    "loudness_db",
    "confidence",
    "notes",
    "input_dbfs",
    "output_dbfs",
    "input_clip",
    "output_clip",
    "input_sides_dbfs",
    "output_sides_dbfs",
    "input_sides_clip",
    "output_sides_clip",
    "autofit_s",
)
AUTOFIT_S = (1.0, 60.0)
#: Characters of a notice that another program gives.
MOST_NOTICE = 300

Result = dict[str, Any]


class Submit(Protocol):
    """Runs a job in the worker's thread, see :meth:`firmware_py.worker.Worker.submit`."""

    def __call__(self, job: Callable[..., Any], *arguments: Any) -> Future[Any]: ...


class Commands:
    """Every public method but :meth:`act` and :meth:`watch` is a verb of ddsp_edge/api/verbs.py,
    which says what it does. Any thread may call them; they raise UserError.

    ``released`` is called when panic has released every key.
    """

    def __init__(
        self,
        *,
        engine: LiveEngine,
        config: Config,
        playback: Playback,
        band: BandEditor,
        presets: PresetEditor,
        devices: DeviceSelection,
        learn: MidiLearn,
        peripherals: Peripherals,
        notices: Notices,
        submit: Submit,
        released: Callable[[], None],
    ) -> None:
        self._engine, self._config = engine, config
        self._playback, self._band = playback, band
        self._presets, self._devices, self._learn = presets, devices, learn
        self._peripherals, self._notices, self._submit = peripherals, notices, submit
        self._released = released
        self._tempo, self._tempo_lock = TapTempo(), threading.Lock()
        self._host = Host(config.models_folder)
        self._began_s = time.monotonic()

    def act(self, action: Action) -> None:
        """Carry out a footswitch's action. Raises UserError; what fails later is logged."""
        takes = ACTIONS[action.name].takes
        arguments: dict[str, Any] = {}
        if takes == "switch" and action.argument:
            arguments["on"] = action.argument == "on"
        elif takes == "name":
            arguments["name"] = action.argument
        result = getattr(self, action.name)(**arguments)
        if isinstance(result, Future):
            result.add_done_callback(lambda done: _log_failure(action, done))

    def watch(self) -> tuple[Result, Result]:
        """The two halves of the status that subscribers are sent: (meters, the rest)."""
        status = self.status()
        return {name: status.pop(name) for name in METERS}, status

    # ---- information

    def hello(self) -> Result:
        config = self._config
        return {
            "program": "ddsp-edge",
            "version": ddsp_edge.__version__,
            "protocol": VERSION,
            "pid": os.getpid(),
            "verbs": list(VERBS),
            "max_line_bytes": MAX_LINE_BYTES,
            "max_event_rate_hz": MAX_EVENT_RATE_HZ,
            "models_folder": str(config.models_folder),
            "presets_folder": str(config.presets_folder),
            "restarts": started_by_systemd(),
        }

    def restart(self) -> Result:
        if not started_by_systemd():
            raise UserError("restart: systemd did not start the engine, so nothing would start it")
        os.kill(os.getpid(), signal.SIGTERM)  # as systemd would: fade out, then end
        return {}

    def status(self) -> Result:
        status = self._engine.status()
        return {
            **status,
            "model_name": status["model"],  # the title in the model's own metadata
            **self._playback.playing(),
            "edited": self._playback.edited(),
            "midi_ports": self._peripherals.midi_ports(),
            "learning": self._learn.learning(),
            "warnings": [*status["warnings"], *self._notices.texts()],
        }

    def stats(self) -> Result:
        used = resource.getrusage(resource.RUSAGE_SELF)
        process = {
            "uptime_s": round(time.monotonic() - self._began_s, 1),
            "cpu_s": round(used.ru_utime + used.ru_stime, 2),
            "max_rss_mb": round(used.ru_maxrss / 1024, 1),
        }
        return {**self._engine.stats(), "process": process, "system": self._host.as_json()}

    def mappings(self) -> Result:
        return self._learn.mappings()

    def settings(self) -> Result:
        values = asdict(self._engine.settings)
        return {"settings": {name: _setting(name, value) for name, value in values.items()}}

    def set(self, values: dict[str, Any]) -> Result:
        settings = asdict(self._engine.set(values))
        return {"values": {name: settings[name] for name in values}}

    def models(self) -> Future[Result]:
        return self._submit(_models)

    def devices(self) -> Future[Result]:
        return self._submit(_devices)

    def audio_devices(self) -> Future[Result]:
        return self._submit(self._devices.audio_devices)

    def audio_choose(
        self,
        card: str | None = None,
        capture: str | None = None,
        rate: int | None = None,
        period: int | None = None,
        periods: int | None = None,
        input: str | None = None,
        forget: bool = False,
    ) -> Future[Result]:
        values = {"card": card, "capture": capture, "rate": rate, "period": period}
        values |= {"periods": periods, "input": input}
        return self._submit(partial(self._devices.audio_choose, forget, **values))

    def audio_level(self, direction: str, level: str) -> Future[Result]:
        return self._submit(self._devices.audio_level, direction, level)

    def midi_devices(self) -> Result:
        return self._devices.midi_devices()

    def midi_choose(self, port: str, on: bool) -> Future[Result]:
        return self._submit(self._devices.midi_choose, port, on)

    def usb_gadget(self) -> Future[Result]:
        return self._submit(self._devices.usb_gadget)

    def usb_choose(self, on: bool) -> Future[Result]:
        return self._submit(self._devices.usb_choose, on)

    def midi_ports(self) -> Result:
        return {
            "ports": self._peripherals.midi_ports(),
            "problem": self._peripherals.midi_problem(),
        }

    # ---- what plays

    def model(
        self, name: str | None = None, path: str | None = None, source: str | None = None
    ) -> Future[Result]:
        return self._submit(self._playback.play_model, name, path, source)

    def morph_model(self, name: str | None = None, path: str | None = None) -> Future[Result]:
        return self._submit(self._playback.morph_with, name, path)

    def parts(self) -> Future[Result]:
        return self._submit(self._band.rows)

    def part_set(self, part: int, values: dict[str, Any]) -> Future[Result]:
        return self._submit(self._band.change, part, values)

    def part_add(self, values: dict[str, Any] | None = None) -> Future[Result]:
        return self._submit(self._band.add, values or {})

    def part_remove(self, part: int) -> Future[Result]:
        return self._submit(self._band.remove, part)

    def tuning(self, scale: str = "", keyboard_map: str = "") -> Future[Result]:
        return self._submit(self._playback.tune, scale, keyboard_map)

    def reload(self) -> Future[Result]:
        return self._submit(self._playback.reload)

    def preset(self, name: str) -> Future[Result]:
        return self._submit(self._playback.play_preset, name)

    def preset_next(self) -> Future[Result]:
        return self._submit(self._playback.step, 1)

    def preset_previous(self) -> Future[Result]:
        return self._submit(self._playback.step, -1)

    def program(self, bank: int, program: int) -> Future[Result]:
        return self._submit(self._band.play_program, bank, program)

    # ---- presets and programs

    def presets(self) -> Future[Result]:
        return self._submit(self._presets.list_presets)

    def preset_save(self, name: str | None = None) -> Future[Result]:
        return self._submit(self._presets.save, name)

    def preset_rename(self, name: str, to: str) -> Future[Result]:
        return self._submit(self._presets.rename, name, to)

    def preset_remove(self, name: str) -> Future[Result]:
        return self._submit(self._presets.remove, name)

    def preset_read(self, name: str) -> Future[Result]:
        return self._submit(self._presets.read, name)

    def preset_write(
        self, name: str, preset: dict[str, Any], replace: bool = False
    ) -> Future[Result]:
        return self._submit(self._presets.write, name, preset, replace)

    def preset_order(self, names: list[str]) -> Future[Result]:
        return self._submit(self._presets.order, names)

    def setlist(self, name: str = "") -> Future[Result]:
        return self._submit(self._presets.use_setlist, name)

    def setlist_set(self, name: str, names: list[str]) -> Future[Result]:
        return self._submit(self._presets.set_setlist, name, names)

    def programs(self) -> Future[Result]:
        return self._submit(self._presets.list_programs)

    def program_set(
        self, bank: int, program: int, preset: str | None = None, model: str | None = None
    ) -> Future[Result]:
        return self._submit(self._presets.choose_program, bank, program, preset, model)

    # ---- controls

    def learn(
        self,
        set: str = "",
        action: str = "",
        low: float | None = None,
        high: float | None = None,
        keep: Keep = "device",
        replace: bool = False,
        seconds: float = USUAL_S,
    ) -> Result:
        return self._learn.begin(LearnRequest(set, action, low, high, keep, replace, seconds))

    def learn_cancel(self) -> Result:
        return self._learn.cancel()

    def mapping_add(self, mapping: dict[str, Any]) -> Future[Result]:
        return self._submit(self._learn.add, mapping)

    def mapping_remove(
        self, control: str, set: str = "", action: str = "", keep: str = ""
    ) -> Future[Result]:
        return self._submit(self._learn.remove, control, set, action, keep)

    # ---- the sound

    def panic(self) -> Result:
        self._engine.panic()
        self._released()
        return {}

    def bypass(self, on: bool | None = None) -> Result:
        on = self._other("bypass") if on is None else on
        self._engine.bypass(on)
        self._peripherals.show({"bypass": on, "active": not on})
        return {"bypass": on}

    def tuner(self, on: bool | None = None) -> Result:
        on = self._other("tuner") if on is None else on
        self._engine.tuner(on)
        self._peripherals.show({"tuner": on})
        return {"tuner": on}

    def freeze(self, on: bool | None = None) -> Result:
        on = self._other("freeze") if on is None else on
        self._engine.freeze(on)
        self._peripherals.show({"freeze": on})
        return {"freeze": on}

    def _other(self, switch: str) -> bool:
        return not self._engine.status()[switch]

    def pairing_unlock(self) -> Result:
        self._engine.publish({"event": "pairing_unlock"})  # the panel is another program
        return {}

    def notice(self, text: str = "") -> Result:
        self._notices.report("stick", " ".join(text.split())[:MOST_NOTICE])
        return {}

    def shutdown(self) -> Future[Result]:
        return self._submit(_shutdown)

    def tap(self) -> Result:
        with self._tempo_lock:  # a foot and a phone may tap one tempo together
            tempo_hz = self._tempo.tap(time.monotonic())
        if tempo_hz is None:
            return {"tempo_hz": None}
        self._engine.set({"vibrato_rate": vibrato_hz(tempo_hz)})
        return {"tempo_hz": round(tempo_hz, 3)}

    def autofit(self, seconds: float = 10.0) -> Future[Result]:
        least, most = AUTOFIT_S
        if not least <= seconds <= most:
            raise UserError(f"autofit: {seconds:g} s; choose {least:g} to {most:g}")
        found: Future[Result] = Future()
        self._engine.autofit(seconds).add_done_callback(lambda done: _pass_on(done, found))
        return found

    def test_tone(self, hz: float = 440.0, seconds: float = 2.0, side: str = "both") -> Result:
        answer = {"hz": hz, "seconds": seconds, "side": side, "level_dbfs": TONE_DBFS}
        sides = gains(side)
        if not seconds:
            self._engine.end_test()
        else:
            if self._engine.status()["card"]["state"] != "running":
                raise UserError("test_tone: no sound card runs; see: ddsp-edge status")
            self._engine.test(tone(self._engine.rate, hz, seconds), sides)
        return answer

    def latency(
        self, seconds: float = SWEEP_S, level: float = LEVEL_DBFS, side: str = "both"
    ) -> Future[Result]:
        return self._submit(_latency, self._engine, seconds, level, side)

    def midi(self, bytes: list[int]) -> Result:
        import mido

        try:
            message = mido.Message.from_bytes(bytes)
        except ValueError as error:
            raise UserError(f"midi: {error}; give one whole message") from None
        self._peripherals.receive(message)
        return {}


def _log_failure(action: Action, done: Future[Any]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.warning("%s: %s", action, error)


def _pass_on(done: Future[dict[str, Any]], found: Future[Result]) -> None:
    if done.cancelled():
        found.cancel()
    elif (error := done.exception()) is not None:
        found.set_exception(error)
    else:
        found.set_result({"values": done.result()})


def _setting(name: str, value: Any) -> Result:
    kind = SETTINGS[name]
    row: Result = {"value": value, "default": kind.default, "range": kind.range, "doc": kind.doc}
    if isinstance(kind, Choice):
        return {**row, "choices": list(kind.choices)}
    limits = {"minimum": kind.minimum, "maximum": kind.maximum}
    return {**row, **limits, "unit": kind.unit, "whole": kind.whole}


def _latency(engine: LiveEngine, seconds: float, level: float, side: str) -> Result:
    if engine.status()["card"]["state"] != "running":
        raise UserError("latency: no sound card runs; see: ddsp-edge status")
    try:
        return measure(engine, seconds, level, side)
    except CancelledError:
        raise UserError(
            "latency: another test or a change of the card interrupted it; try again"
        ) from None


def _shutdown() -> Result:
    log.info("the box is shut down, as was asked for")
    power_off()
    return {}


def _models() -> Result:
    from ddsp_edge.library.catalog import entries

    rows = [
        {
            "name": entry.name,
            "origin": entry.origin,
            "problem": entry.problem,
            "metadata": entry.info.as_json() if entry.info else None,
        }
        for entry in entries()
    ]
    return {"models": rows}


def _devices() -> Result:
    # Imported here: a board that only plays never needs it.
    from ddsp_edge.cards.capabilities import choose, list_cards

    cards = list_cards()
    chosen = {}
    for source in ("effect", "synth"):
        found = choose(cards, source == "effect")
        card = found.card.identity.stable_id if found.card else None
        chosen[source] = {"card": card, "reason": found.reason}
    return {"cards": [card.as_json() for card in cards], "chosen": chosen}
